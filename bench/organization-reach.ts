import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type BenchDatabase, startDatabase } from './database.ts';
import { ADMIN, loadDataset, PASSWORD } from './dataset.ts';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';
import type { Database } from '../src/database/database.ts';

/**
 * What a page of 100 users costs an administrator of one organization, against one whom nothing limits: over HTTP, in interleaved
 * rounds so that what else the machine does hits all alike. A tree of 10,000 organizations (one owner, 10 distributors, 300
 * resellers, the others customers); every user is a member of one customer. Usage: tsx bench/organization-reach.ts [users] [pages]
 */
const users = Number(process.argv[2] ?? 100_000);
const pages = Number(process.argv[3] ?? 100);

const ORGANIZATIONS = 10_000;
const DISTRIBUTORS = 10;
const RESELLERS = 300;

/** Numbered from 0: the owner, then distributors, resellers and customers, each below those before in turn. */
const insertOrganizations = `
with numbered as (
  select n, gen_random_uuid() as id,
    case when n = 0 then 0 when n <= ${DISTRIBUTORS} then 1 when n <= ${DISTRIBUTORS + RESELLERS} then 2 else 3 end as level,
    case when n = 0 then null when n <= ${DISTRIBUTORS} then 0
      when n <= ${DISTRIBUTORS + RESELLERS} then 1 + n % ${DISTRIBUTORS} else ${DISTRIBUTORS + 1} + n % ${RESELLERS} end as parent
  from generate_series(0, ${ORGANIZATIONS - 1}) n
), made as (
  insert into organizations (id, version, name, name_key, level, parent_id, created_at, updated_at)
  select o.id, 1, 'Organization ' || o.n, 'organization ' || o.n, o.level, p.id, now(), now()
  from numbered o left join numbered p on p.n = o.parent order by o.level
)
select array_agg(id::text order by n) as ids, array_agg(parent order by n) as parents from numbered`;

const insertClosure = `
with recursive up as (
  select id as descendant_id, id as ancestor_id, 0 as depth from organizations
  union all
  select up.descendant_id, o.parent_id, up.depth + 1 from up join organizations o on o.id = up.ancestor_id where o.parent_id is not null
)
insert into organization_closure (ancestor_id, descendant_id, depth) select ancestor_id, descendant_id, depth from up`;

/** Spread over the customers in an order that has nothing to do with when the accounts were made. */
const insertMembers = `
with customers as (
  select id, row_number() over (order by name) - 1 as n from organizations where level = 3
), people as (
  select id, row_number() over (order by md5(id::text)) - 1 as n from users
)
insert into organization_members (user_id, organization_id, joined_at)
select p.id, c.id, now() from people p join customers c on c.n = p.n % (select count(*) from customers)`;

/** Somebody with the password of all, who administers the organization `$2` and all below it. `$1` address. */
const insertAdministrator = `
with made as (
  insert into users (id, display_name, email, email_verified_at, status, created_at, updated_at)
  values (gen_random_uuid(), 'Administrator', $1, now(), 'ACTIVE', now(), now()) returning id
), named as (
  insert into identifiers (id, user_id, kind, value, exclusive, verified_at, created_at)
  select gen_random_uuid(), id, 'EMAIL', $1, true, now(), now() from made
), secret as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select gen_random_uuid(), m.id, 'PASSWORD', c.secret, now(), now() from made m,
    (select secret from credentials where type = 'PASSWORD' limit 1) c
), joined as (
  insert into organization_members (user_id, organization_id, joined_at) select id, $2, now() from made
)
insert into memberships (id, user_id, group_id, organization_id, added_at)
select gen_random_uuid(), m.id, g.id, $2, now() from made m, groups g where g.name = 'Administrators'`;

const PLACES = {
  owner: 0,
  distributor: 1,
  reseller: DISTRIBUTORS + 1,
  customer: DISTRIBUTORS + RESELLERS + 1,
} as const;

const loadTree = async (database: Database): Promise<readonly string[]> => {
  const [row] = await database.query<{ ids: string[] }>(insertOrganizations);
  await database.query(insertClosure);
  await database.query(insertMembers);
  for (const [name, number] of Object.entries(PLACES)) {
    await database.query(insertAdministrator, [`${name}@bench.example`, row?.ids[number]]);
  }
  await database.query('analyze');
  return row?.ids ?? [];
};

const LIST = `query ($after: String) { users(first: 100, after: $after) {
  nodes { id displayName email status createdAt lastSignInAt } pageInfo { hasNextPage endCursor } } }`;

interface Subject {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly times: number[];
  rows: number;
}

const post = async (url: string, headers: Readonly<Record<string, string>>, query: string, variables: object) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: never; errors?: unknown };
  if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
};

const signIn = async (url: string, name: string, identifier: string): Promise<Subject> => {
  const data: { signIn: { tokens: { accessToken: string } } } = await post(
    url,
    {},
    'mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } } }',
    { input: { identifier, password: PASSWORD, delivery: 'BODY' } },
  );
  return { name, headers: { authorization: `Bearer ${data.signIn.tokens.accessToken}` }, times: [], rows: 0 };
};

const page = async (url: string, subject: Subject): Promise<void> => {
  const from = performance.now();
  const data: { users: { nodes: object[] } } = await post(url, subject.headers, LIST, {});
  subject.times.push(performance.now() - from);
  subject.rows = data.users.nodes.length;
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

const measure = async (bench: BenchDatabase): Promise<void> => {
  const config = loadConfig({
    env: { APP_ENVIRONMENT: 'test', BASE_URL: 'http://localhost:4000', RATE_LIMITS: 'false' },
    assignments: [],
    cwd: tmpdir(),
  });
  const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
  const foundation = { config, database: bench.database, masterKeys, clock: systemClock, log: () => undefined };
  const services = createServices(foundation);
  const { app } = await createApp(foundation, services, pino({ level: 'silent' }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`;
    const subjects = [
      await signIn(url, 'unrestricted', ADMIN),
      ...(await Promise.all(Object.keys(PLACES).map((name) => signIn(url, name, `${name}@bench.example`)))),
    ];
    for (let round = 0; round < 20; round += 1) for (const subject of subjects) await page(url, subject);
    for (const subject of subjects) subject.times.length = 0;
    for (let round = 0; round < pages; round += 1) for (const subject of subjects) await page(url, subject);
    const unrestricted = median(subjects[0]?.times ?? []);
    console.log(`${users} users, ${ORGANIZATIONS} organizations, PostgreSQL ${bench.version}, ${pages} pages each`);
    console.table(
      subjects.map(({ name, times, rows }) => ({
        administrator: name,
        rows,
        'median ms': median(times).toFixed(2),
        'of unrestricted': (median(times) / unrestricted).toFixed(2),
      })),
    );
  } finally {
    await app.close();
    await services.activity.flush();
  }
};

const work = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const bench = await startDatabase(work);
try {
  await loadDataset(bench.database, users);
  await loadTree(bench.database);
  await measure(bench);
} finally {
  await bench.stop();
  rmSync(work, { recursive: true, force: true });
}
