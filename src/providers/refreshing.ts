import type { Dated } from '../cache/cache-entries.ts';
import type { Clock } from '../clock.ts';

export interface RefreshingSettings {
  /** How long a value counts as fresh. */
  readonly ttlSeconds: number;
  /** How long it goes on to count while it cannot be read again. */
  readonly staleSeconds: number;
  /** How long nothing is tried after a failure. */
  readonly retrySeconds: number;
  /** How long nothing is read early again after that was asked for. */
  readonly pauseSeconds: number;
}

/**
 * A value that another server holds: kept for a time, read once for all who wait for it, and kept longer while the other server
 * is away. After a failure nobody waits for the server again until it was given a moment, and whoever can do with what is kept not at
 * all: it is read beside them.
 */
export class Refreshing<T> {
  readonly #read: (early: boolean) => Promise<Dated<T>>;
  readonly #settings: RefreshingSettings;
  readonly #clock: Clock;
  #value: Dated<T> | null = null;
  #isForgotten = false;
  #failure: { readonly error: unknown; readonly at: number } | null = null;
  #renewedAt: number | null = null;
  #flight: Promise<T> | null = null;

  /** `read` is told whether somebody wants it read early: what is known elsewhere then does not do. */
  constructor(read: (early: boolean) => Promise<Dated<T>>, settings: RefreshingSettings, clock: Clock) {
    this.#read = read;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** The value, fresh if possible. Throws what reading threw when there is none that counts. */
  async get(): Promise<T> {
    const known = this.#value;
    if (known !== null && !this.#isForgotten && this.#ageOf(known) < this.#settings.ttlSeconds) return known.value;
    return this.#readOrKeep(false);
  }

  /** The value is no longer fresh; it goes on to count while it cannot be read again. */
  forget(): void {
    this.#isForgotten = true;
    this.#failure = null;
  }

  /**
   * The value read anew although it is fresh, because something in it was missing; at most once in a pause, so that nobody
   * can make the server read as often as they like. Gives null when it is too early.
   */
  async renewed(): Promise<T | null> {
    if (this.#renewedAt !== null && this.#age(this.#renewedAt) < this.#settings.pauseSeconds) {
      return this.#flight === null ? null : this.#readOrKeep(true);
    }
    this.#renewedAt = this.#now();
    return this.#readOrKeep(true);
  }

  async #readOrKeep(early: boolean): Promise<T> {
    const failed = this.#failure;
    const isPausing = failed !== null && this.#age(failed.at) < this.#settings.retrySeconds;
    if (isPausing) return this.#keep(failed.error);
    this.#flight ??= this.#start(early || this.#isForgotten);
    try {
      if (failed !== null && !early && this.#isKept()) {
        this.#flight.catch(() => undefined); // what failed is kept as the failure
        return this.#keep(failed.error);
      }
      return await this.#flight;
    } catch (error) {
      return this.#keep(error);
    }
  }

  async #start(early: boolean): Promise<T> {
    try {
      this.#value = await this.#read(early);
      this.#isForgotten = false;
      this.#failure = null;
      return this.#value.value;
    } catch (error) {
      this.#failure = { error, at: this.#now() };
      throw error;
    } finally {
      this.#flight = null;
    }
  }

  #keep(error: unknown): T {
    if (this.#value !== null && this.#isKept()) return this.#value.value;
    throw error;
  }

  /** There is a value that counts while it cannot be read again. */
  #isKept(): boolean {
    const { ttlSeconds, staleSeconds } = this.#settings;
    return this.#value !== null && this.#ageOf(this.#value) < ttlSeconds + staleSeconds;
  }

  #ageOf({ at }: Dated<T>): number {
    return this.#age(at.getTime());
  }

  #age(since: number): number {
    return (this.#now() - since) / 1000;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
