import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { Network, parseAddress } from '../permissions/networks.ts';
import { hasPassedProxy, provenAddress } from './client-address.ts';

/** What probes and collectors inside a cluster read: it tells nothing of anybody, and metrics ask for their token. */
const INSIDE: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** What programs call. They are refused and not sent on: a program that follows would go on sending its credentials readable. */
const CALLED_BY_PROGRAMS = /^\/(?:graphql|oauth|exports|\.well-known)(?:\/|$)/;

/** A program on this machine that talks to the server itself: what it sends leaves the machine nowhere. */
const isOnThisMachine = (request: FastifyRequest): boolean => {
  const address = parseAddress(request.socket.remoteAddress ?? '')?.text ?? '';
  return (address === '::1' || address.startsWith('127.')) && !hasPassedProxy(request);
};

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '/';

/** Whether a request may be answered as it came. */
type AllowsTransport = (request: FastifyRequest) => boolean;

/**
 * By https, as far as a proxy that the settings trust says so (the last entry of X-Forwarded-Proto, so that what a client wrote in
 * front of it is nothing); or where clear http is no danger: on this machine, and in networks that the settings name.
 */
const transportRule = ({ server }: Pick<Config, 'server'>): AllowsTransport => {
  if (!server.forceHttps) return () => true;
  const plain = server.plainHttpNetworks.flatMap((text) => Network.parse(text) ?? []);
  return (request) => {
    if (request.protocol === 'https' || isOnThisMachine(request)) return true;
    const client = parseAddress(provenAddress(request) ?? '');
    return client !== null && plain.some((network) => network.contains(client));
  };
};

/** Under which address a page is by https: from the settings, never from the request, so that nobody is sent elsewhere. */
const secureAddress = (baseUrl: string, { url }: FastifyRequest): string => baseUrl + (url.startsWith('/') ? url : '/');

/**
 * Sends pages that are asked for by clear http on to https (308), and refuses everything else with HTTPS_REQUIRED before its
 * body is read. HSTS is left out there: a browser must ignore it when anybody could have written it (RFC 6797 section 7.2).
 */
export const httpsOnly = (app: FastifyInstance, config: Config): void => {
  if (!config.server.forceHttps) return;
  const allows = transportRule(config);
  app.addHook('onRequest', async (request, reply): Promise<FastifyReply | undefined> => {
    if (INSIDE.has(pathOf(request)) || allows(request)) return undefined;
    void reply.removeHeader('strict-transport-security').header('connection', 'close');
    const isPage = ['GET', 'HEAD'].includes(request.method) && !CALLED_BY_PROGRAMS.test(pathOf(request));
    if (isPage) return reply.redirect(secureAddress(config.server.baseUrl, request), 308);
    throw new Failure('HTTPS_REQUIRED');
  });
};
