import { isLoopbackHost } from './addresses.ts';
import {
  baseUrl,
  bytes,
  duration,
  flag,
  host,
  integer,
  networks,
  oneOf,
  optional,
  origins,
  redirectUris,
  text,
} from './kinds.ts';
import { alias, derived, type Environment, fixed, outsideProduction, setting } from './setting.ts';

const ENVIRONMENTS = ['development', 'staging', 'production', 'test'] as const satisfies readonly Environment[];

export const environment = setting<Environment>({
  kind: oneOf(ENVIRONMENTS, { dev: 'development', prod: 'production' }),
  env: 'APP_ENVIRONMENT',
  row: '1.12',
  aliases: [alias('APP_MODE', '2.7')],
  byDefault: fixed('development'),
  description: 'What the server is run for: decides defaults and which guards hold. `dev` and `prod` are understood.',
});

const loopbackWhileDeveloping = derived('`127.0.0.1` in development and test, else `0.0.0.0`', (known) =>
  known.environment === 'development' || known.environment === 'test' ? '127.0.0.1' : '0.0.0.0',
);

const reach = {
  host: setting({
    kind: host,
    env: 'HOST',
    aliases: [alias('SERVER_HOST', '1.23')],
    byDefault: loopbackWhileDeveloping,
    description: 'Address to listen on.',
  }),
  port: setting({
    kind: integer(0, 65_535),
    env: 'PORT',
    aliases: [alias('SERVER_PORT', '1.23, 3.12'), alias('APP_PORT', '2.10')],
    byDefault: fixed(4000),
    description: 'Port to listen on; 0 takes any free one.',
  }),
  baseUrl: setting({
    kind: baseUrl,
    env: 'BASE_URL',
    aliases: [alias('APP_URL', '0.33')],
    byDefault: derived('`http://localhost:<port>`', ({ port }) => `http://localhost:${port}`),
    description:
      'Address under which browsers and services reach the server. Links, issuer and audience come from it, never from the Host header.',
    production: {
      text: 'required; https unless the host is loopback',
      problem: (value, { isDefault }) => {
        if (isDefault) return 'is not set; give the public address, for example BASE_URL=https://id.example.org';
        const url = new URL(value);
        if (url.protocol === 'https:' || isLoopbackHost(url.hostname)) return null;
        return 'is clear http; give an https address, otherwise passwords and cookies travel readable';
      },
    },
  }),
  trustedProxies: setting({
    kind: networks,
    env: 'TRUSTED_PROXIES',
    byDefault: fixed<readonly string[]>([], 'none'),
    description: 'Networks of the reverse proxies whose X-Forwarded-* headers are believed, counted from the right.',
  }),
  forceHttps: setting({
    kind: flag,
    env: 'FORCE_HTTPS',
    byDefault: derived('`true` when `baseUrl` is https beyond this machine', ({ baseUrl: address }) => {
      const url = new URL(address);
      return url.protocol === 'https:' && !isLoopbackHost(url.hostname);
    }),
    description:
      'Refuses clear http (HTTPS_REQUIRED), pages are sent on to https. Health, metrics and clients on this machine without a proxy are excepted. Whether a request came by https is what a trusted proxy says in X-Forwarded-Proto.',
    production: {
      text: 'needs `trustedProxies`',
      problem: (value, { proxiesTrusted, plainNetworks }) =>
        !value || proxiesTrusted || plainNetworks
          ? null
          : 'is on, and no proxy is believed that says that a request came by https, so everything would be refused; give TRUSTED_PROXIES, the networks of the proxies that end TLS',
    },
  }),
  plainHttpNetworks: setting({
    kind: networks,
    env: 'PLAIN_HTTP_NETWORKS',
    byDefault: fixed<readonly string[]>([], 'none'),
    description:
      'Networks whose clients may come by clear http in spite of `forceHttps`: routers and services beside the gateway, on a way that nobody else reads.',
  }),
  corsOrigins: setting({
    kind: origins,
    env: 'CORS_ORIGINS',
    aliases: [alias('APP_ORIGINS', '2.7')],
    byDefault: fixed<readonly string[]>([], 'none'),
    description: 'Origins of browser applications that may call the API; exact, `*` is refused.',
  }),
  redirectUris: setting({
    kind: redirectUris,
    env: 'REDIRECT_URIS',
    byDefault: fixed<readonly string[]>([], 'none'),
    description: 'Addresses to which links and sign-in may lead; compared exactly, no patterns.',
  }),
};

const behaviour = {
  bodyLimitBytes: setting({
    kind: bytes(1024, 16 * 1_048_576),
    env: 'BODY_LIMIT',
    byDefault: fixed(256 * 1024, '`256kb`'),
    description: 'Largest request body.',
  }),
  playground: setting({
    kind: flag,
    env: 'PLAYGROUND',
    byDefault: outsideProduction,
    description: 'Serves GraphiQL at /playground.',
  }),
  introspection: setting({
    kind: flag,
    env: 'INTROSPECTION',
    byDefault: outsideProduction,
    description:
      'Answers introspection queries. `_service { sdl }`, which routers compose by, is answered to anybody in any case; TRUSTED_DOCUMENTS=only refuses it.',
  }),
  fieldSuggestions: setting({
    kind: flag,
    env: 'FIELD_SUGGESTIONS',
    byDefault: derived('as `introspection`', ({ introspection }) => introspection),
    description: 'Lets error messages suggest field names, which gives the schema away piece by piece.',
  }),
  trustedDocuments: setting({
    kind: oneOf(['off', 'prefer', 'only']),
    env: 'TRUSTED_DOCUMENTS',
    byDefault: fixed<'off' | 'prefer' | 'only'>('prefer'),
    description:
      'GraphQL documents that clients run by their id: `off` runs none by id, `prefer` runs them and texts, `only` refuses every text that is not registered.',
  }),
  shutdownDelaySeconds: setting({
    kind: duration(0, 120),
    env: 'SHUTDOWN_DELAY',
    byDefault: derived('`5s` in staging and production, else `0s`', ({ environment: where }) =>
      where === 'staging' || where === 'production' ? 5 : 0,
    ),
    description:
      'How long the server goes on answering after it was told to stop, while /readyz says 503: the time that load balancers have to send requests elsewhere.',
  }),
  shutdownGraceSeconds: setting({
    kind: duration(0, 600),
    env: 'SHUTDOWN_GRACE',
    byDefault: fixed(10, '`10s`'),
    description: 'How long requests in flight may take to finish when the server stops.',
  }),
  requestTimeoutSeconds: setting({
    kind: duration(1, 600),
    env: 'REQUEST_TIMEOUT',
    byDefault: fixed(30, '`30s`'),
    description:
      'How long a request may take to arrive; a client that takes nothing of its answer for as long is cut off as well.',
  }),
  maximumInFlight: setting({
    kind: integer(0, 1_000_000),
    env: 'MAX_REQUESTS_IN_FLIGHT',
    byDefault: fixed(1000),
    description:
      'Most requests at once; further ones are answered 503 with Retry-After, probes never, but one that takes longer than a second to arrive is cut off first; 0 is any number.',
  }),
  maximumLoopDelayMs: setting({
    kind: integer(0, 60_000),
    env: 'MAX_EVENT_LOOP_DELAY_MS',
    byDefault: derived('`1000`, in test `0`', (known) => (known.environment === 'test' ? 0 : 1000)),
    description: 'Mean delay of the event loop from which on requests are turned away in the same way; 0 is any delay.',
  }),
};

export const server = { ...reach, ...behaviour };

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];

const LEVEL_OF: Readonly<Record<Environment, LogLevel>> = {
  development: 'debug',
  staging: 'debug',
  production: 'info',
  test: 'warn',
};

export const log = {
  level: setting<LogLevel>({
    kind: oneOf(LEVELS, { warning: 'warn' }),
    env: 'LOG_LEVEL',
    row: '2.10',
    aliases: [alias('APP_LOG_LEVEL', '1.23')],
    byDefault: derived(
      '`debug` in development and staging, `info` in production, `warn` in test',
      (known) => LEVEL_OF[known.environment],
    ),
    description: 'Least severe log entries that are written.',
  }),
  pretty: setting({
    kind: flag,
    env: 'LOG_PRETTY',
    byDefault: derived(
      '`true` in development on a terminal, else `false`',
      (known) => known.environment === 'development' && known.terminal,
    ),
    description: 'Coloured lines for people instead of JSON for machines.',
  }),
  requests: setting({
    kind: flag,
    env: 'LOG_REQUESTS',
    byDefault: fixed(true),
    description: 'Writes one entry per request.',
  }),
  requestLevel: setting<LogLevel>({
    kind: oneOf(LEVELS, { warning: 'warn' }),
    env: 'LOG_REQUEST_LEVEL',
    byDefault: fixed<LogLevel>('info'),
    description: 'Level of the entries of requests; those below `LOG_LEVEL` are not written.',
  }),
  bodies: setting({
    kind: oneOf(['none', 'requests', 'all']),
    env: 'LOG_BODIES',
    row: '1.19',
    byDefault: fixed<'none' | 'requests' | 'all'>('none'),
    description:
      'Writes the document and variables of each GraphQL request, with `all` also the answer: their form, words of enums, ids and numbers, never a secret or a text of a person.',
  }),
  slowStatementMs: setting({
    kind: integer(0, 3_600_000),
    env: 'LOG_SLOW_STATEMENT_MS',
    byDefault: fixed(500),
    description: 'SQL statements that take longer are logged without their values, milliseconds; 0 logs none.',
  }),
  file: setting({
    kind: optional(text(1024, 'path')),
    env: 'LOG_FILE',
    row: '2.6',
    byDefault: fixed<null>(null, 'none'),
    description:
      'Writes the log into files as well: `logs/gatehouse.log` becomes `logs/gatehouse.1.log`, `.2.log` and so on; relative to the working directory.',
  }),
  fileBytes: setting({
    kind: bytes(1024, 1024 * 1_048_576),
    env: 'LOG_FILE_SIZE',
    row: '2.6',
    byDefault: fixed(16 * 1_048_576, '`16mb`'),
    description: 'Size at which the next file is begun.',
  }),
  fileCount: setting({
    // One alone could not be begun anew without losing all of it.
    kind: integer(2, 1000),
    env: 'LOG_FILE_COUNT',
    row: '2.6',
    byDefault: fixed(10),
    description: 'Files that are kept, the present one included; the oldest is removed.',
  }),
};
