import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { Database } from '../../../src/database/database.ts';
import { SchemaMigrator } from '../../../src/database/migrator.ts';
import { LeaseService } from '../../../src/services/lease.service.ts';
import { ask, build, freePort, Place, type ServerProcess } from '../process/server-process.ts';

const executable = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path));
const NOBODY = 65_534;
/** What the manual tells to set for each new connection, in a time that a test can wait for. */
const connectQuery = 'set statement_timeout = 3000';
/** Fewer than the requests at once, so that they take turns on the same connections. */
const SERVER_CONNECTIONS = 3;
const PASSWORD = 'correct horse battery staple';

describe.skipIf(executable === undefined)('behind PgBouncer in transaction mode (needs pgbouncer)', () => {
  const name = `pooled_${randomBytes(6).toString('hex')}`;
  let directory: string;
  let pooler: ChildProcess;
  let url: string;
  let direct: Database;
  let admin: Database;
  const opened: Database[] = [];
  let place: Place;
  const settings = (): Record<string, string> => ({
    DATABASE_URL: url,
    DATABASE_POOLER: 'transaction',
    DATABASE_POOL_SIZE: '10',
    MASTER_KEYS: masterKeys,
    // Tokens of one replica are for the other one, too.
    BASE_URL: 'http://localhost:4000',
    RATE_LIMITS: 'false',
    LOCKOUT_FAILURES: '100',
  });
  const masterKeys = `v1:${randomBytes(32).toString('base64')}`;

  const pooled = async (): Promise<Database> => {
    const database = await Database.connect({ url, poolSize: 5, statementTimeoutMs: 2000, pooler: 'transaction' });
    opened.push(database);
    return database;
  };

  const listens = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });

  beforeAll(async () => {
    build();
    place = new Place();
    const target = new URL(inject('adminUrl'));
    admin = await Database.connect({ url: target.href, poolSize: 1 });
    await admin.query(`create database ${name}`);
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-pgbouncer-'));
    const port = await freePort();
    const [user, password] = [decodeURIComponent(target.username), decodeURIComponent(target.password)];
    await writeFile(join(directory, 'users.txt'), `"${user}" "${password}"\n`);
    await writeFile(
      join(directory, 'pgbouncer.ini'),
      `[databases]
${name} = host=127.0.0.1 port=${target.port} dbname=${name} connect_query='${connectQuery}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(directory, 'users.txt')}
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 200
`,
    );
    const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    await chmod(directory, 0o755);
    if ('uid' in identity) await chown(join(directory, 'users.txt'), NOBODY, NOBODY);
    pooler = spawn(executable ?? '', ['-q', join(directory, 'pgbouncer.ini')], { stdio: 'ignore', ...identity });
    for (let tries = 0; tries < 100 && !(await listens(port)); tries += 1) await sleep(50);
    const through = new URL(target.href);
    through.port = String(port);
    through.pathname = `/${name}`;
    url = through.href;
    target.pathname = `/${name}`;
    direct = await Database.connect({ url: target.href, poolSize: 1 });
  });

  afterAll(async () => {
    await place.remove();
    for (const database of opened) await database.close();
    const ended = new Promise((resolve) => pooler.once('exit', resolve));
    pooler.kill('SIGKILL');
    await ended;
    await direct.close();
    await admin.query(`drop database ${name} with (force)`);
    await admin.close();
    await rm(directory, { recursive: true, force: true });
  });

  test('says what to set where a connection with parameters of its own is refused', async () => {
    const server = await place.start({ ...settings(), DATABASE_POOLER: 'none' });
    expect((await server.ended).code).toBe(1);
    expect(server.err()).toContain('set DATABASE_POOLER=transaction');
  });

  test('migrations run once, whoever comes at the same time', async () => {
    const migrators = await Promise.all([1, 2, 3].map(async () => new SchemaMigrator(await pooled())));
    const applied = await Promise.all(migrators.map((migrator) => migrator.up()));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await migrators[0]?.pending()).toEqual([]);
    await migrators[0]?.check();
  });

  test('a lease has one holder, and the next one when it is given up', async () => {
    const services = await Promise.all(
      [1, 2, 3, 4].map(async () => new LeaseService({ database: await pooled(), clock: systemClock })),
    );
    const taken = await Promise.all(services.map((service) => service.take('pooled', 60)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('nothing that one statement sets is left for the next one, and statements are bounded from both sides', async () => {
    const database = await pooled();
    const times = await Promise.all(
      Array.from({ length: 12 }, () =>
        database.transaction(async (em) => {
          const rows: { value: string }[] = await em
            .getConnection()
            .execute(`select set_config('lock_timeout', '77ms', true) as value`, [], 'all', em.getTransactionContext());
          return rows[0]?.value;
        }),
      ),
    );
    expect(new Set(times)).toEqual(new Set(['77ms']));
    const left = await Promise.all(
      Array.from({ length: 12 }, () =>
        database.query<{ value: string }>(`select current_setting('lock_timeout') as value`),
      ),
    );
    expect(new Set(left.flat().map(({ value }) => value))).toEqual(new Set(['0']));
    const bounds = await database.query<{ value: string }>(`select current_setting('statement_timeout') as value`);
    expect(bounds).toEqual([{ value: '3s' }]);
    await expect(database.query('select pg_sleep(10)')).rejects.toThrow(/timeout/);
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('two replicas sign in, refresh, read and change, many at once on a few connections', async () => {
    const replicas: ServerProcess[] = [await place.start(settings()), await place.start(settings())];
    for (const replica of replicas) await replica.ready();
    const token = replicas.map((one) => /setUpFirstAdmin token: (ghs_\w+)/.exec(one.out())?.[1]).findLast(Boolean);
    const [first, second] = replicas;
    if (first === undefined || second === undefined) throw new Error('No replicas.');
    const input = {
      setupToken: token,
      email: 'first@pooled.example',
      displayName: 'First',
      password: PASSWORD,
      delivery: 'BODY',
    };
    const made = await ask(
      first,
      'mutation($input: SetUpFirstAdminInput!) { setUpFirstAdmin(input: $input) { step } }',
      { input },
    );
    expect(made).toEqual({ setUpFirstAdmin: { step: 'COMPLETE' } });
    let widest = 0;
    let looking: Promise<unknown> = Promise.resolve();
    const watching = setInterval(() => {
      looking = direct
        .query<{ count: number }>(
          `select count(*)::int as count from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()
             and backend_type = 'client backend'`,
          [name],
        )
        .then(([row]) => (widest = Math.max(widest, row?.count ?? 0)));
    }, 50);
    const one = async (number: number): Promise<unknown> => {
      const here = number % 2 === 0 ? first : second;
      const there = number % 2 === 0 ? second : first;
      const signIn = { identifier: 'first@pooled.example', password: PASSWORD, delivery: 'BODY' };
      const began = await ask(
        here,
        'mutation($input: SignInInput!) { signIn(input: $input) { tokens { refreshToken } } }',
        { input: signIn },
      );
      const { tokens } = began['signIn'] as { tokens: { refreshToken: string } };
      const renewed = await ask(
        there,
        'mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { tokens { accessToken } } }',
        { input: tokens },
      );
      const { accessToken } = (renewed['refreshSession'] as { tokens: { accessToken: string } }).tokens;
      const bearer = { authorization: `Bearer ${accessToken}` };
      const created = await ask(
        here,
        'mutation($input: CreateGroupInput!) { createGroup(input: $input) { group { id } errors { code } } }',
        { input: { name: `Group ${number}` } },
        bearer,
      );
      expect(created).toMatchObject({ createGroup: { errors: [] } });
      const { group } = created['createGroup'] as { group: { id: string } };
      // People are read by a cursor.
      const tried = await ask(
        there,
        'mutation($input: DeleteGroupInput!) { deleteGroup(input: $input) { preview { affectedCount verdicts { code } } } }',
        { input: { id: group.id, dryRun: true } },
        bearer,
      );
      expect(tried).toEqual({ deleteGroup: { preview: { affectedCount: 0, verdicts: [] } } });
      const read = await ask(there, '{ viewer { user { email } } groups(first: 100) { totalCount } }', {}, bearer);
      await ask(here, 'mutation { signOut(input: {}) { errors { code } } }', {}, bearer);
      return (read['viewer'] as { user: unknown }).user;
    };
    const answers = await Promise.all(Array.from({ length: 24 }, (_, number) => one(number)));
    clearInterval(watching);
    await looking;
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"email":"first@pooled.example"}']),
    );
    const [groups] = await direct.query<{ count: number }>(
      `select count(*)::int as count from groups where name like 'Group %'`,
    );
    expect(groups).toEqual({ count: 24 });
    expect(widest).toBeGreaterThan(0);
    expect(widest).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    const log = replicas.map((replica) => replica.out() + replica.err()).join('\n');
    expect(log).not.toContain('no statement_timeout holds');
    expect(log).not.toMatch(/prepared statement|"level":50/);
    for (const replica of replicas) expect((await replica.stop()).code).toBe(0);
  });
});
