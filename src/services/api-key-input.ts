import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Problem } from '../errors.ts';
import { Network } from '../permissions/networks.ts';
import { MAXIMUM_REQUESTS_PER_MINUTE } from './api-key-use.ts';

const MAXIMUM_NETWORKS = 100;
/** 39 characters of the longest IPv6 address, or 45 with IPv4 inside, and `/128`. */
const MAXIMUM_NETWORK_LENGTH = 49;

export type Read<T> = { readonly value: T; readonly problems: readonly Problem[] };

export const API_KEY_NAME = { field: ['name'], maximum: 100 } as const;

/** Reads address ranges in CIDR form, each kept once. Problems: TOO_MANY_ITEMS beyond 100, INVALID_NETWORK for each that is none. */
export const readNetworks = (texts: readonly string[]): Read<readonly string[]> => {
  if (texts.length > MAXIMUM_NETWORKS) {
    return { value: [], problems: [{ code: 'TOO_MANY_ITEMS', field: ['networks'] }] };
  }
  const problems = texts.flatMap((text, index): Problem[] =>
    text.length <= MAXIMUM_NETWORK_LENGTH && Network.parse(text) !== null
      ? []
      : [{ code: 'INVALID_NETWORK', field: ['networks', String(index)] }],
  );
  return { value: [...new Set(texts)], problems };
};

/**
 * Reads a limit of requests per minute. Own keys stay within the limit of the server; who makes keys for service accounts decides
 * for them. Problem: INVALID_VALUE.
 */
export const readRateLimit = (
  limit: number | null,
  { isOwn, config }: { readonly isOwn: boolean; readonly config: Config['apiKeys'] },
): Read<number | null> => {
  const maximum = isOwn ? config.requestsPerMinute : MAXIMUM_REQUESTS_PER_MINUTE;
  if (limit === null || (limit >= 1 && limit <= maximum)) return { value: limit, problems: [] };
  const message = `Give 1 to ${maximum} requests per minute.`;
  return { value: null, problems: [{ code: 'INVALID_VALUE', message, field: ['rateLimitPerMinute'] }] };
};

/** Reads the end of a new key; absent = the longest life there is. Problems: EXPIRY_IN_PAST, EXPIRY_TOO_FAR. */
export const readExpiry = (
  expiresAt: Date | null,
  { clock, config }: { readonly clock: Clock; readonly config: Config['apiKeys'] },
): Read<Date> => {
  const now = clock.now();
  const latest = secondsAfter(now, config.maximumLifeSeconds);
  if (expiresAt === null) return { value: latest, problems: [] };
  if (expiresAt <= now) return { value: expiresAt, problems: [{ code: 'EXPIRY_IN_PAST', field: ['expiresAt'] }] };
  return { value: expiresAt, problems: expiresAt > latest ? [{ code: 'EXPIRY_TOO_FAR', field: ['expiresAt'] }] : [] };
};
