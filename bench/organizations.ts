import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';
import { Database } from '../src/database/database.ts';
import { ADMINISTRATORS_GROUP_ID } from '../src/permissions/seeded-groups.ts';
import { readIdentifiers, saveNewUser } from '../src/services/new-user.ts';
import { growTree } from '../tests/support/organization-tree.ts';
import { startDatabase } from './database.ts';
import { machine, median, quantile } from './machine.ts';

/**
 * What the organization tree costs over HTTP, on a durable database of its own: ten thousand organizations, eight levels deep, and a
 * subtree of a thousand that is moved back and forth. Usage: tsx bench/organizations.ts [rounds]
 */
const rounds = Number(process.argv[2] ?? 50);
const WARM_UP = 10;
const password = 'correct horse battery staple';
const levels = JSON.stringify(Array.from({ length: 9 }, (_, index) => ({ name: `Level ${index}`, groups: [] })));

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-organizations-'));
const opened = await startDatabase(directory);
const database = await Database.connect({ url: opened.url, poolSize: 10 });
const config = loadConfig({
  env: { APP_ENVIRONMENT: 'test', RATE_LIMITS: 'false', PASSWORD_MEMORY_KIB: '8192', ORGANIZATION_LEVELS: levels },
  cwd: directory,
});
const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
const foundation = { config, database, masterKeys, clock: systemClock, log: () => undefined };
const services = createServices(foundation);
const server = await createApp(foundation, services, pino({ level: 'silent' }));
await server.app.listen({ host: '127.0.0.1', port: 0 });
const url = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}/graphql`;

let authorization = '';
const send = async <Data>(query: string, variables: object = {}): Promise<Data> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: Data; errors?: unknown };
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
};

const email = 'admin@bench.example';
const passwordHash = await services.hasher.hash(new Secret(password));
await database.transaction((em) =>
  saveNewUser(em, {
    displayName: 'Admin',
    locale: 'en',
    status: 'ACTIVE',
    identifiers: readIdentifiers({ email }).identifiers,
    verifiedAt: systemClock.now(),
    passwordHash,
    passwordChangeRequired: false,
    groupIds: [ADMINISTRATORS_GROUP_ID],
    addedById: null,
    now: systemClock.now(),
  }),
);
const { signIn } = await send<{ signIn: { tokens: { accessToken: string } } }>(
  'mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } errors { code } } }',
  { input: { identifier: email, password, delivery: 'BODY' } },
);
authorization = `Bearer ${signIn.tokens.accessToken}`;

const root = await growTree(database, { name: 'Forest', organizations: 9000, fanOut: 4, levels: 8 });
const other = await growTree(database, { name: 'Clearing', organizations: 1, fanOut: 1, levels: 1 });
const branch = await growTree(database, {
  name: 'Branch',
  organizations: 1000,
  fanOut: 4,
  levels: 7,
  parentId: root,
  level: 1,
});
const [leaf] = await database.query<{ id: string }>(
  'select descendant_id as id from organization_closure where ancestor_id = $1 and depth = 7 limit 1',
  [root],
);
await database.query('vacuum analyze');

const { organizations: middle } = await send<{ organizations: { pageInfo: { endCursor: string } } }>(
  '{ organizations(first: 100, filter: { levelIn: [6, 7] }) { pageInfo { endCursor } } }',
);
const move = (parentId: string): Promise<unknown> =>
  send('mutation ($input: MoveOrganizationInput!) { moveOrganization(input: $input) { errors { code } } }', {
    input: { id: branch, parentId },
  });

const WORK: Readonly<Record<string, (round: number) => Promise<unknown>>> = {
  'page of 100': () => send('{ organizations(first: 100) { nodes { id name version level { name } } } }'),
  'page of 100 of two levels, after a cursor': () =>
    send(
      'query ($after: String) { organizations(first: 100, after: $after, filter: { levelIn: [6, 7] }) { nodes { id } } }',
      {
        after: middle.pageInfo.endCursor,
      },
    ),
  'page of 25 with parents, groups, children and members': () =>
    send(`{ organizations { nodes { id parent { id } ancestors { id } groups { id } children(first: 5) { nodes { id } }
      members(first: 5) { nodes { id } } } } }`),
  'tree, two levels': () => send('{ organizationTree { nodes { organization { id name } childCount } } }'),
  'tree, eight levels, 1,000 nodes': () =>
    send('{ organizationTree(depth: 8) { truncated nodes { organization { id name } childCount } } }'),
  'those above a leaf': () =>
    send('query ($id: ID!) { organization(id: $id) { ancestors { id name } } }', { id: leaf?.id }),
  'move of 1,000': (round) => move(round % 2 === 0 ? other : root),
};

const figures: Record<string, object> = {};
for (const [name, work] of Object.entries(WORK)) {
  const times: number[] = [];
  for (let round = 0; round < rounds + WARM_UP; round += 1) {
    const began = performance.now();
    await work(round);
    if (round >= WARM_UP) times.push(performance.now() - began);
  }
  figures[name] = { medianMs: Number(median(times).toFixed(2)), p95Ms: Number(quantile(times, 0.95).toFixed(2)) };
}
console.log(JSON.stringify({ machine: machine(), postgres: opened.version, rounds, figures }, null, 2));
await server.app.close();
await database.close();
await opened.stop();
rmSync(directory, { recursive: true, force: true });
