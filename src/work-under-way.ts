import { setTimeout as sleep } from 'node:timers/promises';
import type { Rounds } from './telemetry/background-work.ts';

/** Work of a background job that nobody waits for. A failure of it (the database is away) is made good by the next look of the job. */
export class WorkUnderWay {
  readonly #rounds: Rounds;
  readonly #running = new Set<Promise<unknown>>();

  constructor(rounds: Rounds) {
    this.#rounds = rounds;
  }

  /** Remembers the work; gives its result, null when it failed. Never rejects. */
  track<T>(work: Promise<T>): Promise<T | null> {
    const watched = this.#rounds.follow(work);
    this.#running.add(watched);
    void watched.finally(() => this.#running.delete(watched));
    return watched;
  }

  /** Waits until all of it is done, but not longer than this. */
  async settled(atMostMs: number): Promise<void> {
    const timer = new AbortController();
    const late = sleep(atMostMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#running), late]);
    timer.abort();
  }
}

/** Waits for work, but not for long; its failure is nobody's business any more. False: it goes on. */
export const within = async (atMostMs: number, work: Promise<unknown>): Promise<boolean> => {
  const timer = new AbortController();
  const late = sleep(atMostMs, false, { signal: timer.signal, ref: false }).catch(() => false);
  const done = work.then(
    () => true,
    () => true,
  );
  const isDone = await Promise.race([done, late]);
  timer.abort();
  return isDone;
};
