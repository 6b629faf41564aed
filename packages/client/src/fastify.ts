import { TokenRefused } from './caller.ts';
import { type Decisions, DecisionUnavailable } from './decision-client.ts';
import { Denied, Guard } from './guard.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** The parts of Fastify that are used, so that this package depends on no version of it. */
interface FastifyLike {
  decorateRequest(name: 'guard', value: null): unknown;
  addHook(name: 'onRequest', hook: (request: RequestLike, reply: ReplyLike) => Promise<unknown>): unknown;
}

interface RequestLike {
  readonly headers: { readonly authorization?: string | undefined };
  guard: Guard | null;
}

interface ReplyLike {
  code(status: number): ReplyLike;
  header(name: string, value: string): ReplyLike;
  send(body: unknown): unknown;
}

/**
 * Gives every request a `guard`. A bad token is answered with 401 and `WWW-Authenticate` (RFC 6750 section 3) before any handler runs;
 * without one the guard's caller is null. When the keys cannot be fetched: 503.
 */
export const guardRequests = (
  app: unknown,
  { verifier, decisions }: { readonly verifier: TokenVerifier; readonly decisions: Decisions },
): void => {
  const server = app as FastifyLike;
  server.decorateRequest('guard', null);
  server.addHook('onRequest', async (request, reply) => {
    try {
      request.guard = new Guard(await verifier.verifyHeader(request.headers.authorization), decisions);
      return undefined;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      if (error.reason === 'keys-unavailable')
        return reply.code(503).header('retry-after', '1').send(bodyOf('temporarily_unavailable', error.message));
      const challenge = `Bearer error="invalid_token", error_description="${error.message}"`;
      return reply.code(401).header('www-authenticate', challenge).send(bodyOf('invalid_token', error.message));
    }
  });
};

/** The HTTP status of an error of the guard; null for any other error. */
export const statusOf = (error: unknown): number | null =>
  error instanceof Denied || error instanceof DecisionUnavailable ? error.statusCode : null;

const bodyOf = (error: string, message: string): object => ({ error, error_description: message });
