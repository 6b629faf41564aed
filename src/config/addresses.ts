import { isIP, isIPv4 } from 'node:net';

/** True for names and addresses that never leave the machine (RFC 6761 section 6.3 for `localhost`); brackets of IPv6 allowed. */
export const isLoopbackHost = (host: string): boolean => {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true;
  return bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
};

/** Something a server can listen on or connect to: an address or a host name of DNS labels. */
export const isHost = (text: string): boolean =>
  isIP(text) !== 0 || /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/i.test(text);

const httpUrl = (text: string): URL | null => {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.username === '' && url.password === '' ? url : null;
};

/** `https://id.example.org/auth/` becomes `https://id.example.org/auth`; null when the text is no plain http(s) address. */
export const normalizedBaseUrl = (text: string): string | null => {
  const url = httpUrl(text);
  if (url === null || /[?#]/.test(text)) return null;
  return url.origin + url.pathname.replace(/\/+$/, '');
};

/** An origin exactly as browsers send it (RFC 6454 section 6.2); wildcards, paths and `null` are none. */
export const normalizedOrigin = (text: string): string | null => {
  const url = httpUrl(text);
  if (url === null || /[*?#]/.test(text)) return null;
  return url.pathname === '/' && !text.endsWith('/') ? url.origin : null;
};

/**
 * A redirect target is compared as text, so it is kept as written (RFC 9700 section 2.1: exact matching).
 * No pattern, no fragment, and clear http only where nobody can listen.
 */
export const isRedirectUri = (text: string): boolean => {
  const url = httpUrl(text);
  if (url === null || /[*#\s\\]/.test(text)) return false;
  return url.protocol === 'https:' || isLoopbackHost(url.hostname);
};

/** How much of a mapped address says that it is one. */
const MAPPED_BITS = 96;
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** IPv4 inside IPv6 as IPv4; null for an address that is none. */
const mappedAddress = (address: string): string | null => {
  const [, ...parts] = MAPPED.exec(URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? '') ?? [];
  const [high, low] = parts.map((part) => Number.parseInt(part, 16));
  return high === undefined || low === undefined ? null : [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

/**
 * `10.0.0.1` becomes `10.0.0.1/32`, IPv4 inside IPv6 becomes IPv4. A network of everybody (`/0`) is refused: any client could then choose
 * its own address. So is a zone, which means something on one machine only. Whatever comes out can be compared: a network that is
 * accepted and matches nobody, or is left out, would open what it was to close.
 */
export const normalizedNetwork = (text: string): string | null => {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return null;
  const width = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? width : Number(prefix);
  if (bits < 1 || bits > width) return null;
  const inner = family === 6 ? mappedAddress(address) : null;
  if (inner === null) return `${address}/${bits}`;
  return bits > MAPPED_BITS ? `${inner}/${bits - MAPPED_BITS}` : null;
};
