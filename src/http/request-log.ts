import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { LogLevel } from '../config/settings-server.ts';
import type { RequestFacts } from '../telemetry/request-scope.ts';

interface RequestLogSettings {
  readonly enabled: boolean;
  /** Level of the entries. */
  readonly level: LogLevel;
  /** What is known of a request; null: nothing, it never got as far as a route. */
  readonly factsOf: (request: FastifyRequest) => RequestFacts | null;
}

/**
 * One entry per request, at its end: id, method, path, status, duration, and for GraphQL the operation's name and type, the
 * principal's id and the first error's code. Never the query of the address, headers or bodies: they hold tokens, variables
 * and personal data.
 */
export class RequestLog extends LogController {
  readonly #level: LogLevel;
  readonly #factsOf: RequestLogSettings['factsOf'];

  constructor({ enabled, level, factsOf }: RequestLogSettings) {
    super({ disableRequestLogging: !enabled, requestIdLogLabel: 'requestId' });
    this.#level = level;
    this.#factsOf = factsOf;
  }

  /** The end says everything that the beginning could. */
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (this.isLogDisabled(request)) return;
    const entry = {
      method: request.method,
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      ...writtenOf(this.#factsOf(request)),
    };
    if (error !== null && error !== undefined) reply.log.warn({ ...entry, err: error }, 'request broken off');
    else if (this.#level !== 'silent') reply.log[this.#level](entry, 'request completed');
  }
}

/** What is not known is left out, but for whoever asked: nobody is an answer to that. */
const writtenOf = (facts: RequestFacts | null): Readonly<Record<string, unknown>> => {
  if (facts === null) return {};
  const { requestId, traceId, principalId, operation, type, code } = facts;
  return {
    requestId,
    principalId,
    ...(traceId === null ? {} : { traceId }),
    ...(operation === null ? {} : { operation }),
    ...(type === null ? {} : { type }),
    ...(code === null ? {} : { code }),
  };
};
