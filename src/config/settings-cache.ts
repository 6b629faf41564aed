import { bytes, duration, optional, redisUrl, scalar } from './kinds.ts';
import { fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const keyPrefix = scalar(
  'letters, digits, `_` and `-`, 1 to 32',
  'give 1 to 32 letters, digits, _ or -',
  (given) => (/^[\w-]{1,32}$/.test(given) ? given : null),
  'is no prefix',
);

export const redis = {
  url: setting({
    kind: optional(redisUrl),
    env: 'REDIS_URL',
    row: '0.33',
    byDefault: fixed<null>(null, 'none: each replica counts and caches by itself'),
    description:
      'Redis 6 or later, for limits and caches that all replicas share: `redis://host:6379/0`, `rediss://` with TLS. Nothing else is kept there, and it may vanish at any time.',
  }),
  prefix: setting({
    kind: keyPrefix,
    env: 'REDIS_PREFIX',
    byDefault: fixed('gatehouse'),
    description: 'What all names in Redis begin with; another one for each installation that shares it.',
  }),
};

export const cache = {
  statisticsSeconds: setting({
    kind: duration(0, DAY),
    env: 'STATS_CACHE_TTL',
    byDefault: fixed(10 * MINUTE, '`10m`'),
    description: 'How long computed answers of statistics are kept (`stats:*`); 0 = not at all.',
  }),
  organizationUsersSeconds: setting({
    kind: duration(0, HOUR),
    env: 'ORG_USERS_CACHE_TTL',
    byDefault: fixed(3 * MINUTE, '`3m`'),
    description:
      'How long the number of members of an organization with more than a thousand is kept (`org_users:*`); 0 = not at all. Whoever is a member is always read.',
  }),
  memoryBytes: setting({
    kind: bytes(65_536, 1_073_741_824),
    env: 'CACHE_MEMORY',
    byDefault: fixed(16 * 1_048_576, '`16mb`'),
    description: 'What caches hold in the memory of one process at most; what was not used for longest makes room.',
  }),
};
