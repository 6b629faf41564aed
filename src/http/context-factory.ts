import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authentication, RequestAuthenticator } from '../auth/authenticate.ts';
import { identityOf, type MakeLoaders } from '../auth/identity.ts';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { presentFacts } from '../telemetry/request-scope.ts';
import { addressesOf } from './client-address.ts';
import { cookieName, deviceCookie, deviceCookieName, presentedCookie, sessionCookie } from './session-cookie.ts';

/** User agents are kept for the list of sessions; longer ones are cut. */
const MAXIMUM_USER_AGENT = 500;

/** What a context is made with. */
export interface ContextParts {
  readonly config: Config;
  readonly instruments: Pick<Instruments, 'authentications'>;
  readonly authenticator: RequestAuthenticator;
  readonly loaders: MakeLoaders;
  /** Whether administrators' operations are served on the way that a request came. */
  readonly servesAdministration: (request: FastifyRequest) => boolean;
}

/** Makes the context of a request: who calls, from where, with loaders of their own. Throws UNAUTHENTICATED for bad tokens. */
export const contextFactory = (parts: ContextParts) => {
  const { config, authenticator, loaders, instruments, servesAdministration } = parts;
  const name = cookieName(config);
  const deviceName = deviceCookieName(config);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<Context & { csrfMissing: boolean }> => {
    const csrfHeader = request.headers['x-csrf-token'];
    const from = { ...addressesOf(request), userAgent: userAgentOf(request), requestId: request.id };
    const presented = {
      authorization: request.headers.authorization,
      cookie: presentedCookie(request, name),
      csrfHeader: typeof csrfHeader === 'string' ? csrfHeader : undefined,
    };
    const { authenticated, csrfToken, csrfMissing } = await counted(instruments, presented, () =>
      authenticator.authenticate({ ...presented, ...from }),
    );
    const own = identityOf(authenticated, { ...from, administration: servesAdministration(request) }, loaders);
    const facts = presentFacts();
    if (facts !== null) facts.principalId = own.principal?.userId ?? null;
    return {
      ...own,
      own,
      began: null,
      requestId: request.id,
      csrfToken,
      csrfMissing,
      live: null,
      cookie: sessionCookie(reply, name),
      deviceCookie: deviceCookie(request, reply, deviceName),
    };
  };
};

/** Counts what was presented, and whether somebody stood behind it. */
const counted = async (
  { authentications }: ContextParts['instruments'],
  { authorization, cookie }: { readonly authorization: string | undefined; readonly cookie: string | undefined },
  authenticate: () => Promise<Authentication>,
): Promise<Authentication> => {
  const presented = authorization === undefined ? (cookie === undefined ? 'none' : 'cookie') : 'bearer';
  try {
    const authentication = await authenticate();
    authentications.add(presented, authentication.authenticated === null ? 'nobody' : 'accepted');
    return authentication;
  } catch (error) {
    authentications.add(presented, 'refused');
    throw error;
  }
};

/** The program of the client as it calls itself; null when it does not. */
export const userAgentOf = (request: FastifyRequest): string | null => {
  const text = request.headers['user-agent']?.slice(0, MAXIMUM_USER_AGENT);
  return text === undefined || text === '' ? null : text;
};
