import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { migratorOf } from './cli-fixture.ts';
import { ALL, useMigrations } from './migrations-bench.ts';

const { bench, cluster, opened, tables } = useMigrations();

describe('the migrator and what takes its time', () => {
  describe('one that runs outside of a transaction', () => {
    const concurrent = (name: string, up: string, down: string): string => `
import { Migration } from '@mikro-orm/migrations';
export class ${name} extends Migration {
  override isTransactional(): boolean { return false; }
  override up(): void { ${up} }
  override down(): void { ${down} }
}
`;
    const INDEX = 'Migration20990101000001_index';
    const up = `this.addSql('drop index concurrently if exists users_by_name');
      this.addSql('create index concurrently users_by_name on users (display_name)');`;
    const down = `this.addSql('drop index concurrently if exists users_by_name');`;
    const withIndex = async () => {
      const made = await bench();
      await made.add(
        'Migration20990101000000_before',
        'this.addSql("create table before (id int)");',
        'this.addSql("drop table before");',
      );
      await writeFile(join(made.directory, `${INDEX}.ts`), concurrent('Index', up, down));
      await made.add(
        'Migration20990101000002_after',
        'this.addSql("create table after (id int)");',
        'this.addSql("drop table after");',
      );
      return made;
    };
    const indexes = async (url: string) =>
      (
        await cluster().query<{ valid: boolean }>(
          url,
          `select indisvalid as valid from pg_index where indexrelid = to_regclass('users_by_name')`,
        )
      ).map(({ valid }) => valid);

    test('is applied between the others, in one group with them, and undone likewise', async () => {
      const { url, migrator } = await withIndex();
      expect(await migrator.up()).toHaveLength(ALL.length + 3);
      expect(await indexes(url)).toEqual([true]);
      expect(new Set((await migrator.status()).map(({ group }) => group))).toEqual(new Set([1]));
      expect(await migrator.down('index')).toEqual([INDEX]);
      expect(await indexes(url)).toEqual([]);
      expect(await migrator.up('index')).toEqual([INDEX]);
      expect(await indexes(url)).toEqual([true]);
    });

    test('does not keep people from writing, and waits for them', async () => {
      const { url, migrator, add, directory } = await bench();
      await migrator.up();
      await writeFile(join(directory, `${INDEX}.ts`), concurrent('Index', up, down));
      await add('Migration20990101000002_after', 'this.addSql("create table after (id int)");');
      const writer = new Client({ connectionString: url });
      await writer.connect();
      try {
        await writer.query(`begin; update users set display_name = 'x' where false`);
        const running = migrator.up();
        await cluster().query(url, `update users set display_name = 'y' where false`);
        await writer.query('commit');
        expect(await running).toEqual([INDEX, 'Migration20990101000002_after']);
      } finally {
        await writer.end();
      }
      expect(await indexes(url)).toEqual([true]);
    });

    test('runs once, whoever applies at the same time', async () => {
      const { directory, url } = await withIndex();
      const replicas = await Promise.all(Array.from({ length: 4 }, () => opened(url, directory)));
      const applied = (await Promise.all(replicas.map((replica) => replica.up()))).flat();
      expect(applied.toSorted()).toEqual(
        [...ALL, 'Migration20990101000000_before', INDEX, 'Migration20990101000002_after'].toSorted(),
      );
      expect(await indexes(url)).toEqual([true]);
    });

    test('that fails says what stays, and can be run again', async () => {
      const { url, migrator, directory, add } = await bench();
      await migrator.up();
      await add('Migration20990101000000_before', 'this.addSql("create table before (id int)");');
      const unique = up.replace('create index', 'create unique index').replace('users (display_name)', 'twice (id)');
      await cluster().query(url, `create table twice (id int); insert into twice values (1), (1)`);
      await writeFile(join(directory, `${INDEX}.ts`), concurrent('Index', unique, down));
      await add('Migration20990101000002_after', 'this.addSql("create table after (id int)");');
      await expect(migrator.up()).rejects.toThrow(
        /^Migration20990101000001_index failed, and may have left an index behind that is not valid; it can be run again: could not create unique index/,
      );
      expect(await migrator.pending()).toEqual([INDEX, 'Migration20990101000002_after']);
      expect(await indexes(url)).toEqual([false]);
      await cluster().query(url, 'delete from twice');
      expect(await migrator.up()).toEqual([INDEX, 'Migration20990101000002_after']);
      expect(await indexes(url)).toEqual([true]);
    });

    test('a failure behind it names what was committed before', async () => {
      const { migrator, add } = await withIndex();
      await add('Migration20990101000003_bad', 'this.addSql("select * from nowhere");');
      await expect(migrator.up()).rejects.toThrow(
        /Migration20990101000003_bad failed, what was done before it stays \(.*_index\)/,
      );
      expect(await migrator.pending()).toEqual(['Migration20990101000002_after', 'Migration20990101000003_bad']);
    });

    test('is refused behind a pooler, with what to do', async () => {
      const { url, directory } = await withIndex();
      const { migrator, close } = await migratorOf(url, directory, { pooled: true });
      onTestFinished(close);
      await expect(migrator.up()).rejects.toThrow(/pooler does not allow: .*DATABASE_POOLER=none/);
      expect(await migrator.pending()).toEqual([INDEX, 'Migration20990101000002_after']);
    });
  });

  test('a statement that takes longer than the settings allow is stopped, with nothing changed', async () => {
    const { url, directory, add, migrator: unbound } = await bench();
    await unbound.up();
    await add(
      'Migration20990101000000_slow',
      'this.addSql("create table slow (id int)"); this.addSql("select pg_sleep(30)");',
    );
    const { migrator, close } = await migratorOf(url, directory, { statementMs: 300 });
    onTestFinished(close);
    await expect(migrator.up()).rejects.toThrow(
      /_slow failed, nothing was changed: canceling statement due to statement timeout/,
    );
    expect(await tables(url)).not.toContain('slow');
  });
});
