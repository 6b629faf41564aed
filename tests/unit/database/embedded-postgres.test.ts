import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedPostgres, EmbeddedPostgresError } from '../../../src/database/embedded/embedded-postgres.ts';
import { clusterOf, connect, embeddedFixture, type Fixture, query } from './embedded-fixture.ts';

const unwanted = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'succeeded',
    (error: unknown) => error,
  );

describe('the embedded PostgreSQL', () => {
  let fixture: Fixture;
  let server: EmbeddedPostgres;

  beforeAll(async () => {
    fixture = await embeddedFixture();
    server = await fixture.start();
  });

  afterAll(() => fixture.dispose());

  test('is PostgreSQL 18 with a database called gatehouse', async () => {
    expect(server.version).toMatch(/^18\.\d+$/);
    expect(new URL(server.url).pathname).toBe('/gatehouse');
    expect(await query(server.url, 'select current_database() as name')).toEqual([{ name: 'gatehouse' }]);
  });

  test('keeps its cluster in the data directory that it was given', async () => {
    expect(await clusterOf(server.url)).toBe(join(fixture.directory, 'postgres'));
  });

  test('stores UTF-8 and knows the letters of all alphabets', async () => {
    const [row] = await query(
      server.url,
      `select current_setting('server_encoding') as encoding, datlocprovider as provider, datlocale as locale,
              lower('ÀÉÎÕÜ ŁÓDŹ ЖУК ΑΒΓ') as low, upper('straße') as up, 'Ärger' ~ '^\\w+$' as word
         from pg_database where datname = current_database()`,
    );
    expect(row).toEqual({
      encoding: 'UTF8',
      provider: 'b',
      locale: 'C.UTF-8',
      low: 'àéîõü łódź жук αβγ',
      up: 'STRASSE'.replace('SS', 'ß'),
      word: true,
    });
  });

  test('offers citext and trigrams beyond ASCII', async () => {
    const client = await connect(server.url);
    await client.query('create extension citext');
    await client.query('create extension pg_trgm');
    const { rows } = await client.query(
      `select 'ÜNAL'::citext = 'ünal'::citext as equal, show_trgm('Łódź') as trigrams`,
    );
    await client.end();
    expect(rows[0]).toMatchObject({ equal: true });
    expect(rows[0]?.trigrams).toHaveLength(5);
  });

  test('lets nobody in without the password', async () => {
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    expect(await unwanted(query(wrong.href, 'select 1'))).toMatchObject({ code: '28P01' });
    const [row] = await query(
      server.url,
      "select count(*)::int as open from pg_hba_file_rules where auth_method <> 'scram-sha-256'",
    );
    expect(row).toEqual({ open: 0 });
  });

  test('keeps the password in a file for its owner only', async () => {
    const file = join(fixture.directory, 'postgres.password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = (await readFile(file, 'utf8')).trim();
    expect(text).toMatch(/^[0-9a-f]{64}$/);
    expect(new URL(server.url).password).toBe(text);
    expect(JSON.stringify(fixture.logged)).not.toContain(text);
  });

  test('opens neither another address nor a socket file', async () => {
    const other = new URL(server.url);
    other.hostname = '127.0.0.2';
    expect(await unwanted(query(other.href, 'select 1'))).toMatchObject({
      code: expect.stringMatching(/^(?:ECONNREFUSED|EADDRNOTAVAIL)$/),
    });
    const [row] = await query(
      server.url,
      "select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets",
    );
    expect(row).toEqual({ addresses: '127.0.0.1', sockets: '' });
  });

  test('refuses a second start, in one line, and leaves the first alone', async () => {
    const client = await connect(server.url);
    const error = await unwanted(fixture.start());
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    expect(String(error)).toMatch(/already belongs to this process .* another DATA_DIR/);
    expect(String(error)).not.toContain('\n');
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  });

  test('refuses a second start through another name of the directory', async () => {
    const error = await unwanted(
      fixture.start({ directory: `${fixture.directory}/../${fixture.directory.split('/').at(-1)}/.` }),
    );
    expect(String(error)).toContain('already belongs to this process');
  });

  test('serves 150 connections at once', async () => {
    const clients = await Promise.all(Array.from({ length: 150 }, () => connect(server.url)));
    const answers = await Promise.all(clients.map((client) => client.query('select 1 as one')));
    await Promise.all(clients.map((client) => client.end()));
    expect(answers.every(({ rows }) => rows[0]?.one === 1)).toBe(true);
  });

  test('does not log what rows hold when a statement fails', async () => {
    await query(server.url, "create table person (email text unique); insert into person values ('ann@example.test')");
    const error = await unwanted(query(server.url, "insert into person values ('ann@example.test')"));
    expect(error).toMatchObject({ code: '23505' });
    expect(JSON.stringify(fixture.logged)).not.toContain('ann@example.test');
  });

  test('leaves no drafts in the data directory', async () => {
    expect((await readdir(fixture.directory)).toSorted()).toEqual([
      'postgres',
      'postgres.owner',
      'postgres.password',
      'postgres.port',
    ]);
  });
});

describe('a start of the embedded PostgreSQL', () => {
  test('reports a port that something else uses', async () => {
    const fixture = await embeddedFixture();
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const error = await unwanted(fixture.start({ port }));
    await new Promise((resolve) => other.close(resolve));
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    expect(String(error)).toContain(`Port ${port}, meant for the embedded PostgreSQL, is taken`);
    await fixture.dispose();
  });

  test.each(['', 'a b', 'x;drop', 'a"b', '../x', 'x'.repeat(64)])('refuses to call a database %j', async (database) => {
    const fixture = await embeddedFixture();
    const error = await unwanted(fixture.start({ database }));
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    expect(await readdir(fixture.directory)).toEqual([]);
    await fixture.dispose();
  });

  test('reports a data directory below something that is no directory', async () => {
    const fixture = await embeddedFixture();
    const error = await unwanted(fixture.start({ directory: '/etc/hostname/data' }));
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    expect(String(error)).toMatch(/cannot use \/etc\/hostname\/data .*set DATA_DIR/);
    await fixture.dispose();
  });
});
