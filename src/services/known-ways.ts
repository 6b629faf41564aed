import type { CacheCounters } from '../cache/cache-counters.ts';
import { WAYS_SECONDS } from '../cache/cache-table.ts';
import { type Clock, wasWithin } from '../clock.ts';
import type { WaysToMembers, WayToMembers } from '../entities/users-by-age.queries.ts';

/** Parts of the tree that are remembered; the one that was learned first makes room. */
const MOST = 1000;

/**
 * Which way pages within a part of the tree went to their people. It says nothing of who they are: when the tree or its people have
 * become other ones meanwhile, a page is found slower, never wrong.
 */
export class KnownWays implements WaysToMembers {
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  readonly #ways = new Map<string, { readonly way: WayToMembers; readonly at: Date }>();

  constructor(parts: { clock: Clock; counters: CacheCounters }) {
    this.#clock = parts.clock;
    this.#counters = parts.counters;
  }

  of(reach: readonly string[]): WayToMembers | null {
    const known = this.#ways.get(keyOf(reach));
    const isKnown = known !== undefined && wasWithin(known.at, WAYS_SECONDS * 1000, this.#clock.now());
    this.#counters.count('ways', isKnown ? 'hit' : 'miss');
    return isKnown ? known.way : null;
  }

  learn(reach: readonly string[], way: WayToMembers): void {
    const key = keyOf(reach);
    this.#ways.delete(key);
    this.#ways.set(key, { way, at: this.#clock.now() });
    if (this.#ways.size > MOST) for (const oldest of this.#ways.keys()) return void this.#ways.delete(oldest);
  }
}

const keyOf = (reach: readonly string[]): string => reach.toSorted().join();
