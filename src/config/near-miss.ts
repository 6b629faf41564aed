type Row = readonly number[];

const at = (row: Row, column: number): number => row[column] ?? Number.POSITIVE_INFINITY;

/** The costs of turning the first `row` letters of one word into every beginning of the other, from the two rows before. */
const nextRow = (words: readonly [string, string], row: number, before: readonly [Row, Row]): Row => {
  const [left, right] = words;
  const [beforeLast, last] = before;
  const current = [row];
  for (let column = 1; column <= right.length; column += 1) {
    const replaced = at(last, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1);
    const swaps = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
    const swapped = swaps ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY;
    current[column] = Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced, swapped);
  }
  return current;
};

/**
 * Number of insertions, deletions, replacements and swaps of neighbours between two words (Damerau-Levenshtein, restricted).
 * Stops as soon as it must exceed `limit`: every variable of the process is compared with every setting.
 */
const distance = (left: string, right: string, limit: number): number => {
  let beforeLast: Row = [];
  let last: Row = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = nextRow([left, right], row, [beforeLast, last]);
    if (Math.min(...current) > limit && Math.min(...last) >= limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
};

/** The known word that was probably meant: at most `allowed` typing mistakes and a third of the word away; null when none is. */
export const nearest = (word: string, known: Iterable<string>, allowed: number): string | null => {
  let best: string | null = null;
  let bestDistance = Math.min(allowed, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const found = distance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (found < bestDistance) [best, bestDistance] = [candidate, found];
  }
  return best;
};
