import { Failure } from '../errors.ts';

/** Conditions of one statement, and-ed, with their parameters numbered as they come. */
export class Conditions {
  readonly #texts: string[] = [];
  readonly #values: unknown[];

  /** `values` are the parameters, which several conditions of one statement may share. */
  constructor(values: unknown[] = []) {
    this.#values = values;
  }

  /** Adds a condition whose `?` stand for the values, in their order. */
  add(text: string, ...values: readonly unknown[]): void {
    let index = this.#values.length;
    this.#texts.push(
      text.replaceAll('?', () => {
        index += 1;
        return `$${index}`;
      }),
    );
    this.#values.push(...values);
  }

  /** Adds a condition whose parameters are numbered already, on from the values that are there. */
  addRaw(text: string, values: readonly unknown[]): void {
    this.#texts.push(text);
    this.#values.push(...values);
  }

  get text(): string {
    return this.#texts.length === 0 ? 'true' : this.#texts.join(' and ');
  }

  get values(): readonly unknown[] {
    return this.#values;
  }
}

/**
 * What is looked for, in the form in which texts are stored. Its case is for SQL to take away, by the `lower` that the searched text went
 * through: JavaScript has another one for some letters. Throws BAD_USER_INPUT outside 2 to 100 characters.
 */
export const searchText = (search: string): string => {
  const text = search.normalize('NFC').trim();
  const length = Array.from(text).length;
  if (length < 2 || length > 100 || text.includes('\0')) {
    throw new Failure('BAD_USER_INPUT', 'A search has 2 to 100 characters.', {
      limit: 'search',
      minimum: 2,
      maximum: 100,
    });
  }
  return text;
};

/** A LIKE pattern for "contains", the text's own wildcards taken literally. Throws as `searchText` does. */
export const likePattern = (search: string): string =>
  `%${searchText(search).replaceAll(/[\\%_]/g, (wildcard) => `\\${wildcard}`)}%`;
