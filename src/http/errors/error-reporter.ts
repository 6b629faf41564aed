import { GraphQLError } from 'graphql';

/** An error that a client was not told about: write it into the log. */
export interface ErrorReport {
  readonly error: unknown;
  readonly code: 'INTERNAL_SERVER_ERROR' | 'SERVICE_UNAVAILABLE';
  readonly requestId: string | null;
  /** Where in a GraphQL answer the error arose, as `users.nodes.3.groups`; null elsewhere. */
  readonly path: string | null;
}

export type ReportError = (report: ErrorReport) => void;

/** What was thrown, out of the GraphQL errors that say where; its own `cause` stays inside for the log. */
const thrownOf = (error: unknown): unknown => {
  let current = error;
  while (current instanceof GraphQLError && current.originalError !== undefined) current = current.originalError;
  return current;
};

/**
 * Knows which request an error belongs to, and reports each error once for a request: one failed batch
 * of a dataloader fails a hundred fields with one and the same error.
 */
export class ErrorReporter {
  readonly #report: ReportError;
  readonly #requestIds = new WeakMap<object, string>();
  readonly #reported = new WeakMap<object, string | null>();

  constructor(report: ReportError) {
    this.#report = report;
  }

  attribute(error: unknown, requestId: string): void {
    if (typeof error === 'object' && error !== null) this.#requestIds.set(error, requestId);
  }

  requestIdOf(error: unknown): string | null {
    return typeof error === 'object' && error !== null ? (this.#requestIds.get(error) ?? null) : null;
  }

  once(error: unknown, code: ErrorReport['code'], path: string | null): void {
    const requestId = this.requestIdOf(error);
    const cause = thrownOf(error);
    if (typeof cause === 'object' && cause !== null) {
      if (this.#reported.has(cause) && this.#reported.get(cause) === requestId) return;
      this.#reported.set(cause, requestId);
    }
    this.#report({ error: cause, code, requestId, path });
  }
}
