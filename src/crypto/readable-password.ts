import { randomInt } from 'node:crypto';
import { Secret } from './secret.ts';

/** Letters that are not taken for one another when a password is read from a screen or told over the telephone. */
const CONSONANTS = 'bdfghjkmnprstvwz';
const VOWELS = 'aeou';
const SYLLABLES_PER_WORD = 3;
const MINIMUM_WORDS = 4;

const letterOf = (letters: string): string => letters.charAt(randomInt(letters.length));

const word = (): string =>
  Array.from({ length: SYLLABLES_PER_WORD }, () => letterOf(CONSONANTS) + letterOf(VOWELS)).join('');

/**
 * A random password that a person can read and type: words like `kudare-mofeno-sabelu-tarove`, 6 bits for each syllable, so
 * at least 72 bits and 27 characters.
 */
export const generateReadablePassword = (minimumLength = 0): Secret<string> => {
  const words = Array.from({ length: MINIMUM_WORDS }, word);
  while (words.join('-').length < minimumLength) words.push(word());
  return new Secret(words.join('-'));
};
