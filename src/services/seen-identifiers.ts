import { hash } from 'node:crypto';

const FULL = 0.6;

/** Three numbers of 32 bits for each: the halves of the hash, and the line, 0 for a free place. */
const WIDTH = 3;

/**
 * In which line of a file a text stood before: a table of hashes of 64 bits, 12 bytes for each place. With a million texts, the
 * chance that any two of them have the same hash is one in thirty million.
 */
export class SeenIdentifiers {
  #table = new Uint32Array(WIDTH * 4096);
  #count = 0;

  /** The line in which the text stood; null when it was not added. */
  lineOf(text: string): number | null {
    const line = this.#table[placeOf(this.#table, hashOf(text)) + 2] ?? 0;
    return line === 0 ? null : line;
  }

  /** Notes a text that is not there yet. */
  add(text: string, line: number): void {
    if (this.#count > (this.#table.length / WIDTH) * FULL) this.#grow();
    const halves = hashOf(text);
    this.#table.set([...halves, line], placeOf(this.#table, halves));
    this.#count += 1;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#table.length * 2);
    for (let at = 0; at < this.#table.length; at += WIDTH) {
      const [high = 0, low = 0, line = 0] = this.#table.subarray(at, at + WIDTH);
      if (line !== 0) larger.set([high, low, line], placeOf(larger, [high, low]));
    }
    this.#table = larger;
  }
}

type Halves = readonly [high: number, low: number];

const hashOf = (text: string): Halves => {
  const digest = hash('sha256', text, 'buffer');
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
};

/** Where the hash stands, or the free place where it belongs. */
const placeOf = (table: Uint32Array, [high, low]: Halves): number => {
  const places = table.length / WIDTH;
  for (let at = high % places; ; at = (at + 1) % places) {
    const place = at * WIDTH;
    if (table[place + 2] === 0 || (table[place] === high && table[place + 1] === low)) return place;
  }
};
