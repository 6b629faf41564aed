import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import type { DeviceCookie, SessionCookie } from '../context.ts';

/**
 * The name of the session cookie. `__Host-` binds it to this very host over TLS (RFC 6265bis section 4.1.3.2); plain-http
 * loopback, where browsers refuse that prefix, gets a name of its own.
 */
export const cookieName = (config: Config): string =>
  config.server.baseUrl.startsWith('https:') ? '__Host-gatehouse' : 'gatehouse';

/** The name of the cookie that recognises the device: it outlives sessions and proves nothing by itself. */
export const deviceCookieName = (config: Config): string => `${cookieName(config)}-device`;

/** Reads a cookie of a request. */
export const presentedCookie = (request: FastifyRequest, name: string): string | undefined => request.cookies[name];

const attributesOf = (name: string) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure: name.startsWith('__Host-') }) as const;

/** Reads and sets the device cookie. */
export const deviceCookie = (request: FastifyRequest, reply: FastifyReply, name: string): DeviceCookie => ({
  presented: presentedCookie(request, name) ?? null,
  set: (token, expiresAt) => {
    void reply.setCookie(name, token.reveal(), { ...attributesOf(name), expires: expiresAt });
  },
});

/** Sets and clears the session cookie of an answer: out of reach of scripts and of other sites' forms. */
export const sessionCookie = (reply: FastifyReply, name: string): SessionCookie => {
  const attributes = attributesOf(name);
  return {
    set: (token, expiresAt) => {
      void reply.setCookie(name, token.reveal(), { ...attributes, expires: expiresAt });
    },
    clear: () => {
      void reply.clearCookie(name, attributes);
    },
  };
};
