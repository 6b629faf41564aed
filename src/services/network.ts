import { createHash } from 'node:crypto';

/** The first 64 bits of a canonical IPv6 address: what one customer of a provider has, so rotating below it changes nothing. */
const prefix64 = (address: string): string => {
  const [head = '', tail = ''] = address.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const gap = address.includes('::') ? Array.from({ length: 8 - left.length - right.length }, () => '0') : [];
  return `${[...left, ...gap, ...right].slice(0, 4).join(':')}::/64`;
};

/** The network that limits count by: an IPv4 address, or the /64 of an IPv6 address. Takes a canonical address. */
export const networkOf = (address: string): string => (address.includes(':') ? prefix64(address) : address);

/**
 * What a device looks like without its secret: hash of network (IPv4 /24, IPv6 /64) and user agent. Anybody can look like
 * another device: it decides which row of the list is used and whether a mail is sent, never what is allowed.
 */
export const deviceFingerprint = (address: string, userAgent: string | null): string => {
  const network = address.includes(':') ? prefix64(address) : address.slice(0, address.lastIndexOf('.'));
  return createHash('sha256')
    .update(`${network}\n${userAgent ?? ''}`)
    .digest('base64url')
    .slice(0, 22);
};
