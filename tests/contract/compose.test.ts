import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config.ts';
import { allSettings } from '../../src/config/settings.ts';

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly ipam?: { readonly config: readonly unknown[] } } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly 'x-required': readonly string[];
}

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

/** The words of the Compose specification that are used here: a misspelt one would be passed over by nobody but the person. */
const WORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  top: new Set(['name', 'services', 'networks', 'volumes', 'x-gateway', 'x-required']),
  service: new Set(
    `build image env_file environment networks read_only tmpfs cap_drop security_opt restart depends_on ports stop_grace_period
     healthcheck command volumes shm_size profiles`.split(/\s+/),
  ),
  healthcheck: new Set(['test', 'interval', 'timeout', 'retries', 'start_period']),
};
const PROFILES = ['development', 'staging', 'production'] as const;

/** A file of NAME=value lines, without comments. */
const envFile = (path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
const compose = parse(text, { merge: true, strict: true }) as Compose;
const services = Object.entries(compose.services);

const gateway = compose.services['gateway']?.environment ?? {};

const VARIABLE = /\$\{(\w+)(?::([?-])([^}]*))?\}/g;

/** What compose makes of a value: given variables, else the default behind `:-`; a required one must be given. */
const filled = (value: string, given: Readonly<Record<string, string>>): string =>
  value.replaceAll(VARIABLE, (_all, name: string, operator: string | undefined, rest: string | undefined) => {
    const found = given[name];
    if (found !== undefined) return found;
    if (operator === '-') return rest ?? '';
    throw new Error(`${name} is required`);
  });

describe('docker-compose.yml', () => {
  test('holds the gateway, its servers and one migration job', () => {
    expect(Object.keys(compose.services)).toStrictEqual(['gateway', 'migrate', 'postgres', 'redis', 'mail', 'kafka']);
  });

  test('uses words of the specification only', () => {
    const unknown = (words: ReadonlySet<string> | undefined, given: object): readonly string[] =>
      Object.keys(given).filter((word) => words?.has(word) !== true);
    expect(unknown(WORDS['top'], compose)).toStrictEqual([]);
    for (const [name, service] of services) {
      expect([name, unknown(WORDS['service'], service)]).toStrictEqual([name, []]);
      expect([name, unknown(WORDS['healthcheck'], service.healthcheck ?? {})]).toStrictEqual([name, []]);
    }
  });

  test('has catchers of mail and events beside those that need none, and nothing else that a profile leaves out', () => {
    const optional = services.filter(([, { profiles }]) => profiles !== undefined);
    expect(optional.map(([name, { profiles }]) => [name, profiles])).toStrictEqual([
      ['mail', ['development', 'staging']],
      ['kafka', ['development', 'staging']],
    ]);
  });

  test.each(services)('%s refers only to what is declared', (_name, service) => {
    const depends = Object.keys(service.depends_on ?? {});
    const volumes = (service.volumes ?? []).map((volume) => volume.slice(0, volume.indexOf(':')));
    expect(depends.filter((other) => !(other in compose.services))).toStrictEqual([]);
    expect(volumes.filter((volume) => !(volume in compose.volumes))).toStrictEqual([]);
    expect(service.networks.filter((network) => !(network in compose.networks))).toStrictEqual([]);
    expect((service.secrets ?? []).filter((secret) => !(secret in (compose.secrets ?? {})))).toStrictEqual([]);
  });

  test.each(services)('%s waits only for what can become what it waits for', (_name, service) => {
    const wrong = Object.entries(service.depends_on ?? {}).filter(([other, { condition }]) => {
      const awaited = compose.services[other];
      if (awaited?.profiles !== undefined) return true;
      return condition === 'service_healthy' ? awaited?.healthcheck === undefined : awaited?.command === undefined;
    });
    expect(wrong).toStrictEqual([]);
  });

  test('declares nothing that no service uses', () => {
    const networks = new Set(services.flatMap(([, service]) => service.networks));
    const volumes = new Set(
      services.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(':')[0]),
    );
    expect(Object.keys(compose.networks).filter((network) => !networks.has(network))).toStrictEqual([]);
    expect(Object.keys(compose.volumes).filter((volume) => !volumes.has(volume))).toStrictEqual([]);
  });

  test('names a version of every image', () => {
    const unpinned = services.filter(([, { image }]) => !/:v?\d+\.\d+(?:\.\d+)?(?:-[a-z]+)?$/.test(image));
    expect(unpinned.map(([name]) => name)).toStrictEqual([]);
  });

  test('publishes ports on loopback only, and no port of the database', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toStrictEqual([]);
    expect(compose.services['postgres']?.ports).toBeUndefined();
    expect(compose.services['redis']?.ports).toBeUndefined();
  });

  test('has no secret of its own and no default for one', () => {
    const secret = services.flatMap(([name, { environment }]) =>
      Object.entries(environment ?? {})
        .filter(([key]) => /PASSWORD|KEYS|TOKEN|SECRET/.test(key))
        .map((entry) => [name, ...entry]),
    );
    const names = secret.map(([, key]) => key);
    expect(names).toStrictEqual(
      expect.arrayContaining(['DATABASE_PASSWORD', 'MASTER_KEYS', 'METRICS_TOKEN', 'POSTGRES_PASSWORD']),
    );
    // what may be missing (a password of a mail server) is empty then
    expect(secret.filter(([, , value]) => !/^\$\{\w+:(?:\?[^}]+|-)\}$/.test(value ?? ''))).toStrictEqual([]);
  });

  test('migrates before any gateway starts, with the settings of the gateway', () => {
    const { gateway: served, migrate } = compose.services;
    expect(served?.depends_on?.['migrate']?.condition).toBe('service_completed_successfully');
    expect(migrate?.environment).toStrictEqual(served?.environment);
    expect(migrate?.image).toBe(served?.image);
  });

  const given = {
    DATABASE_PASSWORD: 'f3a91c55e0b74d2e8c6a',
    MASTER_KEYS: `v1:${randomBytes(32).toString('base64')}`,
    METRICS_TOKEN: '0123456789abcdef0123456789abcdef',
  };
  const known = new Set(allSettings.map(({ setting }) => setting.env));

  test.each(PROFILES)('gives the gateway of %s settings that exist and that it starts with', (profile) => {
    const paths = (compose.services['gateway']?.env_file ?? []).map(({ path }) =>
      filled(path, { COMPOSE_PROFILES: profile }),
    );
    expect(paths).toStrictEqual([`deploy/compose/${profile}.env`, '.env']);
    const own = envFile(paths[0] ?? '');
    expect([...Object.keys(own), ...Object.keys(gateway)].filter((name) => !known.has(name))).toStrictEqual([]);
    expect(Object.keys(own).filter((name) => /PASSWORD|KEYS|TOKEN|SECRET/.test(name))).toStrictEqual([]);
    const fixed = Object.fromEntries(Object.entries(gateway).map(([name, value]) => [name, filled(value, given)]));
    const config = loadConfig({ cwd: import.meta.dirname, env: { ...own, ...fixed } });
    expect(config.environment).toBe(profile);
    // published by the container, so it must not listen on its own loopback
    expect(config.server.host).toBe('0.0.0.0');
    expect(config.database.url?.reveal()).toContain('@postgres:5432/gatehouse');
    const { mail, kafka } = config;
    const hosts = [mail.smtpHost, ...kafka.brokers.map((broker) => broker.split(':')[0])].filter(
      (host) => host !== null,
    );
    expect(hosts.filter((host) => compose.services[host ?? '']?.profiles?.includes(profile) !== true)).toStrictEqual(
      [],
    );
    expect(hosts).toHaveLength(profile === 'production' ? 0 : 2);
  });

  test('without a profile it is production', () => {
    expect(filled(compose.services['gateway']?.env_file?.[0]?.path ?? '', {})).toBe('deploy/compose/production.env');
  });

  test('waits longer for the gateway to stop than that takes', () => {
    const { server } = loadConfig({
      cwd: import.meta.dirname,
      env: {
        ...envFile('deploy/compose/production.env'),
        BASE_URL: 'http://localhost:4000',
        DATABASE_URL: 'postgresql:///d?host=/run',
        ...given,
      },
    });
    const wait = Number.parseInt(compose.services['gateway']?.stop_grace_period ?? '0', 10);
    expect(wait).toBeGreaterThan(server.shutdownDelaySeconds + server.shutdownGraceSeconds + 5);
  });

  test('does not start without the secrets', () => {
    const names = ['DATABASE_PASSWORD', 'MASTER_KEYS', 'METRICS_TOKEN'];
    for (const name of names) expect(() => filled(gateway[name] ?? '', {})).toThrow(`${name} is required`);
    // podman-compose 1.3 puts `environment` before what it fills it with, so a variable that refers to its own name is its text
    const asked = compose['x-required'].map((value) => value.slice(2, value.indexOf(':')));
    expect(asked).toStrictEqual(names);
    const defaulted = services.flatMap(([, { environment }]) =>
      Object.entries(environment ?? {}).filter(([key, value]) => value.startsWith(`\${${key}:-`)),
    );
    expect(defaulted).toStrictEqual([]);
  });

  test('holds what it publishes and asks after: no line of .env moves the port or the address inside', () => {
    const { gateway: served } = compose.services;
    expect(served?.environment).toMatchObject({ HOST: '0.0.0.0', PORT: '4000' });
    expect(served?.ports).toStrictEqual([expect.stringMatching(/:4000$/)]);
    expect(served?.healthcheck?.test.at(-1)).toContain('http://127.0.0.1:4000/readyz');
  });

  test('gives proxies on this machine one address, which TRUSTED_PROXIES can name', () => {
    expect(compose.networks['web']?.ipam?.config).toStrictEqual([{ subnet: '${WEB_SUBNET:-172.30.40.0/24}' }]);
    expect(readFileSync(join(root, 'docs/operations.md'), 'utf8')).toContain('TRUSTED_PROXIES=172.30.40.1');
  });

  test('keeps what Kafka writes in its volume', () => {
    const { kafka } = compose.services;
    expect(kafka?.volumes).toStrictEqual([`kafka:${kafka?.environment?.['KAFKA_LOG_DIRS'] ?? ''}`]);
  });

  test('has every profile that the documents name', () => {
    const texts = ['README.md', 'docs/mail.md', 'docs/operations.md'].map((file) =>
      readFileSync(join(root, file), 'utf8'),
    );
    const named = texts.flatMap((one) =>
      [...one.matchAll(/(?:--profile |COMPOSE_PROFILES=)(\w+)/g)].map(([, name]) => name),
    );
    expect(named).not.toHaveLength(0);
    expect(named.filter((name) => !PROFILES.some((profile) => profile === name))).toStrictEqual([]);
  });
});
