import type { Clock } from '../clock.ts';
import type { CacheName } from './cache-table.ts';

export type CacheOutcome = 'hit' | 'miss' | 'error';

export type CacheCounts = Readonly<Record<CacheOutcome, number>>;

const SLICE_MS = 30_000;
/** Slices that the ratio looks back on: five minutes. */
const SLICES = 10;

interface Slice {
  readonly number: number;
  hits: number;
  misses: number;
}

/** How often caches knew an answer: since the start, and of late. */
export class CacheCounters {
  readonly #clock: Clock;
  readonly #totals = new Map<CacheName, Record<CacheOutcome, number>>();
  #slices: Slice[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(name: CacheName, outcome: CacheOutcome): void {
    const totals = this.#totals.get(name) ?? { hit: 0, miss: 0, error: 0 };
    totals[outcome] += 1;
    this.#totals.set(name, totals);
    if (outcome === 'error') return;
    const slice = this.#slice();
    if (outcome === 'hit') slice.hits += 1;
    else slice.misses += 1;
  }

  /** Since the start of the process. */
  get totals(): ReadonlyMap<CacheName, CacheCounts> {
    return this.#totals;
  }

  /** Hits of the last five minutes, 0 to 1; null when nobody asked. */
  get hitRatio(): number | null {
    const oldest = this.#number() - SLICES;
    let [hits, asked] = [0, 0];
    for (const slice of this.#slices) {
      if (slice.number <= oldest) continue;
      hits += slice.hits;
      asked += slice.hits + slice.misses;
    }
    return asked === 0 ? null : hits / asked;
  }

  #slice(): Slice {
    const number = this.#number();
    const last = this.#slices.at(-1);
    if (last?.number === number) return last;
    const slice = { number, hits: 0, misses: 0 };
    this.#slices = [...this.#slices.filter((one) => one.number > number - SLICES), slice];
    return slice;
  }

  #number(): number {
    return Math.floor(this.#clock.now().getTime() / SLICE_MS);
  }
}
