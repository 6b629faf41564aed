import { isIP } from 'node:net';
import { isLoopbackHost } from '../config/addresses.ts';
import type { Config } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import { isEventType } from '../events/event-types.ts';
import { ReachableAddresses } from '../providers/reachable-addresses.ts';

export const WEBHOOK_NAME = { field: ['name'], maximum: 100 } as const;
const MAXIMUM_URL_LENGTH = 2048;
const MAXIMUM_EVENT_TYPES = 100;

type Read<T> = { readonly value: T; readonly problems: readonly Problem[] };

const refused = <T>(value: T, problem: Omit<Problem, 'field'>, field: string): Read<T> => ({
  value,
  problems: [{ ...problem, field: [field] }],
});

/**
 * Reads the address of a receiver. Problems: TOO_LONG, INVALID_VALUE for what is no address or holds a user or a fragment,
 * URL_NOT_ALLOWED for clear http and for private addresses, unless the settings allow them. A name is resolved when it is called: what
 * it leads to now says nothing about then.
 */
export const readWebhookUrl = (text: string, { allowHttp, allowedNetworks }: Config['webhooks']): Read<string> => {
  const typed = text.trim();
  if (typed.length > MAXIMUM_URL_LENGTH) return refused('', { code: 'TOO_LONG' }, 'url');
  // The parser would take line breaks out and the rest for what was meant.
  const url = /[\s\p{Cc}]/u.test(typed) ? null : URL.parse(typed);
  if (url === null || url.hostname === '') return refused('', { code: 'INVALID_VALUE' }, 'url');
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:')) {
    return refused('', { code: 'URL_NOT_ALLOWED' }, 'url');
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return refused('', { code: 'INVALID_VALUE', message: 'Give an address without user and without #.' }, 'url');
  }
  return isReachable(url.hostname, allowedNetworks)
    ? { value: url.href, problems: [] }
    : refused('', { code: 'URL_NOT_ALLOWED' }, 'url');
};

const isReachable = (hostname: string, allowedNetworks: readonly string[]): boolean => {
  const reachable = new ReachableAddresses(allowedNetworks);
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) return reachable.includes(literal, { loopback: false });
  return !isLoopbackHost(hostname.replace(/\.$/, '')) || reachable.includes('127.0.0.1', { loopback: false });
};

/** Reads the types that a webhook listens to, each once. Problems: REQUIRED, TOO_MANY_ITEMS, UNKNOWN_EVENT_TYPE. */
export const readEventTypes = (types: readonly string[]): Read<readonly string[]> => {
  if (types.length === 0) return refused([], { code: 'REQUIRED' }, 'eventTypes');
  if (types.length > MAXIMUM_EVENT_TYPES) return refused([], { code: 'TOO_MANY_ITEMS' }, 'eventTypes');
  const isKnown = types.every((type) => isEventType(type));
  return isKnown
    ? { value: [...new Set(types)], problems: [] }
    : refused([], { code: 'UNKNOWN_EVENT_TYPE' }, 'eventTypes');
};
