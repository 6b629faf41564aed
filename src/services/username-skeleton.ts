import { confusables } from './username-confusables.ts';

const textOf = (codes: string): string =>
  String.fromCodePoint(...codes.split('+').map((code) => Number.parseInt(code, 16)));

/** Character and what it looks like. */
const prototypes: ReadonlyMap<string, string> = new Map(
  confusables
    .trim()
    .split(/\s+/u)
    .flatMap((entry) => {
      const [prototype = '', sources = ''] = entry.split('<');
      return sources.split(',').map((source) => [textOf(source), textOf(prototype)] as const);
    }),
);

/** UTS 39 asks for it twice, and it makes ß equal ss and ı equal i, which lower case alone does not. */
const folded = (text: string): string => text.toUpperCase().toLowerCase();

/**
 * What a user name looks like (UTS 39 section 4, skeleton): names that can be mistaken for each other have the same. Letters are
 * folded before and after, because names are compared without regard to case; `i` counts as `l`, as its capital looks like one.
 */
export const skeletonOf = (username: string): string => {
  const parts = Array.from(folded(username.normalize('NFKC')).normalize('NFD'));
  const seen = parts.map((letter) => prototypes.get(letter) ?? letter).join('');
  return folded(seen).normalize('NFD').replaceAll('i', 'l');
};

/**
 * Scripts that belong together in one name (UTS 39 section 5.2, highly restrictive), of those in modern use (UAX 31 table 5).
 * Digits and punctuation belong to every script.
 */
const SCRIPTS: readonly RegExp[] = [
  ...'Arab Armn Beng Cyrl Deva Ethi Geor Grek Gujr Guru Hebr Khmr Knda Laoo Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'
    .split(' ')
    .map((script) => [script]),
  ['Latn', 'Hani', 'Hira', 'Kana'],
  ['Latn', 'Hani', 'Bopo'],
  ['Latn', 'Hani', 'Hang'],
].map(
  (scripts) => new RegExp(`^[\\p{scx=Zyyy}\\p{scx=Zinh}${scripts.map((one) => `\\p{scx=${one}}`).join('')}]*$`, 'u'),
);

/** Written in one script, or in some that belong together: `аdmin` with a Cyrillic letter is not. */
export const isOneScript = (username: string): boolean => SCRIPTS.some((pattern) => pattern.test(username));
