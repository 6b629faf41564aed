import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { TestApp } from './test-app.ts';
import type { GraphqlError } from './test-client.ts';

/** A message of a stream, as it came. */
export interface StreamMessage {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphqlError[];
}

export interface Stream {
  readonly messages: StreamMessage[];
  /** The next message that has not been taken yet; fails after this time. */
  next(withinMs?: number): Promise<StreamMessage>;
  /** Errors with which the operation was refused or ended; null when it just ended. */
  readonly ended: Promise<readonly GraphqlError[] | null>;
  stop(): void;
}

interface Presented {
  /** In connection_init. */
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a connection was closed. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A client of subscriptions: one connection, by the real protocol over a real socket. */
export class Subscriber {
  readonly #client: Client;
  readonly closed: Promise<Closed>;
  /** When it was acknowledged; rejected when it was refused. */
  readonly connected: Promise<void>;

  constructor(app: TestApp, { authorization, headers = {} }: Presented) {
    const closed = Promise.withResolvers<Closed>();
    const connected = Promise.withResolvers<void>();
    connected.promise.catch(() => {});
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers });
      }
    }
    this.closed = closed.promise;
    this.connected = connected.promise;
    this.#client = createClient({
      url: `${app.url.replace('http', 'ws')}/graphql/ws`,
      webSocketImpl: Socket,
      connectionParams: authorization === undefined ? {} : { authorization },
      retryAttempts: 0,
      lazy: false,
      onNonLazyError: () => {},
      on: {
        connected: () => connected.resolve(),
        closed: (event) => {
          const { code, reason } = event as Closed;
          connected.reject(new Error(`closed with ${code} ${reason}`));
          closed.resolve({ code, reason });
        },
      },
    });
    open.add(this);
  }

  /** Begins a stream. */
  follow(query: string, variables: Readonly<Record<string, unknown>> = {}): Stream {
    const messages: StreamMessage[] = [];
    const waiting: ((message: StreamMessage) => void)[] = [];
    const ended = Promise.withResolvers<readonly GraphqlError[] | null>();
    let taken = 0;
    const stop = this.#client.subscribe(
      { query, variables },
      {
        next: (message) => {
          messages.push(message as StreamMessage);
          waiting.shift()?.(message as StreamMessage);
        },
        error: (errors) => ended.resolve(Array.isArray(errors) ? (errors as GraphqlError[]) : null),
        complete: () => ended.resolve(null),
      },
    );
    const next = async (withinMs = 10_000): Promise<StreamMessage> => {
      taken += 1;
      const there = messages[taken - 1];
      if (there !== undefined) return there;
      const late = Promise.withResolvers<StreamMessage>();
      const timer = setTimeout(() => late.reject(new Error('No message came.')), withinMs);
      waiting.push(late.resolve);
      return late.promise.finally(() => clearTimeout(timer));
    };
    return { messages, next, ended: ended.promise, stop };
  }

  close(): void {
    void this.#client.dispose();
    open.delete(this);
  }
}

const open = new Set<Subscriber>();

/** Closes what a test left open. */
export const closeSubscribers = (): void => {
  for (const one of open) one.close();
};

/** Connects with the headers of a client, an Authorization header by connection_init. */
export const subscriberOf = async (
  app: TestApp,
  client: { readonly headers: Readonly<Record<string, string>> },
): Promise<Subscriber> => {
  const { authorization, ...headers } = client.headers;
  const subscriber = new Subscriber(app, authorization === undefined ? { headers } : { authorization, headers });
  await subscriber.connected;
  return subscriber;
};

/** Waits until somebody follows the log here. */
export const followed = async ({ services }: TestApp, readers = 1): Promise<void> => {
  await expect.poll(() => services.auditTail.size, { interval: 5, timeout: 10_000 }).toBe(readers);
};

/** Waits until somebody follows the figures here. */
export const figuresFollowed = async ({ services }: TestApp, followers = 1): Promise<void> => {
  await expect.poll(() => services.liveStats.size, { interval: 5, timeout: 10_000 }).toBe(followers);
};

/** A round of what follows the log, at once, with time for what it found to arrive. */
export const oneRound = async ({ services }: TestApp): Promise<void> => {
  await services.auditTail.round();
  await sleep(80);
};
