import type { Clock } from '../clock.ts';

export interface RefreshingSettings {
  /** How long a value counts as fresh. */
  readonly ttlSeconds: number;
  /** How long it goes on to count while it cannot be read again. */
  readonly staleSeconds: number;
  /** How long nothing is tried after a failure, and after a reading that was asked for early. */
  readonly pauseSeconds: number;
}

/**
 * A value that another server holds: kept for a time, read once for all who wait for it, and kept longer while the other server
 * is away. After a failure nobody waits for the server again until the pause is over.
 */
export class Refreshing<T> {
  readonly #read: () => Promise<T>;
  readonly #settings: RefreshingSettings;
  readonly #clock: Clock;
  #value: { readonly of: T; readonly readAt: number } | null = null;
  #failure: { readonly error: unknown; readonly at: number } | null = null;
  #renewedAt: number | null = null;
  #flight: Promise<T> | null = null;

  constructor(read: () => Promise<T>, settings: RefreshingSettings, clock: Clock) {
    this.#read = read;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** The value, fresh if possible. Throws what reading threw when there is none that counts. */
  async get(): Promise<T> {
    if (this.#value !== null && this.#age(this.#value.readAt) < this.#settings.ttlSeconds) return this.#value.of;
    return this.#readOrKeep();
  }

  /**
   * The value read anew although it is fresh, because something in it was missing; at most once in a pause, so that nobody
   * can make the server read as often as they like. Gives null when it is too early.
   */
  async renewed(): Promise<T | null> {
    if (this.#renewedAt !== null && this.#age(this.#renewedAt) < this.#settings.pauseSeconds) {
      return this.#flight === null ? null : this.#readOrKeep();
    }
    this.#renewedAt = this.#now();
    return this.#readOrKeep();
  }

  async #readOrKeep(): Promise<T> {
    const failed = this.#failure;
    const isPausing = failed !== null && this.#age(failed.at) < this.#settings.pauseSeconds;
    if (isPausing) return this.#keep(failed.error);
    try {
      this.#flight ??= this.#start();
      return await this.#flight;
    } catch (error) {
      return this.#keep(error);
    }
  }

  async #start(): Promise<T> {
    try {
      const value = await this.#read();
      this.#value = { of: value, readAt: this.#now() };
      this.#failure = null;
      return value;
    } catch (error) {
      this.#failure = { error, at: this.#now() };
      throw error;
    } finally {
      this.#flight = null;
    }
  }

  #keep(error: unknown): T {
    const kept = this.#value;
    if (kept !== null && this.#age(kept.readAt) < this.#settings.ttlSeconds + this.#settings.staleSeconds)
      return kept.of;
    throw error;
  }

  #age(since: number): number {
    return (this.#now() - since) / 1000;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
