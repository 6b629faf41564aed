import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { createServices } from '../src/composition/services.ts';
import { systemClock } from '../src/clock.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';
import { Database } from '../src/database/database.ts';
import { MEMBERS_GROUP_ID } from '../src/permissions/seeded-groups.ts';
import { readIdentifiers, saveNewUser } from '../src/services/new-user.ts';
import { startDatabase } from './database.ts';
import { machine, median, quantile } from './machine.ts';

/**
 * Whether the time of an answer tells strangers which addresses have accounts: each operation with a known and with an unknown
 * address in turn, in random order, each address once. Fails unless the medians lie within 2 % or 1 ms of each other. A second
 * series of unknown addresses shows how far apart equal things are on this machine now: a difference below that says nothing.
 * Hashes are small, so that what does not depend on them shows; a hash too many or too few still does.
 * Usage: tsx bench/enumeration.ts [tries of each kind] [operation ...]
 */
const tries = Number(process.argv[2] ?? 200);
const wanted = process.argv.slice(3);
const WARM_UP = 20;
const password = 'correct horse battery staple';

const OPERATIONS: Readonly<Record<string, (email: string) => Readonly<Record<string, unknown>>>> = {
  signIn: (email) => ({ identifier: email, password: 'not the password of anybody' }),
  requestSignInCode: (email) => ({ identifier: email }),
  signUp: (email) => ({ email, password }),
  requestPasswordReset: (email) => ({ email }),
};

const operations = Object.keys(OPERATIONS).filter((name) => wanted.length === 0 || wanted.includes(name));

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-enumeration-'));
const opened = await startDatabase(directory);
const config = loadConfig({
  env: { APP_ENVIRONMENT: 'test', SIGN_UP_MODE: 'OPEN', RATE_LIMITS: 'false', PASSWORD_MEMORY_KIB: '8192' },
  cwd: directory,
});
const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
const database = await Database.connect({ url: opened.url, poolSize: 10 });
const foundation = { config, database, masterKeys, clock: systemClock, log: () => undefined };
const services = createServices(foundation);
const server = await createApp(foundation, services, pino({ level: 'silent' }));
await server.app.listen({ host: '127.0.0.1', port: 0 });
const url = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}/graphql`;

const KINDS = ['known', 'unknown', 'control'] as const;
type Kind = (typeof KINDS)[number];

const addressOf = (kind: Kind, operation: string, index: number): string =>
  `${kind}-${operation.toLowerCase()}-${index}@example.com`;

const passwordHash = await services.hasher.hash(new Secret(password));
for (const operation of operations) {
  for (let index = 0; index < tries + WARM_UP; index += 1) {
    const now = systemClock.now();
    await database.transaction((em) =>
      saveNewUser(em, {
        displayName: 'Somebody',
        locale: 'en',
        status: 'ACTIVE',
        identifiers: readIdentifiers({ email: addressOf('known', operation, index) }).identifiers,
        verifiedAt: now,
        passwordHash,
        passwordChangeRequired: false,
        groupIds: [MEMBERS_GROUP_ID],
        addedById: null,
        now,
      }),
    );
  }
}
await database.query('analyze');

/** Milliseconds until the whole answer is there. */
const ask = async (operation: string, email: string): Promise<number> => {
  const name = `${operation.charAt(0).toUpperCase()}${operation.slice(1)}Input`;
  const body = JSON.stringify({
    query: `mutation ($input: ${name}!) { ${operation}(input: $input) { errors { code } } }`,
    variables: { input: OPERATIONS[operation]?.(email) },
  });
  const from = performance.now();
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const answer = (await response.json()) as { readonly errors?: unknown };
  const elapsed = performance.now() - from;
  if (answer.errors !== undefined) throw new Error(`${operation}: ${JSON.stringify(answer.errors)}`);
  return elapsed;
};

const measure = async (operation: string) => {
  const times: Record<Kind, number[]> = { known: [], unknown: [], control: [] };
  for (let index = 0; index < tries + WARM_UP; index += 1) {
    const order = KINDS.map((kind) => [Math.random(), kind] as const).toSorted(([a], [b]) => a - b);
    for (const [, kind] of order) {
      const elapsed = await ask(operation, addressOf(kind, operation, index));
      if (index >= WARM_UP) times[kind].push(elapsed);
    }
  }
  const [known, unknown] = [median(times.known), median(times.unknown)];
  const difference = Math.abs(known - unknown);
  const noise = Math.abs(median(times.control) - unknown);
  const isEven = difference <= Math.max(1, Math.max(known, unknown) * 0.02);
  const tails = [quantile(times.known, 0.9), quantile(times.unknown, 0.9)];
  return { operation, figures: [known, unknown, difference, noise, ...tails], isEven, isNoisy: noise >= difference };
};

const ms = (value: number | undefined): string => (value ?? Number.NaN).toFixed(2).padStart(9);
process.stdout.write(`${machine()}, ${tries} tries of each kind, milliseconds\n`);
process.stdout.write('operation               known    unknown difference  unkn.again  p90 known p90 unknown\n');
let isEven = true;
try {
  for (const operation of operations) {
    const row = await measure(operation);
    isEven &&= row.isEven;
    const verdict = row.isEven ? 'even' : row.isNoisy ? 'NOISE' : 'TELLS';
    process.stdout.write(`${operation.padEnd(20)}${row.figures.map(ms).join('  ')}  ${verdict}\n`);
  }
} finally {
  await server.app.close();
  await database.close();
  await opened.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = isEven ? 0 : 1;
