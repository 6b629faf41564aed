import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { MigrationError } from '../../../src/database/migrator.ts';
import { ALL, FOUNDATION, GROUPS, useMigrations } from './migrations-bench.ts';

const { bench, cluster, opened, tables } = useMigrations();

describe('the migrator', () => {
  test('applies everything once, and says when and together with what', async () => {
    const url = await cluster().newDatabase();
    const migrator = await opened(url);
    expect(await migrator.pending()).toEqual(ALL);
    expect(await migrator.up()).toEqual(ALL);
    expect(await migrator.up()).toEqual([]);
    expect(await migrator.applied()).toEqual(ALL);
    const [first] = await migrator.status();
    expect(first).toMatchObject({ name: FOUNDATION, state: 'applied', group: 1 });
    expect(first?.appliedAt?.getFullYear()).toBeGreaterThan(2025);
  });

  test('looking at a database changes nothing in it', async () => {
    const url = await cluster().newDatabase();
    const migrator = await opened(url);
    await migrator.status();
    await expect(migrator.check()).rejects.toThrow(MigrationError);
    expect(await tables(url)).toEqual([]);
  });

  test('check passes when nothing is due, and else names the command', async () => {
    const { migrator, add } = await bench();
    await expect(migrator.check()).rejects.toThrow(
      'The database has no tables of Gatehouse yet: run "npm run cli -- migrate deploy"',
    );
    await migrator.up();
    await expect(migrator.check()).resolves.toBeUndefined();
    await add('Migration20990101000000_more', 'this.addSql("create table more (id int)");');
    await expect(migrator.check()).rejects.toThrow(
      'The database is behind this release by one migration, from Migration20990101000000_more on',
    );
  });

  test('down undoes exactly the migrations that were applied together last', async () => {
    const { url, migrator, add } = await bench();
    await migrator.up();
    await add(
      'Migration20990101000000_one',
      'this.addSql("create table one (id int)");',
      'this.addSql("drop table one");',
    );
    await add(
      'Migration20990101000001_two',
      'this.addSql("create table two (id int)");',
      'this.addSql("drop table two");',
    );
    await migrator.up();
    expect(await tables(url)).toEqual(expect.arrayContaining(['one', 'two', 'users']));
    expect(await migrator.down()).toEqual(['Migration20990101000001_two', 'Migration20990101000000_one']);
    expect(await tables(url)).not.toContain('one');
    expect(await tables(url)).toContain('users');
    expect(await migrator.down()).toEqual(ALL.toReversed());
    expect(await tables(url)).toEqual(['schema_migrations']);
    expect(await migrator.down()).toEqual([]);
    expect(await migrator.up()).toHaveLength(ALL.length + 2);
  });

  test('a single migration is applied and undone by its name, its file, its time or its words', async () => {
    const { migrator, add } = await bench();
    await migrator.up(FOUNDATION);
    expect(await migrator.up(FOUNDATION)).toEqual([]);
    expect(await migrator.up('seed_groups')).toEqual([GROUPS]);
    expect(await migrator.down(`${GROUPS}.ts`)).toEqual([GROUPS]);
    expect(await migrator.up('20261101000001')).toEqual([GROUPS]);
    await add('Migration20990101000000_more', 'this.addSql("select 1");', 'this.addSql("select 1");');
    await migrator.up('more');
    // The second of three groups: the third stays.
    expect(await migrator.down('seed_groups')).toEqual([GROUPS]);
    expect(await migrator.applied()).toEqual([FOUNDATION, 'Migration20990101000000_more']);
    await expect(migrator.down('seed_groups')).rejects.toThrow(`${GROUPS} is not applied`);
  });

  test('an unknown name changes nothing and is answered with the likely one', async () => {
    const migrator = await opened(await cluster().newDatabase());
    await expect(migrator.up('foundatoin')).rejects.toThrow('did you mean foundation?');
    await expect(migrator.up('"; drop table users')).rejects.toThrow('There is no migration');
    expect(await migrator.applied()).toEqual([]);
  });

  test('one failing migration takes its whole group back', async () => {
    const { url, migrator, add } = await bench();
    await migrator.up();
    await add('Migration20990101000000_good', 'this.addSql("create table good (id int)");');
    await add(
      'Migration20990101000001_bad',
      'this.addSql("create table half (id int)"); this.addSql("select * from nowhere");',
    );
    await expect(migrator.up()).rejects.toThrow(
      /^Migration20990101000001_bad failed, nothing was changed: .*relation "nowhere" does not exist$/,
    );
    expect(await tables(url)).not.toContain('good');
    expect(await tables(url)).not.toContain('half');
    expect(await migrator.applied()).toEqual(ALL);
  });

  test('any number of processes may apply at once: each migration runs one time', async () => {
    const { url, directory, add } = await bench();
    await add(
      'Migration20990101000000_counted',
      'this.addSql("create table counted (id int)"); this.addSql("select pg_sleep(0.2)");',
    );
    const replicas = await Promise.all(Array.from({ length: 5 }, () => opened(url, directory)));
    const applied = await Promise.all(replicas.map((replica) => replica.up()));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    const rows = await cluster().query<{ name: string; group_number: number }>(
      url,
      'select name, group_number from schema_migrations order by id',
    );
    expect(rows.map((row) => row.group_number)).toEqual([...ALL, 'counted'].map(() => 1));
  });

  test('one migrator may be asked twice at once', async () => {
    const migrator = await opened(await cluster().newDatabase());
    const both = await Promise.all([migrator.up(), migrator.up()]);
    expect(both.flat()).toEqual(ALL);
  });

  test('a table that stays in use stops a migration, with nothing changed', async () => {
    const { url, migrator, add } = await bench();
    await migrator.up();
    await add('Migration20990101000000_alter', 'this.addSql("alter table users add column more text");');
    const reader = new Client({ connectionString: url });
    await reader.connect();
    try {
      await reader.query('begin; select * from users');
      await expect(migrator.up()).rejects.toThrow(
        'Migration20990101000000_alter failed, nothing was changed: a table was in use for too long',
      );
    } finally {
      await reader.end();
    }
    expect(await migrator.pending()).toEqual(['Migration20990101000000_alter']);
    expect(await migrator.up()).toEqual(['Migration20990101000000_alter']);
  });

  test('an old release runs on a newer schema, shows what it does not know, and does not undo it', async () => {
    const { directory, migrator, add } = await bench();
    await add('Migration20990101000000_newer', 'this.addSql("select 1");', 'this.addSql("select 1");');
    await migrator.up();
    await rm(join(directory, 'Migration20990101000000_newer.ts'));
    await expect(migrator.check()).resolves.toBeUndefined();
    expect(await migrator.status()).toContainEqual(
      expect.objectContaining({ name: 'Migration20990101000000_newer', state: 'unknown', group: 1 }),
    );
    await expect(migrator.down()).rejects.toThrow('its file is not in this release');
    expect(await migrator.applied()).toHaveLength(ALL.length + 1);
  });

  test('a migration that cannot be undone says so and stays', async () => {
    const { directory, migrator } = await bench();
    await writeFile(
      join(directory, 'Migration20990101000000_oneway.ts'),
      `import { Migration } from '@mikro-orm/migrations';
export class Oneway extends Migration { override up(): void { this.addSql('select 1'); } }
`,
    );
    await migrator.up();
    await expect(migrator.down('oneway')).rejects.toThrow('This migration cannot be reverted');
    expect(await migrator.pending()).toEqual([]);
  });

  test("migrations that MikroORM's own command applied form a group of their own", async () => {
    const { url, migrator } = await bench();
    await migrator.up();
    await cluster().query(url, 'alter table schema_migrations drop column group_number');
    expect((await migrator.status()).map(({ state, group }) => [state, group])).toEqual(
      ALL.map(() => ['applied', null]),
    );
    // Older ones wrote the ending of the file as well.
    await cluster().query(url, `update schema_migrations set name = name || '.ts' where id % 2 = 0`);
    expect(await migrator.down()).toEqual(ALL.toReversed());
    expect(await migrator.pending()).toEqual(ALL);
  });

  test('statements that end with a comment, or with a semicolon, or with both, are told apart', async () => {
    const { url, add, migrator } = await bench();
    const up = [
      'create table one (id int) -- first',
      'create table two (id int);',
      'create table three (id int); -- third',
    ];
    const statements = (list: readonly string[]): string => list.map((text) => `this.addSql('${text}');`).join(' ');
    const down = ['drop table three -- third', 'drop table two;', 'drop table one; -- first'];
    await add('Migration20990101000000_comments', statements(up), statements(down));
    await migrator.up();
    expect(await tables(url)).toEqual(expect.arrayContaining(['one', 'three', 'two']));
    await migrator.down('comments');
    expect(await migrator.pending()).toEqual(['Migration20990101000000_comments']);
    expect((await tables(url)).filter((name) => ['one', 'two', 'three'].includes(name))).toEqual([]);
  });

  test('dropping everything leaves a schema that takes the migrations again', async () => {
    const { url, migrator } = await bench();
    await migrator.up();
    await cluster().query(url, "create type mood as enum ('fine'); create view seen as select id from users");
    expect(await migrator.dropEverything()).toBeGreaterThan(15);
    expect(await tables(url)).toEqual([]);
    expect(await migrator.up()).toEqual(ALL);
  });
});
