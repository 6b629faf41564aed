import { z } from 'zod';
import type { Secret } from '../crypto/secret.ts';
import { duration, flag, type Kind, oneOf, type Raw, secretText, text } from './kinds.ts';
import {
  algorithms,
  emailDomains,
  fetchAddress,
  issuerAddress,
  type ProviderAlgorithm,
  tokensList,
} from './provider-kinds.ts';
import { defaulting, isRecord, objectList, perhaps, type Reading, readObject, required } from './structured.ts';

/** What opaque access tokens are believed by; `refuse` asks nobody. */
export const OPAQUE_TOKENS = ['refuse', 'introspection', 'userinfo'] as const;

/** When the values at a path of what the provider says mean membership of a group. */
export interface GroupRule {
  /** Claims of the token, answer of the userinfo endpoint, or what was fetched with client credentials. */
  readonly source: 'claim' | 'userinfo' | 'fetched';
  /** Names joined by dots; lists on the way are walked through. */
  readonly path: string;
  /** `equals`: the one value there is this. `contains`: one of several values, or of words in a text, is this. */
  readonly test: 'equals' | 'contains';
  readonly value: string;
  /** Name or id. */
  readonly group: string;
  /** Also a group that gives protected permissions or `admin:*`. */
  readonly allowProtected: boolean;
}

/** A fetch about a person, with the server's own credentials at the provider. */
export interface FetchSettings {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: Secret<string>;
  readonly scope: string | null;
  /** RFC 8707. */
  readonly resource: string | null;
  readonly ttlSeconds: number;
}

/** One OpenID Connect issuer that people can come from. */
export interface ProviderSettings {
  readonly issuer: string;
  readonly name: string;
  readonly clientId: string | null;
  readonly clientSecret: Secret<string> | null;
  readonly audience: readonly string[];
  readonly algorithms: readonly ProviderAlgorithm[];
  readonly scopes: readonly string[];
  readonly tokenExchange: boolean;
  readonly redirect: boolean;
  readonly opaqueTokens: (typeof OPAQUE_TOKENS)[number];
  readonly trustEmail: boolean;
  readonly jitUsers: boolean;
  readonly domains: readonly string[];
  readonly defaultGroups: readonly string[];
  readonly groupRules: readonly GroupRule[];
  readonly fetch: FetchSettings | null;
}

export const DEFAULT_ALGORITHMS: readonly ProviderAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
export const DEFAULT_SCOPES: readonly string[] = ['openid', 'profile', 'email'];
export const DEFAULT_GROUPS: readonly string[] = ['Members'];
const FETCH_TTL_SECONDS = 300;

const groupName = text(100, 'name or id of a group');

/** Names of groups hold blanks, so that only a list separates them. */
const groupNames: Kind<readonly string[]> = {
  ...tokensList,
  form: 'list of groups',
  schema: z.custom<Raw>().transform((raw, context) => {
    const names = (typeof raw === 'string' ? [raw] : raw).map((name) => name.trim()).filter((name) => name !== '');
    if (names.every((name) => groupName.schema.safeParse(name).success) && names.length > 0) return names;
    context.addIssue({ code: 'custom', message: 'is no list of groups; list names or ids of groups' });
    return z.NEVER;
  }),
};

const issuerFields = {
  issuer: required(issuerAddress),
  name: perhaps(text(100)),
  clientId: perhaps(text(255)),
  clientSecret: perhaps(secretText(1, 1024)),
  audience: defaulting(tokensList, []),
  algorithms: defaulting(algorithms, DEFAULT_ALGORITHMS),
  scopes: defaulting(tokensList, DEFAULT_SCOPES),
  tokenExchange: defaulting(flag, true),
  redirect: defaulting(flag, false),
  opaqueTokens: defaulting<(typeof OPAQUE_TOKENS)[number]>(oneOf(OPAQUE_TOKENS), 'refuse'),
  trustEmail: defaulting(flag, false),
  jitUsers: defaulting(flag, false),
  domains: defaulting(emailDomains, []),
  defaultGroups: defaulting(groupNames, DEFAULT_GROUPS),
} as const;

const ruleFields = {
  claim: perhaps(text(255)),
  userinfo: perhaps(text(255)),
  fetched: perhaps(text(255)),
  equals: perhaps(text(255)),
  contains: perhaps(text(255)),
  group: required(groupName),
  allowProtected: defaulting(flag, false),
} as const;

const fetchFields = {
  url: required(fetchAddress),
  clientId: required(text(255)),
  clientSecret: required(secretText(1, 1024)),
  scope: perhaps(text(255)),
  resource: perhaps(text(255)),
  ttl: defaulting(duration(0, 86_400), FETCH_TTL_SECONDS),
} as const;

const readRule = (value: unknown, reading: Reading): GroupRule | null => {
  const rule = readObject(ruleFields, value, reading);
  if (rule === null) return null;
  const sources = (['claim', 'userinfo', 'fetched'] as const).filter((source) => rule[source] !== null);
  const tests = (['equals', 'contains'] as const).filter((test) => rule[test] !== null);
  const [source, test] = [sources[0], tests[0]];
  if (sources.length !== 1 || tests.length !== 1 || source === undefined || test === undefined) {
    reading.problems.push(
      `${reading.at} is ambiguous; give exactly one of claim, userinfo, fetched and exactly one of equals, contains`,
    );
    return null;
  }
  const { group, allowProtected } = rule;
  return { source, path: rule[source] ?? '', test, value: rule[test] ?? '', group, allowProtected };
};

const readFetch = (value: unknown, reading: Reading): FetchSettings | null => {
  const fetch = readObject(fetchFields, value, reading);
  if (fetch === null) return null;
  const { ttl, ...rest } = fetch;
  return { ...rest, ttlSeconds: ttl };
};

const MAXIMUM_ISSUERS = 50;
const MAXIMUM_RULES = 200;

const readRules = (value: unknown, reading: Reading): readonly GroupRule[] => {
  if (value === undefined || value === null || value === '') return [];
  if (!Array.isArray(value) || value.length > MAXIMUM_RULES) {
    reading.problems.push(`${reading.at} is no list; list at most ${MAXIMUM_RULES} rules`);
    return [];
  }
  return value.flatMap(
    (rule: unknown, index) => readRule(rule, { ...reading, at: `${reading.at}[${index + 1}]` }) ?? [],
  );
};

const readIssuer = (value: unknown, reading: Reading): ProviderSettings | null => {
  const fields = readObject(issuerFields, value, { ...reading, alsoKnown: ['groupRules', 'fetch'] });
  const record = isRecord(value) ? value : {};
  const groupRules = readRules(record['groupRules'], { ...reading, at: `${reading.at}.groupRules` });
  const fetch =
    record['fetch'] === undefined || record['fetch'] === null || record['fetch'] === ''
      ? null
      : readFetch(record['fetch'], { ...reading, at: `${reading.at}.fetch` });
  if (fields === null) return null;
  return { ...fields, name: fields.name ?? new URL(fields.issuer).hostname, groupRules, fetch };
};

/** The issuers with everything about them: a list of objects in YAML, the same as JSON in a variable. */
export const providerList: Kind<readonly ProviderSettings[]> = {
  form: 'list of issuers: YAML, or JSON in a variable',
  isSecret: true,
  isStructured: true,
  empty: { value: [] },
  show: (providers) => (providers.length === 0 ? 'none' : providers.map(({ issuer }) => issuer).join(', ')),
  schema: objectList({ what: 'issuers', maximum: MAXIMUM_ISSUERS, readEntry: readIssuer }),
};
