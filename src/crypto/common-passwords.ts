/**
 * Guessable passwords of at least twelve characters that need no list of leaks: the first thing that dictionary tools try is a
 * common word, a keyboard walk or a number series, repeated, joined, and dressed with digits. This is a rule, not a corpus:
 * it finds the shapes below, and no password that leaked without having one.
 */
const WORDS = `
  password passwort passphrase motdepasse contrasena senha parola pass secret geheim welcome willkommen bienvenue hello login
  access account changeme letmein default admin administrator root superuser user guest test testing demo temp temporary master
  monkey dragon shadow sunshine princess superman batman spiderman pokemon starwars whatever trustno iloveyou loveyou love forever
  football baseball basketball soccer hockey liverpool chelsea arsenal barcelona juventus michael jennifer jessica ashley charlie
  jordan michelle daniel computer internet samsung microsoft google facebook linkedin windows qwerty qwertz azerty asdf zxcv the my
  is spring summer autumn winter january february march april june july august september october november december monday friday
  sunday company office gatehouse
`
  .trim()
  .split(/\s+/u);

/** Rows, columns and zigzags of keyboards and number pads, and the alphabet; each is walked from any key, both ways. */
const WALKS = `
  12345678901234567890 789456123 147258369 abcdefghijklmnopqrstuvwxyz a1b2c3d4e5f6g7h8i9j0 1a2b3c4d5e6f7g8h9i0j
  qwertyuiopasdfghjklzxcvbnm qwertzuiopasdfghjklyxcvbnm azertyuiopqsdfghjklmwxcvbn 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0
  1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p qazwsxedcrfvtgbyhnujmikolp
`
  .trim()
  .split(/\s+/u);

const LEET: Readonly<Record<string, string>> = { '@': 'a', $: 's', '!': 'i', '0': 'o', '1': 'i', '3': 'e', '5': 's' };

const reversed = (text: string): string => Array.from(text).toReversed().join('');

const STEPS = [...WALKS, ...WALKS.map(reversed)];
const SHORTEST_WALK = 3;

/** Length of the longest keyboard walk that begins at `at`; 0 for none. */
const walkAt = (text: string, at: number): number => {
  let longest = 0;
  for (let end = at + SHORTEST_WALK; end <= text.length; end += 1) {
    if (!STEPS.some((walk) => walk.includes(text.slice(at, end)))) {
      break;
    }
    longest = end - at;
  }
  return longest;
};

const wordAt = (text: string, at: number): number =>
  WORDS.reduce((longest, word) => (text.startsWith(word, at) ? Math.max(longest, word.length) : longest), 0);

/** Characters that come after as many equal ones, as in "aaaa". */
const runAt = (text: string, at: number): number => {
  const [run = ''] = /^(.)\1{2,}/u.exec(text.slice(at)) ?? [];
  return run.length;
};

const REPEATED = /^(.{1,8}?)\1+.{0,4}$/u;

/** A year, the commonest ornament of all. */
const yearAt = (text: string, at: number): number => (/^(?:19|20)\d\d$/u.test(text.slice(at, at + 4)) ? 4 : 0);

/** Free characters that a password may keep beside guessable parts and still be called common: a few digits and marks. */
const MOST_UNGUESSABLE = 4;

/** Counts the characters that no word, walk or run explains, reading greedily from the left. */
const unexplained = (text: string): number => {
  let free = 0;
  for (let at = 0; at < text.length;) {
    const length = Math.max(walkAt(text, at), wordAt(text, at), runAt(text, at), yearAt(text, at));
    free += length === 0 ? 1 : 0;
    at += Math.max(length, 1);
  }
  return free;
};

const isGuessable = (text: string): boolean =>
  text !== '' && unexplained(text) <= Math.min(MOST_UNGUESSABLE, Math.floor(text.length / 3));

/** Longer texts have room enough beside any pattern, and reading them would cost time. */
const LONGEST_CONSIDERED = 64;

/** Whether a password is built from what everybody tries first. */
export const isCommonPassword = (password: string): boolean => {
  if (password.length > LONGEST_CONSIDERED) {
    return REPEATED.test(password);
  }
  const plain = password.toLowerCase().replaceAll(/[\s._-]/gu, '');
  const unleet = plain.replaceAll(/[@$!0135]/gu, (character) => LEET[character] ?? character);
  return REPEATED.test(plain) || isGuessable(plain) || isGuessable(unleet);
};
