import type { ApolloServerPlugin } from '@apollo/server';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/** What the log says of the operation that a request carried. */
interface Facts {
  principalId: string | null;
  operation?: string;
  type?: string;
  code?: string;
}

/** The part of a request's context that is logged. */
export interface LoggedContext {
  readonly principal: { readonly userId: string } | null;
  /** One object per request, by which its context is known: Apollo hands its plugins copies of the context. */
  readonly caller: object;
}

/** GraphQL names have no largest length; a log line has. */
const MAXIMUM_NAME = 64;

/**
 * One entry per request, at its end: id, method, path, status, duration, and for GraphQL the operation's name and type, the
 * principal's id and the first error's code. Never the query of the address, headers or bodies: they hold tokens, variables
 * and personal data.
 */
export class RequestLog extends LogController {
  readonly #facts = new WeakMap<FastifyRequest, Facts>();
  readonly #ofCaller = new WeakMap<object, Facts>();

  constructor({ enabled }: { readonly enabled: boolean }) {
    super({ disableRequestLogging: !enabled, requestIdLogLabel: 'requestId' });
  }

  /** Ties the context of an operation to the request that is logged. */
  began(request: FastifyRequest, context: LoggedContext): void {
    const facts: Facts = { principalId: context.principal?.userId ?? null };
    this.#facts.set(request, facts);
    this.#ofCaller.set(context.caller, facts);
  }

  /** Notes what ran; must be among Apollo's plugins. */
  plugin(): ApolloServerPlugin<LoggedContext> {
    return {
      requestDidStart: async () => ({
        willSendResponse: async ({ contextValue, operation, operationName, response }) => {
          const facts = this.#ofCaller.get(contextValue.caller);
          if (facts === undefined) return;
          // the name that the document has, not any text that the request gives
          if (operation !== undefined && operationName != null) facts.operation = operationName.slice(0, MAXIMUM_NAME);
          if (operation !== undefined) facts.type = operation.operation;
          const result = response.body.kind === 'single' ? response.body.singleResult : null;
          const code = result?.errors?.[0]?.extensions?.['code'];
          if (typeof code === 'string') facts.code = code;
        },
      }),
    };
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
      ...this.#facts.get(request),
    };
    if (error === null || error === undefined) reply.log.info(entry, 'request completed');
    else reply.log.warn({ ...entry, err: error }, 'request broken off');
  }
}
