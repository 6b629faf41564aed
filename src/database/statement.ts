import { prepared } from './prepared.ts';

const PLACEHOLDER = /\$(\d+)/g;

/** A statement whose text never changes, with the order that the values of its parts have. */
export interface Statement<Part extends string> {
  readonly text: string;
  /** The values of all parts in the order of the text. Throws a RangeError when a part has more or fewer than it names. */
  readonly values: (given: Readonly<Record<Part, readonly unknown[]>>) => readonly unknown[];
}

const sizeOf = (text: string): number =>
  Math.max(0, ...[...text.matchAll(PLACEHOLDER)].map(([, index]) => Number(index)));

/**
 * Puts a statement together from parts, once, when the module is loaded. A part is what stands under `with`: one or several
 * `name as (...)`, with parameters of its own from `$1` on; it may look at the rows of parts before it. `result` is what the
 * statement gives.
 *
 * For hot paths: what would be a transaction of several statements becomes one round trip and still happens as a whole or
 * not at all. All parts see the database as it was before; what one of them wrote another sees in its `returning` alone.
 */
export const statementOf = <Part extends string>(
  parts: Readonly<Record<Part, string>>,
  result: string,
): Statement<Part> => {
  const names = Object.keys(parts) as Part[];
  const sizes = names.map((name) => sizeOf(parts[name]));
  let before = 0;
  const texts = names.map((name, position) => {
    const offset = before;
    before += sizes[position] ?? 0;
    return parts[name].replaceAll(PLACEHOLDER, (_found, index: string) => `$${Number(index) + offset}`);
  });
  return {
    text: prepared(`with ${texts.join(', ')}\n${result}`),
    values: (given) =>
      names.flatMap((name, position) => {
        if (given[name].length !== sizes[position])
          throw new RangeError(`Part "${name}" takes ${sizes[position]} values, not ${given[name].length}.`);
        return given[name];
      }),
  };
};
