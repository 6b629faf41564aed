import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from './cli-fixture.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const count = async (url: string, table: string): Promise<number> =>
  Number((await cluster.query<{ count: string }>(url, `select count(*) from ${table}`))[0]?.count);

describe('create-admin', () => {
  const person = ['--email', 'ada@example.org', '--name', 'Ada Ricci'];

  test('makes an administrator with a generated password, also without any earlier command', async () => {
    const url = await cluster.newDatabase();
    const ran = await cluster.run(['create-admin', ...person], { DATABASE_URL: url });
    expect(ran.exitCode).toBe(0);
    expect(ran.out[0]).toBe('Made the administrator ada@example.org (Ada Ricci).');
    expect(ran.out[1]).toMatch(/^Password, shown once: [a-z]+(-[a-z]+){3}$/);
    const groups = await cluster.query(
      url,
      'select g.name from memberships m join groups g on g.id = m.group_id order by 1',
    );
    expect(groups).toEqual([{ name: 'Administrators' }, { name: 'Key Masters' }]);
    expect(await cluster.query(url, 'select first_administrator_at is not null as done from permission_epoch')).toEqual(
      [{ done: true }],
    );
  });

  test('takes the password from standard input and does not print it', async () => {
    const url = await cluster.newDatabase();
    const input = 'a long enough passphrase\n';
    const ran = await cluster.run(['create-admin', ...person, '--password-stdin'], { DATABASE_URL: url }, { input });
    expect(ran).toEqual({ exitCode: 0, out: ['Made the administrator ada@example.org (Ada Ricci).'], notes: [] });
  });

  test('asks a person for everything, the password twice', async () => {
    const url = await cluster.newDatabase();
    const answers = ['bea@example.org', 'Bea', 'a long enough passphrase', 'a long enough passphrase'];
    const ran = await cluster.run(['create-admin'], { DATABASE_URL: url }, { isInteractive: true, answers });
    expect(ran.out).toEqual(['Made the administrator bea@example.org (Bea).']);
    const unequal = await cluster.run(
      ['create-admin', ...person],
      { DATABASE_URL: url },
      { isInteractive: true, answers: ['one', 'other'] },
    );
    expect(unequal).toMatchObject({ exitCode: 2, notes: expect.arrayContaining(['The two passwords differ.']) });
  });

  test('refuses what the API would refuse, in one line, and makes nobody', async () => {
    const url = await cluster.newDatabase();
    const env = { DATABASE_URL: url };
    const run = (args: readonly string[], input = 'x') =>
      cluster.run(['create-admin', ...args, '--password-stdin'], env, { input });
    const weak = await run(person, 'password1234');
    expect(weak).toMatchObject({
      exitCode: 1,
      notes: [expect.stringMatching(/^The password is on the list of common.*\(password\) \[BREACH_LIST\]$/)],
    });
    const malformed = await run(['--email', 'nobody', '--name', ' ']);
    expect(malformed.notes).toEqual(['A value is missing or blank. (displayName) Not an e-mail address. (email)']);
    const empty = await run(person, '');
    expect(empty).toMatchObject({ exitCode: 2, notes: ['Standard input holds no password.'] });
    const nameless = await cluster.run(['create-admin', '--email', 'ada@example.org'], env);
    expect(nameless).toMatchObject({ exitCode: 2, notes: ['--name is missing; see "create-admin --help".'] });
    await cluster.run(['migrate', 'up'], env);
    expect(await count(url, 'users')).toBe(0);
  });

  test('of parallel commands for one address exactly one succeeds', async () => {
    const url = await cluster.newDatabase();
    const all = await Promise.all([1, 2, 3].map(() => cluster.run(['create-admin', ...person], { DATABASE_URL: url })));
    expect(all.map((ran) => ran.exitCode).toSorted((a, b) => a - b)).toEqual([0, 1, 1]);
    expect(all.flatMap((ran) => ran.notes)).toEqual(Array(2).fill('The address belongs to another account. (email)'));
    expect(await count(url, 'users')).toBe(1);
  });
});
