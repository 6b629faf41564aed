import type { Config } from '../config/config.ts';
import { checkPassword, isPasswordText, type PasswordRule } from '../crypto/password-policy.ts';
import type { Secret } from '../crypto/secret.ts';
import { type Problem, Rejection } from '../errors.ts';

/** Names and addresses of the person, which the password must not contain. */
export interface PersonalData {
  readonly displayName: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly username: string | null;
}

/** The rules that a new password breaks; none = it may be set. */
export const brokenRules = (
  password: Secret<string>,
  person: PersonalData,
  settings: Config['passwords'],
): readonly PasswordRule[] =>
  checkPassword(password.reveal(), {
    minimumLength: settings.minimumLength,
    maximumBytes: settings.maximumBytes,
    personal: [person.displayName, person.email, person.phone, person.username].filter((text) => text !== null),
  });

/** The outcome of a weak password, for the field of the form that held it. */
const weakPassword = (field: string): Problem => ({ code: 'WEAK_PASSWORD', field: [field] });

/** Refuses a new password that is no text of a password (INVALID_VALUE) or breaks a rule (WEAK_PASSWORD, with `violations`). */
export const requireStrongPassword = (
  password: Secret<string>,
  person: PersonalData,
  at: { readonly field: string; readonly settings: Config['passwords'] },
): void => {
  if (!isPasswordText(password.reveal())) throw new Rejection([{ code: 'INVALID_VALUE', field: [at.field] }]);
  const violations = brokenRules(password, person, at.settings);
  if (violations.length > 0) throw new Rejection([weakPassword(at.field)], { violations });
};
