import { isIP, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** `::ffff:cb00:7109`: IPv4 inside IPv6, as dual-stack sockets report IPv4 clients, in the spelling of RFC 5952. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** Some proxies write the port of the client too: `203.0.113.9:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3}))(?::\d{1,5})?$/i;

const ipv4Of = (high: string, low: string): string =>
  [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 0xff])
    .join('.');

/**
 * The one spelling of an address: IPv4-mapped IPv6 becomes IPv4, IPv6 is compressed and lower-case (RFC 5952), port and zone
 * are dropped. So that limits and networks cannot be passed by writing an address differently (threat 3). Null for a text
 * that is no address.
 */
const canonicalAddress = (text: string): string | null => {
  const [, v6, v4] = WITH_PORT.exec(text) ?? [];
  const address = (v6 ?? v4 ?? text).split('%', 1)[0] ?? '';
  if (!isIPv6(address)) return isIP(address) === 4 ? address : null;
  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(compressed) ?? [];
  return high === undefined || low === undefined ? compressed : ipv4Of(high, low);
};

/**
 * The address of the client, to count and to write down: of the socket, or what proxies that the settings trust say, counted from the
 * right. Where they say something that is no address, that of the nearest proxy: texts of strangers are neither stored nor compared.
 */
export const clientAddress = (request: FastifyRequest): string =>
  canonicalAddress(request.ip) ?? canonicalAddress(request.socket.remoteAddress ?? '') ?? '0.0.0.0';

/**
 * The address of the client where only some networks are let in; null when a proxy says something that is no address. The proxy's own
 * is no answer there: it may lie in such a network, and brings everybody.
 */
export const provenAddress = (request: FastifyRequest): string | null => canonicalAddress(request.ip);

/** Where a request came from: the address that is counted and written down, and the one that lets somebody in. */
export const addressesOf = (
  request: FastifyRequest,
): { readonly ipAddress: string; readonly provenIpAddress: string | null } => ({
  ipAddress: clientAddress(request),
  provenIpAddress: provenAddress(request),
});

/** By which a proxy shows itself, believed or not. */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'via',
] as const;

/** Whether a proxy shows itself, wherever it is and whether it is believed. */
export const hasPassedProxy = ({ headers }: FastifyRequest): boolean => FORWARDED.some((name) => name in headers);

/**
 * Whether the client itself is on this machine; never because a proxy here said something unreadable, nor because a proxy or tunnel on
 * this machine brings what comes from elsewhere and is not among those that are believed.
 */
export const isLocalClient = (request: FastifyRequest): boolean =>
  ['127.0.0.1', '::1'].includes(provenAddress(request) ?? '') &&
  ((request.ips ?? []).length > 1 || !hasPassedProxy(request));
