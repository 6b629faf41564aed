import { Session } from 'node:inspector/promises';
import { performance as loop } from 'node:perf_hooks';
import type { Log } from '../log.ts';

/** By then the first requests, for which the load balancer waited, are under way or answered. */
const AFTER_START_MS = 1500;
const LOOK_MS = 5000;
/** Collecting everything stops the process for one or two tenths of a second: this rarely at most, after that of the start. */
const APART_MS = 600_000;
/** Part of the time that the event loop worked, above which the pause is not worth it. */
const IDLE = 0.1;
/** What the heap must have grown by, in bytes. */
const WORTH_IT = 24 * 2 ** 20;

export interface HeapProbe {
  /** Part of the time since it was asked before that the event loop worked, from 0 to 1. */
  utilization(): number;
  /** What V8 holds, in bytes, garbage included. */
  heapBytes(): number;
  collect(): Promise<void>;
}

/**
 * Gives back what is not needed any more while nobody asks for anything: some forty megabytes of text and trees that the schema was
 * made of after the start, and what a burst of connections or an import has left. V8 would keep it until somebody needs the room.
 */
export class IdleGarbage {
  readonly #log: Log;
  readonly #probe: HeapProbe;
  #collectedAt = -Infinity;
  /** What the heap was after the last collection. */
  #needed = 0;

  constructor(log: Log, probe: HeapProbe = new Heap()) {
    this.#log = log;
    this.#probe = probe;
  }

  /** Begins to look; holds no process open. */
  start(): void {
    setTimeout(() => void this.#collect(), AFTER_START_MS).unref();
    setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #look(): void {
    const isIdle = this.#probe.utilization() < IDLE;
    const isDue = performance.now() - this.#collectedAt >= APART_MS;
    if (isIdle && isDue && this.#probe.heapBytes() - this.#needed >= WORTH_IT) {
      this.#collectedAt = performance.now();
      void this.#collect();
    }
  }

  /** Never rejects. */
  async #collect(): Promise<void> {
    try {
      await this.#probe.collect();
    } catch (error) {
      this.#log('warn', 'memory could not be given back', { err: error });
    }
    this.#needed = this.#probe.heapBytes();
  }
}

/** The heap of this process. */
export class Heap implements HeapProbe {
  #before = loop.eventLoopUtilization();

  utilization(): number {
    const now = loop.eventLoopUtilization();
    const { utilization } = loop.eventLoopUtilization(now, this.#before);
    this.#before = now;
    return utilization;
  }

  heapBytes(): number {
    return process.memoryUsage().heapTotal;
  }

  async collect(): Promise<void> {
    const session = new Session();
    session.connect();
    try {
      await session.post('HeapProfiler.collectGarbage');
    } finally {
      session.disconnect();
    }
  }
}
