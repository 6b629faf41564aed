import { isIP, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** `::ffff:192.0.2.1`, as dual-stack sockets report IPv4 clients. */
const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/**
 * The one spelling of an address: IPv4-mapped IPv6 becomes IPv4, IPv6 is compressed and lower-case (RFC 5952), a zone is
 * dropped. So that limits and networks cannot be passed by writing an address differently (threat 3).
 */
export const canonicalAddress = (text: string): string => {
  const withoutZone = text.split('%', 1)[0] ?? '';
  const mapped = MAPPED.exec(withoutZone)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4) return mapped;
  if (!isIPv6(withoutZone)) return withoutZone;
  return new URL(`http://[${withoutZone}]/`).hostname.slice(1, -1);
};

/** The address of the client: of the socket, or what proxies that the settings trust say, counted from the right. */
export const clientAddress = (request: FastifyRequest): string => canonicalAddress(request.ip);
