import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { Secret } from '../crypto/secret.ts';
import type { NetworkLimits } from '../limits/network-limits.ts';
import type { Caller } from '../services/caller.ts';
import type { FinishedSignIn, ProviderSignInService } from '../services/provider-sign-in.service.ts';
import { addressesOf, clientAddress } from './client-address.ts';
import { userAgentOf } from './context-factory.ts';
import { cookieName, deviceCookie, deviceCookieName, presentedCookie, sessionCookie } from './session-cookie.ts';

const MAXIMUM_PARAMETER = 4096;

/** What a guess at somebody else's sign-in leads to; the others are mistakes and refusals. */
const isGuess = (finished: FinishedSignIn): boolean =>
  'error' in finished && ['TOKEN_INVALID', 'TOKEN_USED', 'SUBJECT_TOKEN_INVALID'].includes(finished.error);

interface ProviderRoutes {
  readonly config: Config;
  readonly providerSignIn: ProviderSignInService;
  readonly networkLimits: NetworkLimits;
}

/** A parameter; null when it is absent, empty when it is repeated or longer than any that is meant. */
const parameter = (request: FastifyRequest, name: string): string | null => {
  const { query } = request;
  if (typeof query !== 'object' || query === null || !Object.hasOwn(query, name)) return null;
  const value: unknown = Reflect.get(query, name);
  return typeof value === 'string' && value.length <= MAXIMUM_PARAMETER ? value : '';
};

/** Nobody who is signed in already: a redirect sign-in is always a new one. */
const stranger = (request: FastifyRequest): Caller => ({
  principal: null,
  account: null,
  session: null,
  apiKey: null,
  impersonatorLabel: null,
  position: null,
  ...addressesOf(request),
  userAgent: userAgentOf(request),
  requestId: request.id,
  administration: false,
});

/** What the page at the target learns, in the fragment, which no server logs. */
const fragmentOf = (finished: FinishedSignIn): string => {
  if ('error' in finished) return `#${new URLSearchParams({ error: finished.error }).toString()}`;
  const { outcome } = finished;
  if (outcome.step === 'COMPLETE') return '';
  const { token, expiresAt } = outcome.challenge;
  return `#${new URLSearchParams({ step: outcome.step, challenge: token, expiresAt: expiresAt.toISOString() }).toString()}`;
};

/**
 * `/auth/external/start` sends a browser to an issuer, `/auth/external/callback` takes it back. The callback is the one GET
 * that uses something up: the protocol wants it so (OpenID Connect Core section 3.1.2.5). It needs the state that was begun,
 * the cookie of the browser that began it, and a code of the issuer; it answers with a redirect whatever happens.
 */
export const providerRoutes: FastifyPluginAsync<ProviderRoutes> = async (
  app,
  { config, providerSignIn, networkLimits },
) => {
  const name = cookieName(config);
  const browserCookieName = `${name}-sign-in`;

  app.get('/auth/external/start', { exposeHeadRoute: false }, async (request, reply) => {
    await networkLimits.begun(clientAddress(request));
    const begun = await providerSignIn.begin({
      issuer: parameter(request, 'issuer'),
      redirect: parameter(request, 'redirect'),
      browser: presentedCookie(request, browserCookieName) ?? null,
    });
    sessionCookie(reply, browserCookieName).set(begun.browser, begun.expiresAt);
    return reply.redirect(begun.location, 303);
  });

  app.get('/auth/external/callback', { exposeHeadRoute: false }, async (request, reply) => {
    const device = deviceCookie(request, reply, deviceCookieName(config));
    const caller = stranger(request);
    const answer = {
      state: parameter(request, 'state'),
      code: parameter(request, 'code'),
      error: parameter(request, 'error'),
      issuer: parameter(request, 'iss'),
      browser: presentedCookie(request, browserCookieName) ?? null,
    };
    const deviceToken = device.presented === null ? null : new Secret(device.presented);
    const client = { clientName: null, deviceName: null, deviceToken };
    const finished = await networkLimits.tried(
      caller.ipAddress,
      () => providerSignIn.finish(caller, answer, client),
      isGuess,
    );
    if ('outcome' in finished && finished.outcome.step === 'COMPLETE') {
      const { cookie, deviceCookie: made } = finished.outcome.started;
      if (cookie !== null) sessionCookie(reply, name).set(cookie.token, cookie.expiresAt);
      if (made !== null) device.set(made.token, made.expiresAt);
    }
    return reply.redirect(`${finished.target}${fragmentOf(finished)}`, 303);
  });
};
