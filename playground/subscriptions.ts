import { createClient } from 'graphql-ws';
import type { GraphQLAnswer, GraphQLRequest } from './client.ts';

/** How a connection ended, in words; the codes are in docs/subscriptions.md. Without a stack, which the answer's window would print. */
const reasonOf = (error: unknown): Error => {
  if (error instanceof Error) return error;
  const words = error instanceof CloseEvent ? `${error.code} ${error.reason}`.trim() : JSON.stringify(error);
  const ended = new Error(`The connection ended: ${words}.`);
  delete ended.stack;
  return ended;
};

const authorizationOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];

/**
 * Follows a subscription over a connection of its own, until one side ends it. The session cookie says who follows, or a bearer token
 * among the caller's headers. No generator: `return` has to end it at once, also while the next message is waited for.
 */
export const follow = (
  { query, variables, operationName }: GraphQLRequest,
  headers: Readonly<Record<string, string>>,
): AsyncIterableIterator<GraphQLAnswer> => {
  const authorization = authorizationOf(headers);
  const client = createClient({
    url: `${window.location.origin.replace(/^http/, 'ws')}/graphql/ws`,
    retryAttempts: 0,
    ...(authorization === undefined ? {} : { connectionParams: { authorization } }),
  });
  const messages = client.iterate<GraphQLAnswer['data']>({
    query,
    ...(operationName == null ? {} : { operationName }),
    ...(variables == null ? {} : { variables: variables as Record<string, unknown> }),
  });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      messages.next().catch((error: unknown) => {
        throw reasonOf(error);
      }) as Promise<IteratorResult<GraphQLAnswer>>,
    return: async () => {
      await messages.return?.();
      return { done: true, value: undefined };
    },
  };
};
