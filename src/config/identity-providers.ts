import {
  DEFAULT_ALGORITHMS,
  DEFAULT_GROUPS,
  DEFAULT_SCOPES,
  type FetchSettings,
  type ProviderSettings,
} from './provider-list.ts';
import type { Config } from './settings.ts';

export type { FetchSettings, GroupRule, ProviderSettings } from './provider-list.ts';

type Given = Config['providers'];

/** Tenants of Logto have their management API beside the issuer, and it is its own resource. */
const logtoApi = (issuer: string): string | null => {
  const { origin, hostname } = new URL(issuer);
  return hostname.endsWith('.logto.app') ? `${origin}/api` : null;
};

const fetchOf = (given: Given, issuer: string): FetchSettings | null => {
  const api = logtoApi(issuer);
  const url = given.fetchUrl ?? (api === null ? null : `${api}/users/{sub}/roles`);
  const { fetchClientId: clientId, fetchClientSecret: clientSecret } = given;
  if (url === null || clientId === null || clientSecret === null) return null;
  const ours = api !== null && url.startsWith(`${api}/`);
  return {
    url,
    clientId,
    clientSecret,
    scope: ours ? 'all' : null,
    resource: ours ? api : null,
    ttlSeconds: given.fetchTtlSeconds,
  };
};

const singleOf = (given: Given): readonly ProviderSettings[] => {
  const { issuer } = given;
  if (issuer === null) return [];
  return [
    {
      issuer,
      name: given.name ?? new URL(issuer).hostname,
      clientId: given.clientId,
      clientSecret: given.clientSecret,
      audience: given.audience,
      algorithms: DEFAULT_ALGORITHMS,
      scopes: DEFAULT_SCOPES,
      tokenExchange: given.tokenExchange,
      redirect: given.redirect,
      opaqueTokens: 'refuse',
      trustEmail: given.trustEmail,
      jitUsers: given.jitUsers,
      domains: given.domains,
      defaultGroups: DEFAULT_GROUPS,
      groupRules: [],
      fetch: fetchOf(given, issuer),
    },
  ];
};

/** All issuers of the settings: those of the list, then the one given by variables. */
export const identityProviders = (given: Given): readonly ProviderSettings[] => [...given.issuers, ...singleOf(given)];

/** Mistakes in one issuer, and how to correct them. */
const MISTAKES: readonly (readonly [applies: (one: ProviderSettings) => boolean, text: string])[] = [
  [
    ({ redirect, clientId }) => redirect && clientId === null,
    'has redirect without clientId; give the client that signs in',
  ],
  [
    ({ redirect, scopes }) => redirect && !scopes.includes('openid'),
    'has scopes without openid, so no ID token would come back; add it',
  ],
  [
    ({ tokenExchange, clientId, audience }) => tokenExchange && clientId === null && audience.length === 0,
    'takes no token: it has neither audience (access tokens) nor clientId (ID tokens); give one of them',
  ],
  [
    ({ tokenExchange, redirect }) => !tokenExchange && !redirect,
    'has neither tokenExchange nor redirect; switch one on',
  ],
  [
    ({ opaqueTokens, clientId, clientSecret }) =>
      opaqueTokens === 'introspection' && (clientId === null || clientSecret === null),
    'has opaqueTokens: introspection without clientId and clientSecret; give both',
  ],
  [
    ({ groupRules, fetch }) => fetch === null && groupRules.some(({ source }) => source === 'fetched'),
    'has a rule about what is fetched, but no fetch; add it',
  ],
];

const contradictionsOf = (one: ProviderSettings): readonly string[] =>
  MISTAKES.filter(([applies]) => applies(one)).map(([, text]) => text);

const repeated = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

const PARTS = ['name', 'clientId', 'clientSecret', 'fetchUrl', 'fetchClientId', 'fetchClientSecret'] as const;

/** Settings of issuers that are sound one by one but not together. */
export const providerContradictions = (given: Given): readonly string[] => {
  const all = identityProviders(given);
  const parts = PARTS.filter((part) => given[part] !== null).map((part) => `providers.${part}`);
  const orphans = given.issuer === null ? [...parts, ...(given.audience.length > 0 ? ['providers.audience'] : [])] : [];
  const fetches = [given.fetchClientId, given.fetchClientSecret].filter((part) => part !== null).length;
  return [
    ...orphans.map((path) => `${path}: is given without providers.issuer; give OIDC_ISSUER`),
    ...(fetches === 1 ? ['providers.fetchClientId: id and secret go together; give both OIDC_FETCH_CLIENT_*'] : []),
    ...all.flatMap((one) => contradictionsOf(one).map((text) => `providers (${one.issuer}): ${text}`)),
    ...repeated(all.map(({ issuer }) => issuer)).map((issuer) => `providers (${issuer}): is given twice; keep one`),
    ...repeated(all.flatMap(({ domains }) => [...new Set(domains)])).map(
      (domain) => `providers: the domain ${domain} leads to two issuers; keep it with one`,
    ),
  ];
};

/** Settings of issuers that are allowed but open a door. */
export const providerOddities = (given: Given): readonly string[] =>
  identityProviders(given).flatMap((one) => [
    ...(one.opaqueTokens === 'userinfo'
      ? [
          `providers (${one.issuer}): opaqueTokens is userinfo, so a token that the issuer gave to any other client signs in here; use introspection`,
        ]
      : []),
    ...one.groupRules
      .filter(({ allowProtected }) => allowProtected)
      .map(({ group }) => `providers (${one.issuer}): may give the group ${group}, even where it is protected`),
  ]);
