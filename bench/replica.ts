import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { openReplica } from '../src/composition/open-database.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';
import { Database } from '../src/database/database.ts';
import { ReplicatedDatabase } from '../tests/support/replicated-database.ts';
import { ADMIN, loadDataset, PASSWORD } from './dataset.ts';

/**
 * What a replica takes off the primary while an administrator looks through lists: statements of requests, and the time that the
 * primary worked on them (`pg_stat_database.active_time`), without and with a replica, in turns.
 * Usage: npx tsx bench/replica.ts --users 20000 --rounds 100 --turns 3.
 */
const { values: options } = parseArgs({
  options: {
    users: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '100' },
    turns: { type: 'string', default: '3' },
  },
});
const [USERS, ROUNDS, TURNS] = [Number(options.users), Number(options.rounds), Number(options.turns)];

/** One round: what somebody asks for who opens the pages of an administration one after another. */
const DOCUMENTS = [
  '{ viewer { user { email } } }',
  '{ users(first: 50) { nodes { id displayName email status } totalCount } }',
  '{ users(first: 50, filter: { search: "user 1" }) { nodes { id displayName email status } totalCount } }',
  '{ groups(first: 25) { nodes { id name } totalCount } }',
  '{ sessions(first: 50) { nodes { id lastSeenAt } } }',
  '{ auditEvents(first: 50) { nodes { id action at } } }',
  '{ organizations(first: 25) { nodes { id name } } }',
] as const;

interface Turn {
  readonly statements: number;
  readonly onReplica: number;
  readonly primaryMs: number;
  readonly medianMs: number;
}

const post = async (url: string, query: string, headers: Readonly<Record<string, string>>): Promise<object> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data: object; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
};

const signIn = async (url: string): Promise<Readonly<Record<string, string>>> => {
  const input = `{ identifier: "${ADMIN}", password: "${PASSWORD}", delivery: BODY }`;
  const data = await post(url, `mutation { signIn(input: ${input}) { tokens { accessToken } } }`, {});
  const { signIn: answer } = data as { signIn: { tokens: { accessToken: string } } };
  return { authorization: `Bearer ${answer.tokens.accessToken}` };
};

/** Time that the database has worked so far; what a connection did is counted when it ends at the latest. */
const activeMs = async (databases: ReplicatedDatabase): Promise<number> => {
  const own = await Database.connect({ url: databases.primary.url('postgres'), poolSize: 1 });
  const [row] = await own.query<{ ms: number }>(
    `select active_time as ms from pg_stat_database where datname = 'gatehouse'`,
  );
  await own.close();
  return row?.ms ?? Number.NaN;
};

interface Gateway {
  readonly url: string;
  /** Statements so far. */
  readonly counts: () => { readonly primary: number; readonly replica: number };
  readonly close: () => Promise<void>;
}

const openGateway = async (databases: ReplicatedDatabase, withReplica: boolean): Promise<Gateway> => {
  const config = loadConfig({
    env: { APP_ENVIRONMENT: 'test', BASE_URL: 'http://localhost:4000', RATE_LIMITS: 'false' },
    assignments: [
      `database.url=${databases.url}`,
      ...(withReplica ? [`database.replicaUrl=${databases.replicaUrl}`] : []),
    ],
    cwd: tmpdir(),
  });
  const database = await Database.connect({ url: databases.url, poolSize: 10 });
  const replicaDatabase = await openReplica(config, () => undefined);
  const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
  const foundation = { config, database, masterKeys, clock: systemClock, log: () => undefined };
  const services = createServices({ ...foundation, ...(replicaDatabase === null ? {} : { replicaDatabase }) });
  await services.databaseReplica?.probe();
  const { app } = await createApp(foundation, services, pino({ level: 'silent' }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`,
    counts: () => ({ primary: database.statements.count, replica: replicaDatabase?.statements.count ?? 0 }),
    close: async () => {
      await app.close();
      await services.databaseReplica?.stop();
      await services.activity.flush();
      services.caches.close();
      await replicaDatabase?.close();
      await database.close();
    },
  };
};

const turn = async (databases: ReplicatedDatabase, withReplica: boolean): Promise<Turn> => {
  const { url, counts, close } = await openGateway(databases, withReplica);
  const headers = await signIn(url);
  for (const document of DOCUMENTS) await post(url, document, headers);
  const [before, active] = [counts(), await activeMs(databases)];
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const document of DOCUMENTS) {
      const began = performance.now();
      await post(url, document, headers);
      times.push(performance.now() - began);
    }
  }
  const after = counts();
  await close();
  return {
    statements: after.primary - before.primary,
    onReplica: after.replica - before.replica,
    primaryMs: (await activeMs(databases)) - active,
    medianMs: times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN,
  };
};

const databases = await ReplicatedDatabase.start();
try {
  const loader = await Database.connect({ url: databases.url, poolSize: 4 });
  await loadDataset(loader, USERS);
  await loader.close();
  console.log(`${USERS} users, ${ROUNDS} rounds of ${DOCUMENTS.length} requests`);
  const rows: object[] = [];
  for (let number = 0; number < TURNS; number += 1) {
    for (const withReplica of [false, true]) {
      const { statements, onReplica, primaryMs, medianMs } = await turn(databases, withReplica);
      const requests = ROUNDS * DOCUMENTS.length;
      rows.push({
        replica: withReplica,
        'statements of the primary, a request': (statements / requests).toFixed(2),
        'of the replica': (onReplica / requests).toFixed(2),
        'ms of the primary, a request': (primaryMs / requests).toFixed(3),
        'median ms of a request': medianMs.toFixed(2),
      });
    }
  }
  console.table(rows);
} finally {
  await databases.close();
}
