import { duration, flag, networks, optional, secretText, text } from './kinds.ts';
import { emailDomains, fetchAddress, issuerAddress, tokensList } from './provider-kinds.ts';
import { providerList, type ProviderSettings } from './provider-list.ts';
import { alias, fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** The issuer of a Logto tenant, by the tenant's id. */
const logtoIssuer = (tenant: string): string => `https://${tenant.trim()}.logto.app/oidc`;

const none = fixed(null, 'none');

/** One issuer by variables alone; more of them by `issuers`. */
const single = {
  issuer: setting({
    kind: optional(issuerAddress),
    env: 'OIDC_ISSUER',
    aliases: [alias('TENANT_ID', '0.3, 0.33', logtoIssuer)],
    byDefault: none,
    description:
      'One OpenID Connect issuer, exactly as its discovery document names it; everything else about it is found by discovery. `TENANT_ID` stands for `https://<id>.logto.app/oidc`.',
  }),
  name: setting({
    kind: optional(text(100)),
    env: 'OIDC_NAME',
    byDefault: fixed(null, 'host of the issuer'),
    description: 'Name of the issuer for people.',
  }),
  clientId: setting({
    kind: optional(text(255)),
    env: 'OIDC_CLIENT_ID',
    byDefault: none,
    description: 'Client of the redirect sign-in, and audience of ID tokens.',
  }),
  clientSecret: setting({
    kind: optional(secretText(1, 1024)),
    env: 'OIDC_CLIENT_SECRET',
    byDefault: none,
    description: 'Secret of that client; none for a public client.',
  }),
  audience: setting({
    kind: tokensList,
    env: 'OIDC_AUDIENCE',
    aliases: [alias('TENANT_DOMAIN', '0.3, 0.33', (domain) => `https://${domain.trim()}/api`)],
    byDefault: fixed<readonly string[]>([], 'none'),
    description:
      'Audiences of access tokens that are taken. `TENANT_DOMAIN` stands for `https://<domain>/api`; without any, access tokens are refused.',
  }),
  tokenExchange: setting({
    kind: flag,
    env: 'OIDC_TOKEN_EXCHANGE',
    byDefault: fixed(true),
    description: 'Tokens of the issuer can be exchanged for tokens of this server.',
  }),
  redirect: setting({
    kind: flag,
    env: 'OIDC_REDIRECT',
    byDefault: fixed(false),
    description: 'Browsers can be sent to the issuer to sign in.',
  }),
  trustEmail: setting({
    kind: flag,
    env: 'OIDC_TRUST_EMAIL',
    byDefault: fixed(false),
    description: 'New accounts get the address that the issuer calls verified. Never used to find an account.',
  }),
  jitUsers: setting({
    kind: flag,
    env: 'OIDC_JIT_USERS',
    byDefault: fixed(false),
    description: 'Whoever comes from the issuer for the first time gets an account.',
  }),
  domains: setting({
    kind: emailDomains,
    env: 'OIDC_DOMAINS',
    byDefault: fixed<readonly string[]>([], 'none'),
    description: 'Domains of addresses whose owners sign in at the issuer.',
  }),
};

/** A fetch about each person who comes from that issuer. */
const fetch = {
  fetchUrl: setting({
    kind: optional(fetchAddress),
    env: 'OIDC_FETCH_URL',
    byDefault: fixed(
      null,
      'with `OIDC_FETCH_CLIENT_ID` and an issuer of logto.app, the roles of its management API, else none',
    ),
    description: 'What is fetched about each person with client credentials, to be mapped to groups.',
  }),
  fetchClientId: setting({
    kind: optional(text(255)),
    env: 'OIDC_FETCH_CLIENT_ID',
    aliases: [alias('BACKEND_APP_ID', '0.4, 0.33')],
    byDefault: none,
    description: 'Client that fetches it (machine to machine).',
  }),
  fetchClientSecret: setting({
    kind: optional(secretText(1, 1024)),
    env: 'OIDC_FETCH_CLIENT_SECRET',
    aliases: [alias('BACKEND_APP_SECRET', '0.4, 0.33')],
    byDefault: none,
    description: 'Secret of that client.',
  }),
};

/** What holds for every issuer. */
const common = {
  timeoutSeconds: setting({
    kind: duration(1, MINUTE),
    env: 'OIDC_TIMEOUT',
    byDefault: fixed(5, '`5s`'),
    description: 'How long one call to an issuer may take, its answer included.',
  }),
  keysTtlSeconds: setting({
    kind: duration(10, DAY),
    env: 'OIDC_JWKS_TTL',
    byDefault: fixed(5 * MINUTE, '`5m`'),
    description: 'How long the keys of an issuer are kept; an unknown key makes them be read again before that.',
  }),
  fetchTtlSeconds: setting({
    kind: duration(0, HOUR),
    env: 'OIDC_FETCH_TTL',
    byDefault: fixed(5 * MINUTE, '`5m`'),
    description:
      'How long what `fetchUrl` says about a person is kept; 0 = not at all. Groups follow a change at the issuer that much later at most. Providers of the list have `fetch.ttl`.',
  }),
  metadataTtlSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'OIDC_DISCOVERY_TTL',
    byDefault: fixed(60 * MINUTE, '`1h`'),
    description: 'How long the discovery document of an issuer is kept.',
  }),
  staleSeconds: setting({
    kind: duration(0, 7 * DAY),
    env: 'OIDC_STALE_TTL',
    byDefault: fixed(DAY, '`1d`'),
    description: 'How long keys and discovery document of an issuer that cannot be reached go on to count.',
  }),
  clockToleranceSeconds: setting({
    kind: duration(0, MINUTE),
    env: 'OIDC_CLOCK_TOLERANCE',
    byDefault: fixed(MINUTE, '`1m`'),
    description: 'By how much the clock of an issuer may differ.',
  }),
  allowedNetworks: setting({
    kind: networks,
    env: 'OUTBOUND_NETWORKS',
    byDefault: fixed<readonly string[]>([], 'none'),
    description:
      'Private networks that calls to issuers may reach; all others are refused, so that no address makes the server call its neighbours. This machine is allowed in development and test for an issuer on it.',
  }),
};

export const providers = {
  issuers: setting<readonly ProviderSettings[]>({
    kind: providerList,
    env: 'OIDC_PROVIDERS',
    byDefault: fixed<readonly ProviderSettings[]>([], 'none'),
    description: 'OpenID Connect issuers that people can come from, several at once; docs/providers.md has the fields.',
    production: {
      text: 'https only',
      problem: (issuers) =>
        issuers.every(({ issuer }) => issuer.startsWith('https:'))
          ? null
          : 'holds an issuer in clear http, so tokens travel readable; give https addresses',
    },
  }),
  ...single,
  ...fetch,
  ...common,
};
