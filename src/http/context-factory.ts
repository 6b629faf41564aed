import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestAuthenticator } from '../auth/authenticate.ts';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import type { Loaders } from '../loaders/loaders.ts';
import { type SignedInCaller, signedInCaller } from '../services/caller.ts';
import { clientAddress } from './client-address.ts';
import { cookieName, deviceCookie, deviceCookieName, presentedCookie, sessionCookie } from './session-cookie.ts';

/** User agents are kept for the list of sessions; longer ones are cut. */
const MAXIMUM_USER_AGENT = 500;

/** What a context is made with. */
export interface ContextParts {
  readonly config: Config;
  readonly authenticator: RequestAuthenticator;
  readonly loaders: (caller: SignedInCaller, assignments: readonly Assignment[]) => Loaders;
}

/** Makes the context of a request: who calls, from where, with loaders of their own. Throws UNAUTHENTICATED for bad tokens. */
export const contextFactory = ({ config, authenticator, loaders }: ContextParts) => {
  const name = cookieName(config);
  const deviceName = deviceCookieName(config);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<Context & { csrfMissing: boolean }> => {
    const csrfHeader = request.headers['x-csrf-token'];
    const ipAddress = clientAddress(request);
    const { authenticated, csrfToken, csrfMissing } = await authenticator.authenticate({
      authorization: request.headers.authorization,
      cookie: presentedCookie(request, name),
      csrfHeader: typeof csrfHeader === 'string' ? csrfHeader : undefined,
      ipAddress,
    });
    const caller = {
      principal: authenticated?.principal ?? null,
      account: authenticated?.account ?? null,
      session: authenticated?.session ?? null,
      apiKey: authenticated?.apiKey ?? null,
      impersonatorLabel: authenticated?.impersonatorLabel ?? null,
      ipAddress,
      userAgent: userAgentOf(request),
      requestId: request.id,
    };
    const assignments = authenticated?.assignments ?? [];
    return {
      principal: caller.principal,
      caller,
      assignments,
      loaders: caller.principal === null ? null : loaders(signedInCaller(caller), assignments),
      requestId: request.id,
      csrfToken,
      csrfMissing,
      cookie: sessionCookie(reply, name),
      deviceCookie: deviceCookie(request, reply, deviceName),
    };
  };
};

/** The program of the client as it calls itself; null when it does not. */
export const userAgentOf = (request: FastifyRequest): string | null => {
  const text = request.headers['user-agent']?.slice(0, MAXIMUM_USER_AGENT);
  return text === undefined || text === '' ? null : text;
};
