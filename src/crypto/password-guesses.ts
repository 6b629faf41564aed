import { Worker } from 'node:worker_threads';
import { HashQueue } from './hash-queue.ts';
import type { Secret } from './secret.ts';

/** More is never read: time grows faster than length, and what cannot be guessed by then is not made worse by its rest. */
const CONSIDERED_CHARACTERS = 128;

/**
 * A password that takes fewer tries counts as common. Ten to the eighth is where zxcvbn's scale begins to call a password safely
 * unguessable: the list and everything near it (written backwards, in "leet", with a year, two words in a row) lie below, four
 * words chosen by dice far above.
 */
const FEWEST_GUESSES = 1e8;

/** An idle thread ends, and its memory goes back: passwords are set in bursts. */
const IDLE_MS = 30_000;

/** Wide enough for every burst; behind it callers get SERVICE_UNAVAILABLE like those of the hash queue. */
const MOST_WAITING = 256;

interface Running {
  readonly worker: Worker;
  readonly asked: Map<number, PromiseWithResolvers<number>>;
}

/** The worker lies beside this file, as source and in the bundle. */
const workerFile = (): URL =>
  new URL(`./password-guesses.worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/**
 * How many tries somebody needs who knows the common passwords, words, keyboard walks and dates (zxcvbn, with its offline list).
 * Asked in a thread of its own that starts with the first question.
 */
export class PasswordGuesses {
  readonly #queue = new HashQueue({ concurrency: 1, limit: MOST_WAITING });
  readonly #idleMs: number;
  #running: Running | null = null;
  #next = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(options: { readonly idleMs?: number } = {}) {
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  /** Whether the thread is there. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /**
   * Whether the password is common or near to one that is; case and width do not matter. Throws SERVICE_UNAVAILABLE when too many
   * ask at once, and whatever ends the thread.
   */
  async isCommon(password: Secret<string>): Promise<boolean> {
    const text = password.reveal().normalize('NFKC').toLowerCase().slice(0, CONSIDERED_CHARACTERS);
    return (await this.#queue.run(() => this.#ask(text))) < FEWEST_GUESSES;
  }

  /** Ends the thread; the next question starts another. */
  async stop(): Promise<void> {
    const { worker } = this.#running ?? {};
    this.#forget(new Error('The thread that judges passwords was stopped.'));
    await worker?.terminate();
  }

  async #ask(text: string): Promise<number> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#running ??= this.#start();
    const { worker, asked } = this.#running;
    const question = Promise.withResolvers<number>();
    this.#next += 1;
    asked.set(this.#next, question);
    // While somebody waits the process must not end for lack of other work.
    worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, only a window has
    worker.postMessage({ id: this.#next, text });
    try {
      return await question.promise;
    } finally {
      worker.unref();
      this.#idle = setTimeout(() => void this.stop(), this.#idleMs).unref();
    }
  }

  #start(): Running {
    // No flags of the process (test runners and debuggers have some that threads refuse), and nothing of its environment.
    const worker = new Worker(workerFile(), { execArgv: [], env: {}, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    const running: Running = { worker, asked: new Map() };
    worker.on('message', ({ id, guesses }: { readonly id: number; readonly guesses: number }) => {
      running.asked.get(id)?.resolve(guesses);
      running.asked.delete(id);
    });
    const end = (error: Error): void => {
      if (this.#running === running) this.#forget(error);
    };
    worker.on('error', end);
    worker.on('exit', (code) => end(new Error(`The thread that judges passwords ended with ${code}.`)));
    return running;
  }

  #forget(error: Error): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    const asked = this.#running?.asked ?? new Map<number, PromiseWithResolvers<number>>();
    this.#running = null;
    for (const { reject } of asked.values()) reject(error);
  }
}
