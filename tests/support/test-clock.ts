import type { Clock } from '../../src/clock.ts';

/** A clock that stands still until it is turned. Begins at the real time, so that certificates and partitions fit. */
export class TestClock implements Clock {
  #now = new Date(Math.floor(Date.now() / 1000) * 1000);

  now(): Date {
    return new Date(this.#now);
  }

  advance(seconds: number): void {
    this.#now = new Date(this.#now.getTime() + seconds * 1000);
  }
}
