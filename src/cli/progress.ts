import type { Terminal } from './terminal.ts';

const WIDTH = 24;
const LIVE_MS = 200;
/** Where no screen is, a line now and then tells a log that the command is alive. */
const LOGGED_MS = 30_000;

const whole = new Intl.NumberFormat('en');

const duration = (seconds: number): string => {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
};

/** How far a long command is: a bar, how many were done, how many a second, and how long it still takes. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #now: () => number;
  readonly #began: number;
  #shown: number;
  #first: { readonly share: number; readonly count: number } | null = null;

  /** `what` is counted: "lines". `now` gives milliseconds that only grow. */
  constructor(terminal: Terminal, what: string, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#what = what;
    this.#now = now;
    this.#began = now();
    this.#shown = now() - (terminal.showsProgress ? LIVE_MS : 0);
  }

  /** `share` from 0 to 1 of the whole; `count` so far. Shown a few times a second at most. */
  at(share: number, count: number): void {
    const now = this.#now();
    // Where a resumed command begins costs nothing, and must not count as speed.
    this.#first ??= { share, count };
    if (now - this.#shown < (this.#terminal.showsProgress ? LIVE_MS : LOGGED_MS)) return;
    this.#shown = now;
    const text = this.#textOf({ share, count, first: this.#first, seconds: (now - this.#began) / 1000 });
    if (this.#terminal.showsProgress) this.#terminal.progress(text);
    else this.#terminal.note(text);
  }

  /** Takes the bar away; gives the number of seconds that all took. */
  end(): number {
    this.#terminal.progress(null);
    return (this.#now() - this.#began) / 1000;
  }

  #textOf(facts: { share: number; count: number; first: { share: number; count: number }; seconds: number }): string {
    const { share, count, first, seconds } = facts;
    const full = Math.round(Math.min(1, share) * WIDTH);
    const rate = seconds > 0 ? (count - first.count) / seconds : 0;
    const speed = seconds > 0 ? (share - first.share) / seconds : 0;
    const left = speed > 0 ? `, ${duration((1 - share) / speed)} left` : '';
    const bar = `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}]`;
    return `${bar} ${Math.floor(share * 100)} %, ${whole.format(count)} ${this.#what}, ${whole.format(Math.round(rate))}/s${left}`;
  }
}
