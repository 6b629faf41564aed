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
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
}

const text = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
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
    expect(Object.keys(compose.services)).toStrictEqual(['gateway', 'migrate', 'postgres', 'redis', 'mail']);
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

  test('gives settings that exist, and that production accepts once the secrets are given', () => {
    const known = new Set(allSettings.map(({ setting }) => setting.env));
    expect(Object.keys(gateway).filter((name) => !known.has(name))).toStrictEqual([]);
    const given = {
      DATABASE_PASSWORD: 'f3a91c55e0b74d2e8c6a',
      MASTER_KEYS: `v1:${randomBytes(32).toString('base64')}`,
      METRICS_TOKEN: '0123456789abcdef0123456789abcdef',
    };
    const env = Object.fromEntries(Object.entries(gateway).map(([name, value]) => [name, filled(value, given)]));
    const config = loadConfig({ cwd: import.meta.dirname, env });
    expect(config.environment).toBe('production');
    expect(config.database.url?.reveal()).toContain('@postgres:5432/gatehouse');
  });

  test('does not start without the secrets', () => {
    for (const name of ['DATABASE_PASSWORD', 'MASTER_KEYS', 'METRICS_TOKEN']) {
      expect(() => filled(gateway[name] ?? '', {})).toThrow(`${name} is required`);
    }
  });
});
