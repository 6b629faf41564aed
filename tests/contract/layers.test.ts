import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const rules = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
  readonly forbidden: readonly { readonly name: string }[];
};

/** One violation of each rule: who imports what. */
const violations: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'no-cycles': ['src/http/turn.ts', 'src/http/turn-back.ts'],
  'no-unknown-module': ['src/log.ts', 'no-such-package-anywhere'],
  'root-modules-know-nothing': ['src/errors.ts', 'src/log.ts'],
  'config-knows-no-layer': ['src/config/config.ts', 'src/clock.ts'],
  'crypto-is-pure': ['src/crypto/jwt.ts', 'src/config/config.ts'],
  'cache-knows-no-layer': ['src/cache/caches.ts', 'src/services/lease.service.ts'],
  'providers-know-no-layer': ['src/providers/outbound.ts', 'src/services/lease.service.ts'],
  'telemetry-knows-no-layer': ['src/telemetry/figures.ts', 'src/services/lease.service.ts'],
  'opentelemetry-in-one-file': ['src/start/tracing.ts', '@opentelemetry/api'],
  'core-knows-no-graphql': ['src/services/user.service.ts', 'graphql'],
  'core-knows-no-http': ['src/services/group.service.ts', 'src/http/server.ts'],
  'entities-know-no-service': ['src/entities/user.entity.ts', 'src/services/lease.service.ts'],
  'messages-know-no-service': ['src/messages/message-worker.ts', 'src/services/lease.service.ts'],
  'webhooks-know-no-service': ['src/webhooks/webhook-worker.ts', 'src/services/lease.service.ts'],
  'events-know-entities-only': ['src/events/recorder.ts', 'src/services/lease.service.ts'],
  'schema-holds-no-logic': ['src/schema/user.schema.ts', 'src/services/lease.service.ts'],
  'resolvers-stay-thin': ['src/resolvers/user.resolver.ts', 'src/permissions/grants.ts'],
  'permissions-know-no-database': ['src/permissions/judge.ts', 'src/entities/group.entity.ts'],
  'flows-are-data': ['src/flows/flow.ts', 'src/services/lease.service.ts'],
  'loaders-read-only': ['src/loaders/loaders.ts', 'src/services/lease.service.ts'],
  'tree-only-from-the-composition': ['src/http/metrics.ts', 'src/permissions/tree.ts'],
  'shield-in-one-file': ['src/http/playground.ts', 'graphql-shield'],
  'orm-in-its-layers': ['src/auth/authenticate.ts', '@mikro-orm/core'],
  'composition-at-the-top': ['src/explain/federation.ts', 'src/app.ts'],
  'source-knows-no-tests': ['src/cli/main.ts', 'tests/support/cast.ts'],
  'no-development-package': ['src/start/announce.ts', 'vitest'],
};

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-layers-'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'dir');
  for (const file of ['package.json', 'tsconfig.json']) symlinkSync(join(root, file), join(directory, file));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (file: string, text: string): void => {
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: 'a' });
};

const isFile = (target: string): boolean => target.endsWith('.ts');

const plant = (from: string, to: string): void => {
  const path = relative(dirname(from), to);
  const specifier = isFile(to) ? (path.startsWith('.') ? path : `./${path}`) : to;
  write(from, `import type {} from '${specifier}';\n`);
  if (isFile(to)) write(to, 'export {};\n');
};

const check = (where: string): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'scripts/layers.mjs'), where], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });

describe('the layers', () => {
  test('each rule finds its violation', async () => {
    expect(Object.keys(violations)).toStrictEqual(rules.forbidden.map(({ name }) => name));
    for (const [from, to] of Object.values(violations)) plant(from, to);
    plant('src/http/turn-back.ts', 'src/http/turn.ts');
    const { code, output } = await check(directory);
    const silent = Object.entries(violations).filter(
      ([rule, [from, to]]) => !output.includes(`error ${rule}: ${from} → `) || (isFile(to) && !output.includes(to)),
    );
    expect(silent).toStrictEqual([]);
    expect(code).toBe(1);
  });

  test('sources without a violation pass', async () => {
    plant('src/http/server.ts', 'src/services/health.service.ts');
    plant('src/services/health.service.ts', 'src/entities/lease.entity.ts');
    const { code, output } = await check(directory);
    expect(output).toContain('3 files, 2 imports');
    expect(code).toBe(0);
  });

  test('a check that looks at nothing fails', async () => {
    mkdirSync(join(directory, 'src'));
    const { code, output } = await check(directory);
    expect(output).toContain('there are no sources');
    expect(code).toBe(1);
  });
});
