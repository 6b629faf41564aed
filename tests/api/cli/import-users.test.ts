import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FOREIGN } from '../../support/foreign-hashes.ts';
import { type Cluster, startCluster } from './cli-fixture.ts';

let cluster: Cluster;
let url: string;
let file: string;

beforeAll(async () => {
  cluster = await startCluster();
  file = join(cluster.directory, 'accounts.ndjson');
});
afterAll(() => cluster.stop());

beforeEach(async () => {
  url = await cluster.newDatabase();
  await rm(file, { force: true });
});

const [BCRYPT] = FOREIGN;
const hash = BCRYPT?.text ?? '';

const person = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  email: `${name}@import.example`,
  displayName: name,
  passwordHash: hash,
  ...more,
});

const importing = async (lines: readonly (Record<string, unknown> | string)[], ...flags: readonly string[]) => {
  await writeFile(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return cluster.run(['users', 'import', file, ...flags], { DATABASE_URL: url });
};

const query = <Row extends Record<string, unknown>>(text: string): Promise<Row[]> => cluster.query<Row>(url, text);

const emails = async (): Promise<readonly string[]> =>
  (await query<{ email: string }>('select email from users order by email')).map(({ email }) => email);

describe('users import', () => {
  test('takes accounts over as they are: names, groups, proved addresses, hashes', async () => {
    const ran = await importing([
      person('ada', { verified: true, groups: ['members', 'Support'], locale: 'de', passwordChangeRequired: true }),
      { username: 'bob.b', phone: '+39 06 1234 5678', displayName: '  Bob  ', passwordHash: FOREIGN.at(-1)?.text },
      { email: 'cleo@import.example', displayName: 'Cleo' },
    ]);
    expect(ran).toEqual({
      exitCode: 0,
      out: ['Imported 3 accounts of 3 lines.', 'Password hashes: bcrypt 1, argon2 1, none 1.'],
      notes: [],
    });
    const rows = await query(
      `select u.display_name, u.status, u.locale, u.password_change_required as change, p.secret,
         u.email_verified_at is not null as proved,
         array(select g.name::text from memberships m join groups g on g.id = m.group_id where m.user_id = u.id order by 1) as groups,
         array(select i.kind || ' ' || i.value from identifiers i where i.user_id = u.id order by 1) as identifiers
       from users u left join credentials p on p.user_id = u.id order by 1`,
    );
    expect(rows).toEqual([
      {
        display_name: 'Bob',
        status: 'ACTIVE',
        locale: 'en',
        change: false,
        secret: FOREIGN.at(-1)?.text,
        proved: false,
        groups: ['Members'],
        identifiers: ['PHONE +390612345678', 'USERNAME bob.b'],
      },
      {
        display_name: 'Cleo',
        status: 'INVITED',
        locale: 'en',
        change: false,
        secret: null,
        proved: false,
        groups: ['Members'],
        identifiers: ['EMAIL cleo@import.example'],
      },
      {
        display_name: 'ada',
        status: 'ACTIVE',
        locale: 'de',
        change: true,
        secret: hash,
        proved: true,
        groups: ['Members', 'Support'],
        identifiers: ['EMAIL ada@import.example'],
      },
    ]);
    expect(
      await query(
        `select e.action, e.actor_type, e.metadata->>'imported' as imported, e.metadata->>'invited' as invited,
           p.values->>'targetLabel' as label
         from audit_events e join audit_personal_values p on p.event_id = e.id order by label`,
      ),
    ).toEqual(
      ['ada@import.example', 'bob.b', 'cleo@import.example'].map((label, at) => ({
        action: 'user.created',
        actor_type: 'System',
        imported: 'true',
        invited: String(at === 2),
        label,
      })),
    );
    const [written] = await query<{ text: string }>(
      `select string_agg(x::text, ' ') as text from (
         select to_jsonb(o) as x from outbox_events o union all select to_jsonb(a) from audit_events a) y`,
    );
    expect(written?.text).not.toMatch(/\$2a|argon2/);
  });

  test('takes every kind of hash', async () => {
    const ran = await importing(FOREIGN.map(({ text }, at) => person(`kind${at}`, { passwordHash: text })));
    expect(ran.exitCode).toBe(0);
    expect(ran.out[1]).toBe('Password hashes: bcrypt 4, PBKDF2 4, scrypt 2, salted SHA-2 4, argon2 4.');
  });

  test('writes nothing with --dry-run, and finds the same mistakes', async () => {
    const good = await importing([person('ada'), person('bob')], '--dry-run');
    expect(good).toEqual({
      exitCode: 0,
      out: ['Would import 2 accounts of 2 lines.', 'Password hashes: bcrypt 2.'],
      notes: [],
    });
    const bad = await importing([person('ada'), person('Ada')], '--dry-run');
    expect(bad).toMatchObject({ exitCode: 1, notes: expect.arrayContaining(['line 2: email: as in line 1']) });
    expect(await emails()).toEqual([]);
  });

  test('leaves out the lines that are wrong, and nothing else of their batch', async () => {
    const lines = Array.from({ length: 1100 }, (_, at) => person(`p${String(at + 1).padStart(4, '0')}`));
    lines[700] = person('broken', { email: 'no address' });
    const ran = await importing(lines);
    expect(ran.exitCode).toBe(1);
    expect(ran.notes).toEqual(['line 701: email: Not an e-mail address.', '1 line refused; see above.']);
    expect(ran.out[0]).toBe('Imported 1099 accounts of 1100 lines.');
    const found = await emails();
    expect([found.length, found[699], found[700]]).toEqual([1099, 'p0700@import.example', 'p0702@import.example']);
    expect(
      await query(`select (select count(*)::int from audit_events) as lines, (select count(*)::int from outbox_events) as events,
        (select count(*)::int from memberships) as memberships, (select count(*)::int from credentials) as credentials`),
    ).toEqual([{ lines: 1099, events: 1099, memberships: 1099, credentials: 1099 }]);
  });

  test('reports identifiers that exist, in the file or in the database, and imports nothing twice', async () => {
    expect((await importing([person('ada', { username: 'ada' })])).exitCode).toBe(0);
    const again = await importing([
      person('new'),
      person('ADA'),
      { username: 'Ada', displayName: 'Ada', passwordHash: hash },
      person('new', { displayName: 'Newer' }),
    ]);
    expect(again.exitCode).toBe(1);
    expect(again.notes).toEqual([
      'line 2: email: The address belongs to another account.',
      'line 3: username: The user name belongs to another account.',
      'line 4: email: as in line 1',
      '3 lines refused; see above.',
    ]);
    expect(await emails()).toEqual(['ada@import.example', 'new@import.example']);
    const alike = await importing([
      { username: 'paypa1', displayName: 'One', passwordHash: hash },
      { username: 'paypal', displayName: 'Other', passwordHash: hash },
      { username: 'Adа', displayName: 'Cyrillic', passwordHash: hash },
    ]);
    expect(alike.notes.slice(0, -1)).toEqual(
      expect.arrayContaining(['line 2: username: as in line 1', expect.stringMatching(/^line 3: username: /)]),
    );
    expect(alike.out[0]).toBe('Imported 1 account of 3 lines.');
  });

  test.each<[string, Record<string, unknown> | string, string]>([
    ['text that is no JSON', '{"email": ', 'the line is no JSON'],
    ['a list', '[]', 'the line has to be of type object'],
    ['no name', { email: 'x@import.example' }, 'displayName: has to be of type string'],
    ['a blank name', person('x', { displayName: ' ' }), 'displayName: A value is missing or blank.'],
    ['an unknown field', person('x', { pasword: 'secret words' }), 'unknown field "pasword"'],
    [
      'a clear password',
      person('x', { passwordHash: 'correct horse' }),
      'passwordHash: is of no kind that can be imported',
    ],
    [
      'a hash in hex',
      person('x', { passwordHash: 'ab'.repeat(32) }),
      'passwordHash: is of no kind that can be imported',
    ],
    [
      'a hash that costs hours',
      person('x', { passwordHash: `$2b$31$${hash.slice(7)}` }),
      'passwordHash: is a bcrypt hash that is damaged or asks for more work than is allowed',
    ],
    ['a number for a hash', person('x', { passwordHash: 5 }), 'passwordHash: has to be of type string'],
    ['no identifier', { displayName: 'x' }, 'email, phone or username: one of them is needed'],
    ['a bad address', person('x', { email: 'x' }), 'email: Not an e-mail address.'],
    [
      'a number without country',
      person('x', { phone: '0612345678' }),
      'phone: Not a phone number in international form.',
    ],
    ['no group', person('x', { groups: [] }), 'groups: A user would be left without any group.'],
    ['an unknown group', person('x', { groups: ['Members', 'Nobodies'] }), 'groups: there is no group of such a name'],
    [
      'a group that no text can hold',
      person('x', { groups: ['Mem\u0000bers'] }),
      'groups: The value is outside the allowed set, form or range.',
    ],
    [
      'a group of half a character',
      person('x', { groups: ['\uD83D'] }),
      'groups: The value is outside the allowed set, form or range.',
    ],
    [
      'a name of half a character',
      person('x', { displayName: '\uD83D' }),
      'displayName: The value is outside the allowed set, form or range.',
    ],
    [
      'a language without an end',
      person('x', { locale: `en-x-${'abcdefgh-'.repeat(2000)}a` }),
      'locale: Not a language the server offers.',
    ],
    ['a language of nobody', person('x', { locale: 'tlh' }), 'locale: Not a language the server offers.'],
    [
      'a prototype',
      '{"__proto__": {"displayName": "x"}, "email": "x@import.example"}',
      'displayName: has to be of type string',
    ],
    [
      'a line of a megabyte',
      JSON.stringify(person('x', { displayName: 'x'.repeat(1_000_000) })),
      'the line is too long, or no UTF-8',
    ],
  ])('refuses %s and says where, without repeating it', async (_, line, expected) => {
    const ran = await importing(['', line, '']);
    expect(ran.exitCode).toBe(1);
    expect(ran.notes).toContain(`line 2: ${expected}`);
    expect(ran.notes.join('\n')).not.toMatch(/secret words|correct horse|abab|\$2/);
    expect(ran.out).toEqual(['Imported 0 accounts of 1 line.']);
    expect(await emails()).toEqual([]);
  });

  test('of an administrator ends the set-up by a printed link; of others does not', async () => {
    const isDone = async () =>
      (await query<{ done: boolean }>('select first_administrator_at is not null as done from permission_epoch'))[0]
        ?.done;
    await importing([person('ada')]);
    expect(await isDone()).toBe(false);
    expect((await importing([person('root', { groups: ['Administrators'] })])).exitCode).toBe(0);
    expect(await isDone()).toBe(true);
  });

  test('waits for the lock of access changes, once for a batch', async () => {
    await importing([person('first')]);
    const holder = cluster.query(url, `begin; select from permission_epoch for update; select pg_sleep(1); commit`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const from = performance.now();
    const ran = await importing(Array.from({ length: 20 }, (_, at) => person(`late${at}`)));
    await holder;
    expect(ran.exitCode).toBe(0);
    expect(performance.now() - from).toBeGreaterThan(300);
  });

  test('reads an empty file, and says which file it cannot read', async () => {
    expect(await importing([])).toMatchObject({ exitCode: 0, out: ['Imported 0 accounts of 0 lines.'] });
    const missing = await cluster.run(['users', 'import', join(cluster.directory, 'nowhere')], { DATABASE_URL: url });
    expect(missing).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/nowhere cannot be read \(ENOENT\)\.$/)],
    });
    const directory = await cluster.run(['users', 'import', cluster.directory], { DATABASE_URL: url });
    expect(directory).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/ is no file; write it to one first\.$/)],
    });
  });
});
