import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FOREIGN } from '../../support/foreign-hashes.ts';
import { type Cluster, startCluster } from './cli-fixture.ts';

let cluster: Cluster;
let url: string;
let file: string;
let errors: string;

beforeAll(async () => {
  cluster = await startCluster();
  url = await cluster.newDatabase();
  file = join(cluster.directory, 'accounts.ndjson');
  errors = join(cluster.directory, 'errors.ndjson');
});
afterAll(() => cluster.stop());

const passwordHash = FOREIGN[0]?.text ?? '';
const person = (name: string): string =>
  JSON.stringify({ email: `${name}@import.example`, displayName: name, passwordHash });
/** Every hundredth is broken. */
const lines = (count: number, name = 'p'): readonly string[] =>
  Array.from({ length: count }, (_, at) => ((at + 1) % 100 === 0 ? '{"email": ' : person(`${name}${at + 1}`)));

const run = (...args: readonly string[]) => cluster.run(['users', 'import', file, ...args], { DATABASE_URL: url });
const query = <Row extends Record<string, unknown>>(text: string): Promise<Row[]> => cluster.query<Row>(url, text);
const counts = async () =>
  (
    await query<{ users: number; logged: number; told: number; members: number }>(
      `select (select count(*)::int from users) as users, (select count(*)::int from audit_events) as logged,
         (select count(*)::int from outbox_events) as told, (select count(*)::int from memberships) as members`,
    )
  )[0];

/** Cuts the connections of the import once its first batches are committed, while it waits for the lock: as if the server died. */
const cutOff = async (): Promise<number> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ line: number }>('select max(line) as line from user_imports');
      if ((rows[0]?.line ?? 0) > 0) break;
      await sleep(2);
    }
    await client.query('begin');
    await client.query('select from permission_epoch for update');
    const { rows } = await client.query<{ line: number }>('select max(line) as line from user_imports');
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await client.query('rollback');
    return rows[0]?.line ?? 0;
  } finally {
    await client.end();
  }
};

describe('an import that was interrupted', () => {
  test('is gone on with behind the last line that was done, with its errors, and no line is done twice', async () => {
    // The tables are there before, so that the first batch is all that is waited for.
    await cluster.run(['migrate', 'up'], { DATABASE_URL: url });
    const all = lines(2500);
    await writeFile(file, all.join('\n'));
    const [first, done] = await Promise.all([run('--errors', errors), cutOff()]);
    expect(first.exitCode).toBe(1);
    expect(done).toBeGreaterThanOrEqual(500);
    expect(done).toBeLessThan(2500);
    expect((await counts())?.users).toBe(done * 0.99);

    expect(await run('--errors', join(cluster.directory, 'others'))).toMatchObject({
      exitCode: 4,
      notes: [expect.stringMatching(new RegExp(`stopped behind line ${done}: go on with --resume`))],
    });
    expect(await run('--resume')).toMatchObject({ exitCode: 2, notes: [expect.stringContaining('--errors <file>')] });
    await writeFile(file, [person('other'), ...all.slice(1)].join('\n'));
    expect((await run('--resume', '--errors', errors)).exitCode).not.toBe(0);
    await writeFile(file, [...all.slice(0, 400), person('other'), ...all.slice(401)].join('\n'));
    expect(await run('--resume', '--errors', errors)).toMatchObject({
      exitCode: 4,
      notes: [expect.stringMatching(new RegExp(`^The file was changed before line ${done + 1}`))],
    });
    expect((await counts())?.users).toBe(done * 0.99);

    // What was written for a batch that was never committed.
    await writeFile(errors, `${await readFile(errors, 'utf8')}{"line":2777,"problems":["of nothing"]}\n`);
    await writeFile(file, all.join('\n'));
    const second = await run('--resume', '--errors', errors);
    expect(second).toMatchObject({
      exitCode: 1,
      out: ['Imported 2475 accounts of 2500 lines.', 'Password hashes: bcrypt 2475.'],
      notes: [`25 lines refused; see ${errors}.`],
    });
    expect(await counts()).toEqual({ users: 2475, logged: 2475, told: 2475, members: 2475 });
    const kept = (await readFile(errors, 'utf8')).trim().split('\n');
    expect(kept.map((line) => JSON.parse(line) as object)).toEqual(
      Array.from({ length: 25 }, (_, at) => ({ line: (at + 1) * 100, problems: ['the line is no JSON'] })),
    );
    expect((await stat(errors)).mode & 0o777).toBe(0o600);
    expect(await run('--resume', '--errors', errors)).toMatchObject({ exitCode: 2 });
  });

  test('never writes over a file that is not its own', async () => {
    await writeFile(file, lines(3, 'x').join('\n'));
    const precious = join(cluster.directory, 'precious');
    await writeFile(precious, 'precious');
    expect(await run('--errors', precious)).toMatchObject({
      exitCode: 2,
      notes: [expect.stringMatching(/precious cannot be written \(EEXIST\)\.$/)],
    });
    expect(await readFile(precious, 'utf8')).toBe('precious');
    await rm(precious);
  });

  test('two at once of the same file: each line is done by one of them', async () => {
    await writeFile(file, lines(1000, 'twice').join('\n'));
    const before = (await counts())?.users ?? 0;
    const ran = await Promise.all([run(), run('--restart')]);
    expect(ran.map(({ exitCode }) => exitCode)).not.toContain(0);
    if (ran.every(({ exitCode }) => exitCode === 4)) await run('--restart');
    const after = await counts();
    expect(after?.users).toBeLessThanOrEqual(before + 990);
    expect(after).toMatchObject({ logged: after?.users, told: after?.users, members: after?.users });
  });
});

describe('an import of CSV', () => {
  const csv = async (...rows: readonly string[]) => {
    const path = join(cluster.directory, 'accounts.csv');
    await writeFile(path, rows.join('\r\n'));
    return cluster.run(['users', 'import', path], { DATABASE_URL: url });
  };

  test('takes quoted cells, several groups and kept-off formulas; each broken line spoils itself alone', async () => {
    const ran = await csv(
      'email,phone,displayName,groups,verified',
      '"csv1@import.example",\'+39 06 1234 5679,"Ricci, ""Ada""",Members; Support,true',
      'csv2@import.example,,"open quote,Members,true',
      'csv3@import.example,,Three,Members',
      'csv4@import.example,,Four,,yes',
      'csv5@import.example,,"Five","[""Members""]",',
    );
    expect(ran.out[0]).toBe('Imported 2 accounts of 5 lines.');
    expect(ran.notes.slice(0, -1)).toEqual([
      'line 3: the line is no CSV: a quote is open, or stands inside a cell',
      'line 4: the line has 4 cells, the first line 5',
      'line 5: verified: has to be of type boolean',
    ]);
    expect(
      await query(
        `select display_name, phone, email_verified_at is not null as proved,
           array(select g.name::text from memberships m join groups g on g.id = m.group_id where m.user_id = u.id order by 1) as groups
         from users u where email like 'csv%' order by email`,
      ),
    ).toEqual([
      { display_name: 'Ricci, "Ada"', phone: '+390612345679', proved: true, groups: ['Members', 'Support'] },
      { display_name: 'Five', phone: null, proved: false, groups: ['Members'] },
    ]);
  });

  test('begins with the names of columns that there are', async () => {
    expect(await csv('email,pasword', 'x@import.example,y')).toMatchObject({
      exitCode: 2,
      notes: ['The first line has to name the columns: unknown column "pasword".'],
    });
    expect(await csv('email,email', 'x@import.example,y')).toMatchObject({ exitCode: 2 });
  });
});
