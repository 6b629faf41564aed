import { AsyncLocalStorage } from 'node:async_hooks';
import type { OpenSpan } from './span.ts';

/** What is known of the request under way, for log lines and spans of whatever works for it. */
export interface RequestFacts {
  readonly requestId: string;
  /** Of the trace that the request belongs to; null: it came without one, and none is recorded. */
  readonly traceId: string | null;
  /** Name of the operation in the document; null before it is known, and for what has no name. */
  operation: string | null;
  /** query, mutation, subscription. */
  type: string | null;
  /** null: nobody, or not known yet. */
  principalId: string | null;
  /** Code of the first error. */
  code: string | null;
}

interface Scope {
  readonly facts: RequestFacts | null;
  span: OpenSpan | null;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs `work`, and everything that it starts, as a part of the request. */
export const withinRequest = <T>(facts: RequestFacts, span: OpenSpan | null, work: () => T): T =>
  scopes.run({ facts, span }, work);

/** Runs `work` inside the span. */
export const withinSpan = <T>(span: OpenSpan, work: () => T): T => scopes.run({ facts: presentFacts(), span }, work);

/** From here on the span is the present one of everything in this scope: for what is told of a beginning and an end only. */
export const enterSpan = (span: OpenSpan | null): void => {
  const scope = scopes.getStore();
  if (scope !== undefined) scope.span = span;
};

export const presentFacts = (): RequestFacts | null => scopes.getStore()?.facts ?? null;

export const presentSpan = (): OpenSpan | null => scopes.getStore()?.span ?? null;

/** A callback that runs in the scope of whoever made it, wherever it is called: a pool calls it when somebody else is done. */
export const inPresentScope = <Args extends readonly unknown[], T>(
  callback: (...args: Args) => T,
): ((...args: Args) => T) => {
  const scope = scopes.getStore();
  return scope === undefined ? callback : (...args) => scopes.run(scope, () => callback(...args));
};

/** The part of the facts that a log line carries, so that its own words come first. */
export const scopeOfLogLine = (): Readonly<Record<string, string>> => {
  const facts = presentFacts();
  if (facts === null) return {};
  return {
    requestId: facts.requestId,
    ...(facts.traceId === null ? {} : { traceId: facts.traceId }),
    ...(facts.operation === null ? {} : { operation: facts.operation }),
    ...(facts.principalId === null ? {} : { principalId: facts.principalId }),
  };
};
