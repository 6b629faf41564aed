import { type Clock, secondsAfter } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { lastComputed } from '../entities/stats-series.queries.ts';
import { Failure } from '../errors.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import { reachOf } from '../permissions/may.ts';
import type { SignedInCaller } from './caller.ts';
import { EventQueue } from './event-queue.ts';
import type { StatsReader, StatsView } from './stats-reader.ts';

/** How often it is asked whether figures were computed anew, and how long a reading is shared. */
const ROUND_MS = 1000;
const MINIMUM_INTERVAL_SECONDS = 5;

/** Somebody who wants to know figures as they are computed. */
interface Follower {
  readonly queue: EventQueue<StatsOccurrence>;
  readonly intervalSeconds: number;
  readonly occurrence: StatsOccurrence;
  /** There are figures that it was not told of yet. */
  isOwed: boolean;
}

/** That a subscriber may be told figures, before it was decided which. */
export interface StatsOccurrence {
  /** It lies in the queue: one is enough, however many rounds of figures pass meanwhile. */
  waits: boolean;
  /** Of the figures that the subscriber was told last, and when that was. */
  computedAt: number | null;
  toldAt: Date;
}

/**
 * Tells subscribers figures as they are computed, in whichever replica that was: one statement a second asks when it was last, for all of
 * them together, and none while there are none. Whoever has the same reach and asks of the same organization shares a reading for a second.
 */
export class LiveStats {
  readonly #database: Database;
  readonly #reader: StatsReader;
  readonly #clock: Clock;
  readonly #rounds: Rounds;
  readonly #followers = new Set<Follower>();
  readonly #readings = new Map<string, Promise<StatsView | null>>();
  /** When figures were last computed, as the database writes it; null while nobody follows. */
  #computedAt: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #asking: Promise<unknown> | null = null;

  constructor(parts: { database: Database; statsReader: StatsReader; clock: Clock; background: BackgroundWork }) {
    this.#database = parts.database;
    this.#reader = parts.statsReader;
    this.#clock = parts.clock;
    const failed = 'nobody could say whether there are new figures; the next round tries again';
    this.#rounds = parts.background.rounds('streams', failed);
  }

  /** How many are told of new figures. */
  get size(): number {
    return this.#followers.size;
  }

  /**
   * The figures as they are, then whenever they were computed anew, but not more often than this. Whoever does not keep up is told the
   * newest alone. Throws BAD_USER_INPUT for less than five seconds.
   */
  updates(intervalSeconds: number): EventQueue<StatsOccurrence> {
    if (intervalSeconds < MINIMUM_INTERVAL_SECONDS) {
      throw new Failure('BAD_USER_INPUT', `At least ${MINIMUM_INTERVAL_SECONDS} seconds.`, {
        limit: 'intervalSeconds',
        minimum: MINIMUM_INTERVAL_SECONDS,
      });
    }
    const queue = new EventQueue<StatsOccurrence>({ limit: 1, onEnd: () => this.#leave(follower) });
    const occurrence = { waits: false, computedAt: null, toldAt: this.#clock.now() };
    const follower: Follower = { queue, intervalSeconds, occurrence, isOwed: false };
    this.#followers.add(follower);
    this.#timer ??= setInterval(() => void this.round(), ROUND_MS).unref();
    this.#tell(follower);
    return queue;
  }

  /**
   * The figures as the caller may see them now; null when there is nothing to tell: the organization is out of reach, or these are the ones
   * that the subscriber was told last. Throws BAD_USER_INPUT as the query does.
   */
  async figuresFor(
    caller: SignedInCaller,
    occurrence: StatsOccurrence,
    organizationId: string | null,
  ): Promise<StatsView | null> {
    occurrence.waits = false;
    const view = await this.#shared(caller, organizationId);
    if (view === null || view.computedAt.getTime() === occurrence.computedAt) return null;
    occurrence.computedAt = view.computedAt.getTime();
    occurrence.toldAt = this.#clock.now();
    return view;
  }

  /** Asks whether figures were computed anew, and tells whoever is due; by itself once a second. */
  async round(): Promise<void> {
    // Also while the database does not answer: what was read before is told to nobody who asks later.
    this.#readings.clear();
    this.#asking ??= this.#rounds.follow(this.#ask()).finally(() => {
      this.#asking = null;
    });
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const [row] = await this.#database.query<{ computed_at: string }>(lastComputed);
    const before = this.#computedAt;
    if (this.#followers.size === 0) return;
    this.#computedAt = row?.computed_at ?? null;
    if (this.#computedAt !== before) {
      this.#readings.clear();
      for (const follower of this.#followers) follower.isOwed = true;
    }
    const now = this.#clock.now();
    for (const follower of this.#followers) {
      if (follower.isOwed && isDue(follower, now)) this.#tell(follower);
    }
  }

  #tell(follower: Follower): void {
    const { occurrence, queue } = follower;
    if (occurrence.waits) return;
    occurrence.waits = true;
    follower.isOwed = false;
    queue.push(occurrence);
  }

  #leave(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.#followers.size > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#computedAt = null;
    this.#readings.clear();
  }

  #shared(caller: SignedInCaller, organizationId: string | null): Promise<StatsView | null> {
    const reach = reachOf(caller.principal, 'view:stats', this.#clock.now());
    const key = JSON.stringify([organizationId, reach]);
    const present = this.#readings.get(key);
    if (present !== undefined) return present;
    const reading = this.#read(caller, organizationId);
    this.#readings.set(key, reading);
    return reading;
  }

  async #read(caller: SignedInCaller, organizationId: string | null): Promise<StatsView | null> {
    try {
      return await this.#reader.read(caller, { interval: 'DAY', organizationId });
    } catch (error) {
      if (error instanceof Failure && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }
}

/** A clock that was put back makes nobody wait for it to catch up. */
const isDue = ({ occurrence: { toldAt }, intervalSeconds }: Follower, now: Date): boolean =>
  now < toldAt || now >= secondsAfter(toldAt, intervalSeconds);
