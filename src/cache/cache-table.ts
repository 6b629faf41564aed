import type { Config } from '../config/config.ts';

/** Every cache by its name, which is the first part of its keys and the label of its metrics. */
export type CacheName = keyof typeof cacheTable;

interface CacheDeclaration {
  /** What the key is made of, after the name. */
  readonly key: string;
  readonly holds: string;
  /** Shared by all replicas where there is a Redis; else in each process alone. */
  readonly isShared: boolean;
  /** A key that names a person: it is stored as a hash. */
  readonly isPersonal: boolean;
  /** Seconds; null: it is not a time that ends it. */
  readonly ttlSeconds: (config: Config) => number | null;
}

/** How long a page follows the way that an earlier one found. */
export const WAYS_SECONDS = 60;

/** How long searches go by how common parts of names and addresses were. */
export const SEARCH_PARTS_SECONDS = 300;

const cache = <const Declared extends CacheDeclaration>(declared: Declared): Declared => declared;

/** The one list of what is cached, where, and for how long; docs/caches.md says what may be stale and why. */
export const cacheTable = {
  stats: cache({
    key: 'the question, with its range and organization',
    holds: 'computed answers of statistics',
    isShared: true,
    isPersonal: false,
    ttlSeconds: ({ cache: settings }) => settings.statisticsSeconds,
  }),
  jit_roles: cache({
    key: 'issuer and subject',
    holds: 'what the interface of an issuer says about a person',
    isShared: true,
    isPersonal: true,
    ttlSeconds: ({ providers }) => providers.fetchTtlSeconds,
  }),
  jwks: cache({
    key: 'issuer',
    holds: 'public keys of an issuer',
    isShared: true,
    isPersonal: false,
    ttlSeconds: ({ providers }) => providers.keysTtlSeconds,
  }),
  org_users: cache({
    key: 'organization, and who may be seen',
    holds: 'how many members a large organization has',
    isShared: false,
    isPersonal: false,
    ttlSeconds: ({ cache: settings }) => settings.organizationUsersSeconds,
  }),
  ways: cache({
    key: 'the organizations that somebody may see people of',
    holds: 'in which way pages of users find the people of a part of the tree fast',
    isShared: false,
    isPersonal: false,
    ttlSeconds: () => WAYS_SECONDS,
  }),
  search_parts: cache({
    key: 'none: there is one',
    holds: 'how common parts of names and addresses are, so that an index is asked for the rarest',
    isShared: false,
    isPersonal: false,
    ttlSeconds: () => SEARCH_PARTS_SECONDS,
  }),
  permissions: cache({
    key: 'the groups of somebody',
    holds: 'their grants, united; as new as the version that every request reads',
    isShared: false,
    isPersonal: false,
    ttlSeconds: () => null,
  }),
  documents: cache({
    key: 'hash of a trusted document',
    holds: 'its text; whether it may be run is asked twice a second while documents are run by id',
    isShared: false,
    isPersonal: false,
    ttlSeconds: () => null,
  }),
  tokens: cache({
    key: 'hash of an access token',
    holds: 'its claims after the signature was verified; whether its session lives is asked each time',
    isShared: false,
    isPersonal: false,
    ttlSeconds: () => null,
  }),
} as const;

export const cacheNames = Object.keys(cacheTable) as readonly CacheName[];
