import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Count, type Figure, Gauge } from './figures.ts';
import { presentFacts, presentSpan, type RequestFacts } from './request-scope.ts';

/** One kind of unforeseen error: where it arises, how often, and one example without personal data. */
export interface TrackedError {
  /** The same for errors of one class from one place, in every replica of one release. */
  readonly fingerprint: string;
  readonly type: string;
  readonly count: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** Of the latest one. */
  readonly sample: {
    readonly message: string;
    readonly frames: readonly string[];
    readonly operation: string | null;
    readonly requestId: string | null;
    readonly traceId: string | null;
  };
}

/** Where unforeseen errors are told. This process keeps them in memory; another adapter could send them to a service. */
export interface ErrorSink {
  track(error: unknown, where?: { readonly code?: string }): TrackedError;
}

const MAXIMUM_KINDS = 200;
const MAXIMUM_MESSAGE = 300;
const FRAMES = 5;

/** What may name or locate a person, or be a secret: quoted texts, addresses, and whatever is long or has digits. */
const PERSONAL = [
  /"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g,
  /\([^()]*\)=\([^()]*\)/g,
  /[^\s@]+@[^\s@]+/g,
  /\b(?:https?|postgres(?:ql)?|rediss?|smtps?):\/\/\S+/g,
  /\b[\w+/=-]{24,}\b/g,
  /\b[\da-f]*\d[\da-f:.-]*\b/gi,
];

const withoutPersonal = (message: string): string =>
  PERSONAL.reduce((text, form) => text.replace(form, '…'), message.split('\n', 1)[0] ?? '').slice(0, MAXIMUM_MESSAGE);

/** `at work (/srv/dist/main.js:10:5)` as `work (dist/main.js:10:5)`: where a release is installed is no part of the error. */
const framesOf = (error: Error): readonly string[] =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at ') && !line.includes('node:internal'))
    .slice(0, FRAMES)
    .map((line) =>
      line
        .trim()
        .slice('at '.length)
        .replace(/(?:file:\/\/)?[^\s()]*\/((?:src|dist|node_modules)\/)/, '$1'),
    );

const placeOf = (facts: RequestFacts | null) => ({
  operation: facts?.operation ?? null,
  requestId: facts?.requestId ?? null,
  traceId: facts?.traceId ?? null,
});

/** The same for errors of one class from one place; without a stack, for those that say the same. */
const fingerprintOf = (name: string, message: string, frames: readonly string[]): string =>
  createHash('sha256')
    .update([name, ...(frames.length === 0 ? [message] : frames.slice(0, 3))].join('\n'))
    .digest('hex')
    .slice(0, 12);

/**
 * Groups unforeseen errors by class and place. Bounded: of more than two hundred kinds the one that was silent for longest is
 * forgotten. Kept by each replica for itself, until it stops.
 */
export class ErrorTracker implements ErrorSink {
  readonly #clock: Clock;
  /** In the order of their last occurrence. */
  readonly #kinds = new Map<string, TrackedError>();
  readonly #count = new Count({
    name: 'gatehouse_errors_total',
    help: 'Errors that nobody foresaw, by the code that the client was told; none = outside of a request.',
    labels: ['code'],
    zeros: [['INTERNAL_SERVER_ERROR'], ['none']],
    maximumSeries: 20,
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get figures(): readonly Figure[] {
    return [
      this.#count,
      new Gauge(
        { name: 'gatehouse_error_kinds', help: 'Different errors that nobody foresaw since the start.' },
        () => this.#kinds.size,
      ),
    ];
  }

  /** The latest first. */
  get errors(): readonly TrackedError[] {
    return [...this.#kinds.values()].toReversed();
  }

  /** Notes an error and gives its kind. Never throws. */
  track(error: unknown, { code = 'none' }: { readonly code?: string } = {}): TrackedError {
    this.#count.add(code);
    const known = error instanceof Error ? error : new Error('Something that is no Error was thrown.');
    const frames = framesOf(known);
    const message = withoutPersonal(known.message);
    const fingerprint = fingerprintOf(known.name, message, frames);
    const now = this.#clock.now();
    const before = this.#kinds.get(fingerprint);
    const tracked: TrackedError = {
      fingerprint,
      type: known.name,
      count: (before?.count ?? 0) + 1,
      firstSeenAt: before?.firstSeenAt ?? now,
      lastSeenAt: now,
      sample: { message, frames, ...placeOf(presentFacts()) },
    };
    this.#kinds.delete(fingerprint);
    this.#kinds.set(fingerprint, tracked);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MAXIMUM_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
    presentSpan()?.fail(code, known);
    return tracked;
  }
}
