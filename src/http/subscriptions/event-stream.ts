import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  locatedError,
} from 'graphql';
import type { Context } from '../../context.ts';
import { SlowConsumer } from '../../services/event-queue.ts';

/** What a source of events may say of itself. */
interface Source extends AsyncIterator<unknown> {
  /** When the event that was read last was published, in milliseconds of `performance.now()`. */
  readonly publishedAt?: number;
  /** Its events are told to whoever subscribed, though they are nobody any more: the end of a session. */
  readonly outlivesSession?: boolean;
  /** To be called when more waits than may: the last message may be stuck on its way to a client that does not read. */
  onOverflow?: () => void;
}

export interface StreamParts {
  /** The context of the caller as they are now, read since then; null when their session is over. */
  readonly contextSince: (since: number) => Promise<Context | null>;
  readonly formatted: (errors: readonly GraphQLError[]) => readonly GraphQLFormattedError[];
  readonly onOpen: () => void;
  readonly onEnd: () => void;
  readonly onSent: () => void;
  readonly onSlow: () => void;
}

/** As it goes to the client. */
export interface Delivered {
  readonly data?: ExecutionResult['data'];
  readonly errors?: readonly GraphQLFormattedError[];
}

/** The root field was refused or broke: what comes after could be lost unnoticed, so that the stream ends there. */
const endsStream = (result: ExecutionResult): boolean =>
  (result.errors ?? []).some(({ path }) => (path?.length ?? 0) <= 1);

/** There is nothing in it for this subscriber. */
const isSilent = ({ data, errors }: ExecutionResult): boolean =>
  errors === undefined && data !== null && data !== undefined && Object.values(data).every((value) => value === null);

/**
 * The messages of one subscription. Each event is executed in a context of its own, made of what the caller is and may do at that moment;
 * one that is not for them comes out as null and is not sent. Written by hand because a generator cannot be ended while it waits for the next event.
 */
class EventStream implements AsyncGenerator<Delivered, void, void> {
  readonly #source: Source;
  readonly #args: ExecutionArgs;
  readonly #parts: StreamParts;
  #ended = false;
  #closed = false;

  constructor(source: Source, args: ExecutionArgs, parts: StreamParts) {
    this.#source = source;
    this.#args = args;
    this.#parts = parts;
    source.onOverflow = () => parts.onSlow();
    parts.onOpen();
  }

  async next(): Promise<IteratorResult<Delivered, void>> {
    while (!this.#ended) {
      const event = await this.#nextEvent();
      if (event === null) break;
      const result = await this.#told(event.value);
      if (result !== null && !this.#ended) return { value: result, done: false };
    }
    return this.return();
  }

  async return(): Promise<IteratorResult<Delivered, void>> {
    if (!this.#closed) this.#parts.onEnd();
    this.#closed = true;
    this.#ended = true;
    await this.#source.return?.();
    return { value: undefined, done: true };
  }

  throw(): Promise<IteratorResult<Delivered, void>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #nextEvent(): Promise<{ readonly value: unknown } | null> {
    try {
      const { value, done } = await this.#source.next();
      return done === true ? null : { value };
    } catch (error) {
      if (!(error instanceof SlowConsumer)) throw error;
      this.#parts.onSlow();
      return null;
    }
  }

  /** The message of an event; null: there is none for this subscriber. */
  async #told(rootValue: unknown): Promise<Delivered | null> {
    const since = this.#source.publishedAt ?? performance.now();
    const contextValue =
      this.#source.outlivesSession === true
        ? (this.#args.contextValue as Context)
        : await this.#parts.contextSince(since).catch((error: unknown) => failure(error));
    if (contextValue === null) {
      this.#ended = true;
      return null;
    }
    const result =
      'failed' in contextValue ? contextValue.failed : await execute({ ...this.#args, rootValue, contextValue });
    if (isSilent(result)) return null;
    const { data, errors } = result;
    if (endsStream(result)) this.#ending();
    else this.#parts.onSent();
    return {
      ...(data === undefined ? {} : { data }),
      ...(errors === undefined ? {} : { errors: this.#parts.formatted(errors) }),
    };
  }

  /** The present message is the last one. */
  #ending(): void {
    void this.#source.return?.();
  }
}

/** Nobody could say who the caller is. */
const failure = (error: unknown): { readonly failed: ExecutionResult } => ({
  failed: { errors: [locatedError(error, null)] },
});

/** Begins the stream of an admitted operation; an answer with errors when the source refuses. */
export const openStream = async (args: ExecutionArgs, parts: StreamParts): Promise<EventStream | Delivered> => {
  const source: unknown = await createSourceEventStream(args);
  if (isIterable(source)) return new EventStream(source[Symbol.asyncIterator](), args, parts);
  return { errors: parts.formatted((source as ExecutionResult).errors ?? []) };
};

const isIterable = (value: unknown): value is { [Symbol.asyncIterator](): Source } =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
