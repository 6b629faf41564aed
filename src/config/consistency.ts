import { isIP } from 'node:net';
import type { Secret } from '../crypto/secret.ts';
import { isLoopbackHost } from './addresses.ts';
import { type DatabaseTarget, ignoredParameters } from './database-url.ts';
import { providerContradictions, providerOddities } from './identity-providers.ts';
import { DEFAULT_ADMIN_HOST } from './settings-administration.ts';
import { eventContradictions, eventOddities } from './settings-events.ts';
import { shown } from './layers.ts';
import { mailContradictions, mailOddities } from './settings-mail.ts';
import { webhookOddities } from './settings-webhooks.ts';
import type { Config } from './settings.ts';

/** Settings that are sound one by one but not together. */
export const contradictions = (config: Config): readonly string[] => {
  const { keys, tokens, passwords } = config;
  const found: string[] = [
    ...mailContradictions(config.mail),
    ...providerContradictions(config.providers),
    ...eventContradictions(config),
  ];
  if (tokens.sessionIdleSeconds > tokens.sessionAbsoluteSeconds) {
    found.push(
      'tokens.sessionIdleSeconds: is longer than tokens.sessionAbsoluteSeconds; shorten it or lengthen the other',
    );
  }
  if (tokens.accessTtlSeconds > tokens.sessionIdleSeconds) {
    found.push('tokens.accessTtlSeconds: is longer than tokens.sessionIdleSeconds; shorten it or lengthen the other');
  }
  if (keys.rotationSeconds > 0 && keys.rotationSeconds < keys.publishAheadSeconds + 2 * tokens.accessTtlSeconds) {
    found.push(
      'keys.rotationSeconds: is shorter than a key is published and verifies afterwards; lengthen it or shorten keys.publishAheadSeconds',
    );
  }
  if (passwords.maximumBytes < passwords.minimumLength) {
    found.push(
      'passwords.maximumBytes: is below passwords.minimumLength, so no password fits; raise it or lower the other',
    );
  }
  return [
    ...found,
    ...captchaContradictions(config),
    ...tracingContradictions(config),
    ...reachContradictions(config),
    ...replicaContradictions(config),
    ...foreignOrigins(config),
  ];
};

/** A captcha that is set up and never asked for. */
const captchaContradictions = ({ captcha, rates }: Config): readonly string[] => {
  const { url, secret, afterFailures } = captcha;
  if (url === null) {
    return secret === null
      ? []
      : ['captcha.url: is missing beside captcha.secret, so nobody is asked; give CAPTCHA_URL or remove the other'];
  }
  if (secret === null)
    return [
      'captcha.secret: is missing beside captcha.url, so nobody is asked; give CAPTCHA_SECRET or remove the other',
    ];
  if (!rates.enabled)
    return [
      'captcha.url: nobody is asked while rates.enabled is off, for no failures are counted; remove one of the two',
    ];
  return afterFailures < rates.failures
    ? []
    : ['captcha.afterFailures: networks are refused before they are asked; set it below rates.failures'];
};

const tracingContradictions = ({ tracing: { endpoint } }: Config): readonly string[] =>
  endpoint?.endsWith('/v1/traces') === true
    ? ['tracing.endpoint: ends in /v1/traces, which is added to it; leave that out']
    : [];

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Two listeners in one place, and pages that are sent on to where they came from. */
const reachContradictions = ({ server, administration }: Config): readonly string[] => {
  const found: string[] = [];
  const overlap =
    server.host === administration.host || WILDCARDS.has(server.host) || WILDCARDS.has(administration.host);
  if (administration.port !== null && administration.port === server.port && server.port !== 0 && overlap) {
    found.push('administration.port: is the port of the first listener; give ADMIN_PORT another one');
  }
  if (server.forceHttps && server.baseUrl.startsWith('http:')) {
    found.push(
      'server.forceHttps: is on while server.baseUrl is clear http, where pages would be sent on to for ever; give an https BASE_URL or FORCE_HTTPS=false',
    );
  }
  return found;
};

const replicaContradictions = ({ database: { url, replicaUrl } }: Config): readonly string[] => {
  if (replicaUrl === null) return [];
  if (url === null) return ['database.replicaUrl: is a replica of nothing; give DATABASE_URL as well'];
  return url.reveal() === replicaUrl.reveal()
    ? ['database.replicaUrl: is the address of the database itself; give that of a replica, or remove it']
    : [];
};

/** A browser refuses a passkey for a domain that the page does not lie in (WebAuthn section 5.1.3). */
const foreignOrigins = ({ webauthn: { rpId, origins } }: Config): readonly string[] =>
  origins
    .filter((origin) => {
      const { hostname } = new URL(origin);
      return hostname !== rpId && !hostname.endsWith(`.${rpId}`);
    })
    .map((origin) => `webauthn.origins: ${origin} does not lie in ${rpId}; correct it or webauthn.rpId`);

const isClearRemote = (address: string): boolean => {
  const url = new URL(address);
  return url.protocol === 'http:' && !isLoopbackHost(url.hostname);
};

const isGuarded = ({ environment }: Config): boolean => environment === 'staging' || environment === 'production';

const databaseOddities = (config: Config, target: DatabaseTarget): readonly string[] => {
  const { tls } = config.database;
  const found: string[] = [];
  if (isGuarded(config) && tls === 'disable' && !target.isLoopback) {
    found.push(
      'database.tls: is disabled, so passwords and personal data travel readable to the database; set DATABASE_TLS=verify-full',
    );
  }
  if (target.tls !== null && target.tls !== tls) {
    found.push(`database.tls: sslmode=${target.tls} of the address is overruled by ${tls}; remove one of the two`);
  }
  return found;
};

const parameterOddities = (path: string, address: Secret<string> | null): readonly string[] =>
  (address === null ? [] : ignoredParameters(address.reveal())).map(
    (name) => `${path}: its parameter ${shown(name)} has no effect; remove it`,
  );

const addressOddities = (config: Config): readonly string[] => {
  const { baseUrl, corsOrigins } = config.server;
  const clearOrigins = isGuarded(config) ? corsOrigins.filter(isClearRemote) : [];
  const found = clearOrigins.map(
    (origin) => `server.corsOrigins: ${origin} is clear http; whoever is on the way can act as that application`,
  );
  if (!isClearRemote(baseUrl)) return found;
  return [
    'server.baseUrl: is clear http beyond this machine, so browsers refuse the session cookie; give an https address',
    ...found,
  ];
};

const reachOddities = (config: Config): readonly string[] => {
  const { administration, environment, server } = config;
  const { forceHttps, trustedProxies, plainHttpNetworks } = server;
  const found: string[] = [];
  // Production refuses to start with it.
  const isDeaf = forceHttps && trustedProxies.length === 0 && plainHttpNetworks.length === 0;
  if (isDeaf && environment !== 'production') {
    found.push(
      'server.forceHttps: is on, and no proxy is believed that says that a request came by https, so everything but this machine is refused; give TRUSTED_PROXIES, or FORCE_HTTPS=false',
    );
  }
  if (administration.port === null && administration.host !== DEFAULT_ADMIN_HOST) {
    found.push('administration.host: has no effect without administration.port; give ADMIN_PORT, or remove it');
  }
  return found;
};

const documentOddities = ({ server }: Config): readonly string[] =>
  server.trustedDocuments === 'only' && server.playground
    ? [
        'server.playground: is served, but only trusted documents are run; set PLAYGROUND=false or TRUSTED_DOCUMENTS=prefer',
      ]
    : [];

const replicaOddities = (config: Config, target: DatabaseTarget): readonly string[] => {
  const { tls } = config.database;
  const found: string[] = [];
  if (isGuarded(config) && tls === 'disable' && !target.isLoopback) {
    found.push(
      'database.replicaUrl: is beyond this machine while database.tls is disabled, so personal data travel readable; set DATABASE_TLS=verify-full',
    );
  }
  if (target.tls !== null && target.tls !== tls) {
    found.push(
      `database.replicaUrl: its sslmode=${target.tls} is overruled by database.tls, ${tls}; remove one of the two`,
    );
  }
  return found;
};

/** Settings that are allowed but open a door. `target` and `replica` are the databases with their `sslmode` as it was given. */
export const oddities = (
  config: Config,
  target: DatabaseTarget | null,
  replica: DatabaseTarget | null,
): readonly string[] => [
  ...(target === null ? [] : databaseOddities(config, target)),
  ...(replica === null ? [] : replicaOddities(config, replica)),
  ...parameterOddities('database.url', config.database.url),
  ...parameterOddities('database.replicaUrl', config.database.replicaUrl),
  ...addressOddities(config),
  ...reachOddities(config),
  ...documentOddities(config),
  ...mailOddities(config.mail, config.environment),
  ...providerOddities(config.providers),
  ...eventOddities(config.kafka),
  ...webhookOddities(config.webhooks),
  ...(isIP(config.webauthn.rpId) === 0
    ? []
    : ['webauthn.rpId: is an address, and browsers make passkeys for domains only; give a host name in BASE_URL']),
];
