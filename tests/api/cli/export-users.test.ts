import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FOREIGN } from '../../support/foreign-hashes.ts';
import { type Cluster, startCluster } from './cli-fixture.ts';

let cluster: Cluster;
let url: string;

beforeAll(async () => {
  cluster = await startCluster();
  url = await cluster.newDatabase();
});
afterAll(() => cluster.stop());

const passwordHash = FOREIGN[0]?.text ?? '';
const path = (name: string): string => join(cluster.directory, name);
const users = (args: readonly string[], database = url, typing = {}) =>
  cluster.run(['users', ...args], { DATABASE_URL: database }, typing);
const query = <Row extends Record<string, unknown>>(text: string): Promise<Row[]> => cluster.query<Row>(url, text);

const importing = async (accounts: readonly object[], database = url) => {
  await writeFile(path('given.ndjson'), accounts.map((account) => JSON.stringify(account)).join('\n'));
  return users(['import', path('given.ndjson')], database);
};

const linesOf = async (name: string): Promise<readonly Record<string, unknown>[]> =>
  (await readFile(path(name), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Without the order: ids of one moment have none. The names of the columns come last. */
const rowsOf = async (name: string): Promise<readonly string[]> => {
  const [names = '', ...rows] = (await readFile(path(name), 'utf8')).trim().split('\r\n');
  return [...rows.toSorted(), names];
};

const IMPORTABLE = 'email,phone,username,displayName,locale,groups,verified,passwordChangeRequired';

describe('users import', () => {
  test('of something that is no file says so', async () => {
    expect(await users(['import', cluster.directory])).toEqual({
      exitCode: 2,
      out: [],
      notes: [`${cluster.directory} is no file; write it to one first.`],
    });
  });
});

describe('users export', () => {
  test('writes all accounts, and hashes only where they are asked for, with a warning', async () => {
    expect(
      (
        await importing([
          { email: 'ada@export.example', displayName: '=cmd()', groups: ['Members', 'Support'], passwordHash },
          {
            phone: '+39 06 1234 5678',
            username: 'bob',
            displayName: 'Bob, "the" builder',
            verified: true,
            passwordHash,
          },
          ...Array.from({ length: 1100 }, (_, at) => ({ email: `p${at}@export.example`, displayName: `P ${at}` })),
        ])
      ).exitCode,
    ).toBe(0);
    expect(await users(['export', path('all.ndjson')])).toEqual({
      exitCode: 0,
      out: [`Wrote 1102 accounts to ${path('all.ndjson')}.`],
      notes: [],
    });
    const all = (await linesOf('all.ndjson')).toSorted((a, b) => (String(a['email']) < String(b['email']) ? -1 : 1));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1102);
    expect(all[0]).toMatchObject({
      kind: 'PERSON',
      email: 'ada@export.example',
      displayName: '=cmd()',
      groups: ['Members', 'Support'],
      verified: false,
      status: 'ACTIVE',
      createdAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(all.some((one) => 'passwordHash' in one)).toBe(false);
    expect((await stat(path('all.ndjson'))).mode & 0o777).toBe(0o600);

    const hashed = await users(['export', path('hashed.csv'), '--fields', IMPORTABLE, '--hashes']);
    expect(hashed.notes).toEqual([expect.stringMatching(/^Warning: the file holds the hashes of passwords/)]);
    const rows = await rowsOf('hashed.csv');
    expect(rows.at(-1)).toBe(`${IMPORTABLE},passwordHash`);
    expect(rows).toContain(`ada@export.example,,,'=cmd(),en,Members;Support,false,false,${passwordHash}`);
    expect(rows).toContain(`,'+390612345678,bob,"Bob, ""the"" builder",en,Members,true,false,${passwordHash}`);

    expect(
      await query(
        `select actor_type, target_type, metadata->'hashes' as hashes, jsonb_array_length(metadata->'fields') as fields
         from audit_events where action = 'users.exported' order by at`,
      ),
    ).toEqual([
      { actor_type: 'System', target_type: null, hashes: false, fields: 18 },
      { actor_type: 'System', target_type: null, hashes: true, fields: 9 },
    ]);
  });

  test('makes a file that can be imported elsewhere, and is the same there', async () => {
    const other = await cluster.newDatabase();
    expect((await users(['import', path('hashed.csv')], other)).out).toEqual([
      'Imported 1102 accounts of 1102 lines.',
      expect.stringMatching(/^Password hashes: (bcrypt 2, none 1100|none 1100, bcrypt 2)\.$/),
    ]);
    const again = await users(['export', path('again.csv'), '--fields', IMPORTABLE, '--hashes'], other);
    expect(again.exitCode).toBe(0);
    expect(await rowsOf('again.csv')).toEqual(await rowsOf('hashed.csv'));
  });

  test('refuses fields that there are not, hashes by the back door, and files that exist', async () => {
    const refused = [
      await users(['export', path('x.ndjson'), '--fields', 'email,password']),
      await users(['export', path('x.ndjson'), '--fields', 'email,passwordHash']),
      await users(['export', path('x.ndjson'), '--format', 'xml']),
      await users(['export', path('all.ndjson')]),
    ];
    expect(refused.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2]);
    expect(refused[1]?.notes).toEqual(['passwordHash is written with --hashes alone.']);
    expect(refused[3]?.notes).toEqual([expect.stringMatching(/all\.ndjson cannot be made \(EEXIST\)\.$/)]);
    await expect(stat(path('x.ndjson'))).rejects.toThrow('ENOENT');
    expect(await query(`select from audit_events where action = 'users.exported'`)).toHaveLength(2);
  });
});

describe('one person', () => {
  test('is written with everything that is kept about them, found by any address, with the reason in the log', async () => {
    const ran = await users(['export-data', '+39 06 1234 5678', path('bob.ndjson'), '--reason', 'asked for it']);
    expect(ran).toMatchObject({ exitCode: 0, notes: [] });
    const lines = await linesOf('bob.ndjson');
    expect([...new Set(lines.map(({ type }) => type))]).toEqual(
      expect.arrayContaining(['User', 'Identifier', 'Membership', 'Credential', 'AuditEvent']),
    );
    expect(JSON.stringify(lines)).toContain('Bob, \\"the\\" builder');
    expect(JSON.stringify(lines)).not.toContain(passwordHash);
    expect(JSON.stringify(lines)).not.toContain('ada@export.example');
    expect(
      await query(`select metadata->>'reason' as reason, actor_type from audit_events where action = 'user.exported'`),
    ).toEqual([{ reason: 'asked for it', actor_type: 'System' }]);
    expect(await users(['export-data', 'nobody', path('n.ndjson'), '--reason', 'x'])).toMatchObject({ exitCode: 2 });
    await rm(path('bob.ndjson'));
    expect(await users(['export-data', 'bob', path('bob.ndjson'), '--reason', ' '])).toMatchObject({ exitCode: 1 });
  });

  test('leaves no file when it fails on its way, so that the next try is not in its way', async () => {
    const target = path('tried-again.ndjson');
    expect(await users(['export-data', 'bob', target, '--reason', ' '])).toMatchObject({ exitCode: 1 });
    await expect(stat(target)).rejects.toThrow('ENOENT');
    expect(await users(['export-data', 'bob', target, '--reason', 'asked for it'])).toMatchObject({ exitCode: 0 });
    const before = await readFile(target, 'utf8');
    expect(await users(['export-data', 'bob', target, '--reason', 'again'])).toMatchObject({
      exitCode: 2,
      notes: [`${target} cannot be made (EEXIST).`],
    });
    expect(await readFile(target, 'utf8')).toBe(before);
  });

  test('is erased for good once somebody is sure; the reason stays, the name does not', async () => {
    const refused = [
      await users(['erase', 'bob', '--reason', 'asked for it']),
      await users(['erase', 'bob', '--reason', 'asked for it'], url, { isInteractive: true, answers: ['yes'] }),
    ];
    expect(refused.map(({ exitCode }) => exitCode)).toEqual([4, 4]);
    expect(await query(`select from users where username = 'bob'`)).toHaveLength(1);
    const ran = await users(['erase', 'BOB', '--reason', 'asked for it'], url, {
      isInteractive: true,
      answers: ['erase'],
    });
    expect(ran).toMatchObject({ exitCode: 0, out: [expect.stringMatching(/^Erased [0-9a-f-]{36}\.$/)] });
    expect(await query(`select from users where username = 'bob'`)).toHaveLength(0);
    expect(await query(`select from audit_personal_values where values::text ~ 'bob|builder|390612345678'`)).toEqual(
      [],
    );
    expect(
      await query(`select metadata->>'reason' as reason, actor_type from audit_events where action = 'user.erased'`),
    ).toEqual([{ reason: 'asked for it', actor_type: 'System' }]);
  });

  test('is never the last administrator, also when two are erased at once', async () => {
    await importing([
      { email: 'root1@export.example', displayName: 'Root One', groups: ['Administrators'], passwordHash },
      { email: 'root2@export.example', displayName: 'Root Two', groups: ['Administrators'], passwordHash },
    ]);
    const ran = await Promise.all(
      [1, 2].map((n) => users(['erase', `root${n}@export.example`, '--reason', 'leaves', '--yes'])),
    );
    expect(ran.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(ran.find(({ exitCode }) => exitCode === 1)?.notes).toEqual([expect.stringContaining('administrator')]);
    const [left] = await query<{ email: string }>(`select email from users where email like 'root%'`);
    const last = await users(['erase', left?.email ?? '', '--reason', 'leaves', '--yes']);
    expect(last.exitCode).toBe(1);
    expect(await query(`select from users where email like 'root%'`)).toHaveLength(1);
    expect(await query(`select from audit_events where action = 'user.erased'`)).toHaveLength(2);
    expect(
      await query(`select from audit_personal_values where values->>'targetLabel' = '${left?.email ?? ''}'`),
    ).not.toHaveLength(0);
  });
});

test('an export goes to standard output with a dash, and what it says of itself to standard error', async () => {
  const all = await query<{ id: string }>('select id from users');
  const piped = await users(['export', '-', '--fields', 'id']);
  expect(piped).toMatchObject({ exitCode: 0, notes: [`Wrote ${all.length} accounts to standard output.`] });
  const lines = piped.out.join('').trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { id: string }).id).toSorted()).toEqual(
    all.map(({ id }) => id).toSorted(),
  );
  const one = await users(['export-data', 'p0@export.example', '-', '--reason', 'asked for it']);
  expect(one).toMatchObject({ exitCode: 0, notes: [expect.stringMatching(/ to standard output\.$/)] });
  expect(one.out.join('')).toMatch(/^\{.*\n$/s);
  await expect(stat(path('-'))).rejects.toThrow('ENOENT');
});
