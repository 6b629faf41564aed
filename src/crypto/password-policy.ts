import { isCommonPassword } from './common-passwords.ts';

/** The rules a password can break, named as the schema's enum. HISTORY is checked where earlier hashes are at hand. */
export type PasswordRule = 'BREACH_LIST' | 'HISTORY' | 'MAX_BYTES' | 'MIN_LENGTH' | 'PERSONAL_DATA';

export interface PasswordPolicy {
  /** Fewest Unicode code points. */
  readonly minimumLength: number;
  /** Most bytes in UTF-8. */
  readonly maximumBytes: number;
  /** The person's names, addresses, user name and phone number. */
  readonly personal: readonly string[];
}

const CONTROL = /\p{Cc}/u;

/**
 * Whether the text can be a password at all. Control characters are not typed but pasted by accident (and NUL ends strings in
 * older systems); a lone surrogate has no UTF-8, so that different passwords would hash alike. Callers answer INVALID_VALUE.
 */
export const isPasswordText = (password: string): boolean => password.isWellFormed() && !CONTROL.test(password);

const codePoints = (text: string): number => Array.from(text).length;

/** Personal parts shorter than this occur in innocent passwords. */
const SHORTEST_PART = 4;

/** Folds case, width and accents away: "José" and "jose" are one name. */
const fold = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** The last label of a domain is nobody's name. */
const withoutTopLevel = (text: string): string => text.replace(/(@.*)\.[^.@]*$/u, '$1');

const personalParts = (personal: readonly string[]): readonly string[] =>
  personal
    .flatMap((text) => [text.trim(), ...withoutTopLevel(text).split(/[^\p{L}\p{M}\p{N}]+/u)])
    .map(fold)
    .filter((part) => codePoints(part) >= SHORTEST_PART);

const containsPersonal = (password: string, personal: readonly string[]): boolean => {
  const folded = fold(password);
  return personalParts(personal).some((part) => folded.includes(part));
};

/**
 * The rules that a new password breaks; empty when it is fine. Length and characters of one kind are all that is asked for: rules
 * of composition make passwords worse (NIST SP 800-63B). Both the text as typed and its NFKC form, which is hashed, must
 * keep length and size: one character can become eighteen there.
 */
export const checkPassword = (password: string, policy: PasswordPolicy): readonly PasswordRule[] => {
  if (password.length > policy.maximumBytes) {
    return ['MAX_BYTES'];
  }
  const forms = [...new Set([password, password.normalize('NFKC')])];
  const broken: PasswordRule[] = [];
  if (forms.some((form) => codePoints(form) < policy.minimumLength)) {
    broken.push('MIN_LENGTH');
  }
  if (forms.some((form) => Buffer.byteLength(form, 'utf8') > policy.maximumBytes)) {
    broken.push('MAX_BYTES');
  }
  if (forms.some((form) => isCommonPassword(form))) {
    broken.push('BREACH_LIST');
  }
  if (containsPersonal(password, policy.personal)) {
    broken.push('PERSONAL_DATA');
  }
  return broken;
};
