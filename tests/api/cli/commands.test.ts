import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { productionEnv } from '../../unit/config/working-directory.ts';
import { type Cluster, startCluster } from './cli-fixture.ts';
import { FOUNDATION, GROUPS, IDENTITIES, LATER } from './migrations-bench.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const count = async (url: string, table: string): Promise<number> =>
  Number((await cluster.query<{ count: string }>(url, `select count(*) from ${table}`))[0]?.count);

/** Production settings that pass, on a database of the test. */
const production = (url: string): Record<string, string> => ({
  ...productionEnv,
  DATABASE_URL: url,
  DATABASE_TLS: 'disable',
});

describe('migrate', () => {
  test('init, status, up, status and down tell what they did', async () => {
    const env = { DATABASE_URL: await cluster.newDatabase() };
    expect(await cluster.run(['migrate', 'init'], env)).toEqual({
      exitCode: 0,
      out: ['Created the table of migrations.'],
      notes: [],
    });
    const before = await cluster.run(['migrate', 'status'], env);
    expect(before.out.at(-1)).toBe(`0 applied, ${LATER.length + 3} pending.`);
    const up = await cluster.run(['migrate', 'up'], env);
    expect(up.out).toEqual([
      `Applied ${FOUNDATION}`,
      `Applied ${GROUPS}`,
      `Applied ${IDENTITIES}`,
      ...LATER.map((name) => `Applied ${name}`),
    ]);
    expect((await cluster.run(['migrate', 'up'], env)).out).toEqual(['Nothing to apply.']);
    const after = await cluster.run(['migrate', 'status'], env);
    expect(after.out[0]).toMatch(/^migration +state +applied at \(UTC\) +group$/);
    expect(after.out[1]).toMatch(/^Migration20261101000000_foundation +applied +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +1$/);
    expect(after.out.at(-1)).toBe(`${LATER.length + 3} applied, 0 pending.`);
    const unasked = await cluster.run(['migrate', 'down'], env);
    expect([unasked.exitCode, unasked.notes.join()]).toEqual([4, expect.stringMatching(/^Refused: .* say --yes\.$/)]);
    const denied = await cluster.run(['migrate', 'down'], env, { isInteractive: true, answers: ['no'] });
    expect([denied.exitCode, denied.out]).toEqual([4, []]);
    const down = await cluster.run(['migrate', 'down'], env, { isInteractive: true, answers: ['yes'] });
    expect(down.out).toEqual([
      ...LATER.toReversed().map((name) => `Undid ${name}`),
      `Undid ${IDENTITIES}`,
      `Undid ${GROUPS}`,
      `Undid ${FOUNDATION}`,
    ]);
  });

  test('init creates a database that the server does not have; up names that command', async () => {
    const url = (await cluster.newDatabase()).replace(/cli_\d+$/, 'brand_new');
    const env = { DATABASE_URL: url };
    const up = await cluster.run(['migrate', 'up'], env);
    expect(up.exitCode).toBe(1);
    expect(up.notes).toEqual([expect.stringContaining('run "npm run cli -- migrate init"')]);
    const both = await Promise.all([cluster.run(['migrate', 'init'], env), cluster.run(['migrate', 'init'], env)]);
    expect(both.map((ran) => ran.exitCode)).toEqual([0, 0]);
    expect((await cluster.run(['migrate', 'up', 'foundation'], env)).out).toEqual([`Applied ${FOUNDATION}`]);
  });

  test('down and reset are refused in production and leave everything as it is', async () => {
    const url = await cluster.newDatabase();
    const env = production(url);
    expect((await cluster.run(['migrate', 'up'], env)).exitCode).toBe(0);
    for (const args of [['migrate', 'down'], ['migrate', 'down', 'seed_groups'], ['reset'], ['reset', '--yes']]) {
      const ran = await cluster.run(args, env, { isInteractive: true, answers: ['yes'] });
      expect(ran.exitCode).toBe(4);
      expect(ran.notes).toEqual([expect.stringMatching(/^Refused: .* is not available in production/)]);
      // The guard holds for an environment that is named on the command line as well.
      const named = await cluster.run([...args, '--env', 'prod'], { ...env, APP_ENVIRONMENT: 'development' });
      expect(named.exitCode).toBe(4);
    }
    expect(await count(url, 'groups')).toBe(8);
  });
});

describe('reset', () => {
  test('asks before it destroys, and does nothing without a yes', async () => {
    const url = await cluster.newDatabase();
    const env = { DATABASE_URL: url };
    await cluster.run(['deploy'], env);
    expect((await cluster.run(['reset'], env)).exitCode).toBe(4);
    const no = await cluster.run(['reset'], env, { isInteractive: true, answers: ['y'] });
    expect(no).toMatchObject({
      exitCode: 4,
      notes: [expect.stringContaining('Destroy everything in cli_'), 'Nothing was changed.'],
    });
    expect(await count(url, 'users')).toBe(3);
    await cluster.query(url, 'delete from users');
    const yes = await cluster.run(['reset'], env, { isInteractive: true, answers: ['yes'] });
    expect(yes.exitCode).toBe(0);
    expect(await count(url, 'users')).toBe(3);
    expect((await cluster.run(['reset', '--yes'], env)).exitCode).toBe(0);
  });
});

describe('deploy and seed', () => {
  test('development gets three people and a sample group, with passwords printed once and kept in a closed file', async () => {
    const url = await cluster.newDatabase();
    const directory = join(cluster.directory, 'development');
    const env = { DATABASE_URL: url, DATA_DIR: directory };
    const first = await cluster.run(['deploy'], env);
    expect(first.exitCode).toBe(0);
    const accounts = first.out.filter((line) => line.startsWith('  user'));
    expect(accounts).toHaveLength(3);
    expect(accounts[0]).toMatch(/^ {2}user1@example\.com {2}[a-z]+(-[a-z]+){3} {2}Anna Keller \(Members, Readers\)$/);
    const file = join(directory, 'development-accounts.txt');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const kept = await readFile(file, 'utf8');
    for (const line of accounts) expect(kept).toContain(line.trim());
    const second = await cluster.run(['seed'], env);
    expect(second.out).toEqual(['Nothing to seed: the sample accounts were made before.']);
    expect(await readFile(file, 'utf8')).toBe(kept);
    expect(
      await cluster.query(
        url,
        'select name_key, (select count(*)::int from memberships m where m.group_id = g.id) as members from groups g where not system_managed',
      ),
    ).toEqual([{ name_key: 'readers', members: 1 }]);
    expect(
      await cluster.query(url, "select count(*)::int as happenings from audit_events where actor_type = 'System'"),
    ).toEqual([{ happenings: 4 }]);
  });

  test('where no file can be written, as in a read-only container, the passwords are shown', async () => {
    const url = await cluster.newDatabase();
    const inTheWay = join(cluster.directory, 'a-file');
    await writeFile(inTheWay, '');
    const env = {
      DATABASE_URL: url,
      DATA_DIR: join(inTheWay, 'data'),
      MASTER_KEYS: `v1:${randomBytes(32).toString('base64')}`,
    };
    const ran = await cluster.run(['deploy'], env);
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.out.slice(-4)).toEqual([
      'Made 3 accounts (these passwords are shown once):',
      ...Array.from({ length: 3 }, () =>
        expect.stringMatching(/^ {2}user\d@example\.com {2}[a-z-]+ {2}\w+ \w+ \(Members/),
      ),
    ]);
    expect(await count(url, 'users')).toBe(3);
  });

  test('what somebody deleted does not come back with the next seed', async () => {
    const url = await cluster.newDatabase();
    const env = { DATABASE_URL: url };
    await cluster.run(['deploy'], env);
    await cluster.query(url, "delete from users where email = 'user2@example.com'");
    await cluster.run(['seed'], env);
    expect(await count(url, 'users')).toBe(2);
  });

  test('several seeds at once make the accounts one time', async () => {
    const url = await cluster.newDatabase();
    const env = { DATABASE_URL: url };
    await cluster.run(['migrate', 'up'], env);
    const all = await Promise.all([1, 2, 3].map(() => cluster.run(['seed'], env)));
    expect(all.map((ran) => ran.exitCode)).toEqual([0, 0, 0]);
    expect(all.filter((ran) => ran.out[0]?.startsWith('Made 3 accounts'))).toHaveLength(1);
    expect(await count(url, 'users')).toBe(3);
  });

  test('a seed that fails leaves neither accounts nor a file with passwords', async () => {
    const url = await cluster.newDatabase();
    const directory = join(cluster.directory, 'failing');
    const env = { DATABASE_URL: url, DATA_DIR: directory };
    await cluster.run(['migrate', 'up'], env);
    await cluster.query(
      url,
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create constraint trigger refuse after insert on users deferrable initially deferred for each row execute function refuse()`,
    );
    const ran = await cluster.run(['seed'], env);
    expect(ran.exitCode).toBe(1);
    expect(await count(url, 'users')).toBe(0);
    await expect(stat(join(directory, 'development-accounts.txt'))).rejects.toThrow('ENOENT');
  });

  test('staging gets exactly one administrator', async () => {
    const url = await cluster.newDatabase();
    const env = { DATABASE_URL: url, APP_ENVIRONMENT: 'staging', BASE_URL: 'https://staging.example.org' };
    const first = await cluster.run(['deploy'], env);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.out.at(-1)).toMatch(
      /^ {2}admin@example\.com {2}[a-z-]{27,} {2}Administrator \(Administrators, Key Masters\)$/,
    );
    expect((await cluster.run(['deploy', '--env', 'staging'], env)).out.at(-1)).toBe(
      'Nothing to seed: an administrator was made before.',
    );
    expect(await count(url, 'users')).toBe(1);
  });

  test('production gets nobody, and the command says so', async () => {
    const url = await cluster.newDatabase();
    const ran = await cluster.run(['migrate', 'deploy'], production(url));
    expect(ran.exitCode).toBe(0);
    expect(ran.out.at(-1)).toBe(
      'Nothing to seed: production begins with nobody; make an administrator with create-admin.',
    );
    expect(await count(url, 'users')).toBe(0);
  });

  test('commands that need the tables name the command that makes them', async () => {
    const env = production(await cluster.newDatabase());
    const ran = await cluster.run(['seed'], env);
    expect(ran).toMatchObject({
      exitCode: 1,
      out: [],
      notes: [expect.stringContaining('no mail is sent'), expect.stringContaining('npm run cli -- migrate deploy')],
    });
  });
});

describe('without DATABASE_URL', () => {
  test('a command works beside the process that runs the embedded server', async () => {
    const env = { DATA_DIR: join(cluster.directory, 'data') };
    const ran = await cluster.run(['deploy', '--verbose'], env);
    expect(ran.exitCode).toBe(0);
    expect(ran.notes[0]).toBe(`using the embedded PostgreSQL of the running server pid=${process.pid}`);
    expect(ran.out).toContain(`Applied ${FOUNDATION}`);
  });

  test('a command starts the embedded server, and stops it at its end', async () => {
    const directory = join(cluster.directory, 'own');
    const env = { DATA_DIR: directory };
    expect((await cluster.run(['create-admin', '--email', 'ada@example.org', '--name', 'Ada'], env)).exitCode).toBe(0);
    await expect(stat(join(directory, 'postgres.owner'))).rejects.toThrow('ENOENT');
    expect((await cluster.run(['migrate', 'status'], env)).out.at(-1)).toBe(`${LATER.length + 3} applied, 0 pending.`);
  });

  test('the owner file of a process that was killed does not lead a command astray', async () => {
    const directory = join(cluster.directory, 'orphaned');
    await mkdir(directory);
    const claim = { pid: 1, start: 'long ago', token: 'abcd', since: '2026-01-01T00:00:00.000Z' };
    await writeFile(join(directory, 'postgres.owner'), JSON.stringify(claim));
    expect((await cluster.run(['migrate', 'status'], { DATA_DIR: directory })).exitCode).toBe(0);
  });
});

describe('a broken DATABASE_URL', () => {
  const cases = [
    [
      'nobody listens',
      'postgresql://gatehouse:s3cretword@127.0.0.1:1/gatehouse',
      1,
      'Nobody listens at the address of the database (127.0.0.1)',
    ],
    [
      'the host is unknown',
      'postgresql://gatehouse:s3cretword@nowhere.invalid/gatehouse',
      1,
      'The host of the database',
    ],
    ['it is no address', 'mysql://root:s3cretword@localhost/x', 3, 'is not a PostgreSQL address'],
  ] as const;

  test.each(cases)('says what is wrong when %s, without the password', async (_name, url, exitCode, message) => {
    const ran = await cluster.run(['migrate', 'up'], { DATABASE_URL: url });
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.out).toEqual([]);
    expect(ran.notes).toHaveLength(1);
    expect(ran.notes[0]).toContain(message);
    expect(ran.notes[0]).not.toContain('s3cretword');
  });

  test('says what is wrong when the password is, or the right to create a database is missing', async () => {
    const url = new URL(await cluster.newDatabase());
    await cluster.query(url.href, "create role clerk login password 'clerk'");
    url.username = 'clerk';
    url.password = 'wrong';
    const refused = await cluster.run(['migrate', 'status'], { DATABASE_URL: url.href });
    expect(refused).toMatchObject({
      exitCode: 1,
      notes: ['The database refuses the user or the password: correct DATABASE_URL.'],
    });
    url.password = 'clerk';
    const rightless = await cluster.run(['migrate', 'up'], { DATABASE_URL: url.href });
    expect(rightless).toMatchObject({
      exitCode: 1,
      notes: [expect.stringContaining('permission denied for schema public')],
    });
    url.pathname = '/not_there';
    const init = await cluster.run(['migrate', 'init'], { DATABASE_URL: url.href });
    expect(init.notes).toEqual([expect.stringContaining('permission denied to create database')]);
  });
});
