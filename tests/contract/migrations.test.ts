import { Migrator } from '@mikro-orm/migrations';
import { type EntityMetadata, ReferenceKind } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Database } from '../../src/database/database.ts';
import { SchemaMigrator } from '../../src/database/migrator.ts';
import { createTestDatabase } from '../support/test-database.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

const COLUMNS = `select a.attname as name, format_type(a.atttypid, null) as type, not a.attnotnull as nullable
  from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by 1`;

/** Foreign keys whose columns no index begins with. */
const UNINDEXED = `select conrelid::regclass::text || ' ' || conname as name from pg_constraint c
  where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
    select from pg_index i where i.indrelid = c.conrelid and i.indpred is null
      and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)`;

const FOREIGN_KEYS = `select conrelid::regclass::text as name, count(*)::int as count from pg_constraint
  where contype = 'f' and connamespace = 'public'::regnamespace group by 1 order by 1`;

const OBJECTS = `select c.relname || ' ' || c.relkind::text as name from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relname not like '%schema_migrations%'
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  union all select proname || ' function' from pg_proc p where p.pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  order by 1`;

const SEEDED = `select g.id, name, description, scope_mode, array_agg(action || ':' || resource order by position) as grants
  from groups g left join group_grants on group_id = g.id group by g.id order by 1`;

/** PostgreSQL's names of the types that entities write in short. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  timestamptz: 'timestamp with time zone',
  int: 'integer',
  bigserial: 'bigint',
};

describe('migrations and entities', () => {
  let database: Database;
  let created: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeAll(async () => {
    created = await createTestDatabase();
    database = await Database.connect({ url: created.url });
  });
  afterAll(async () => {
    await database.close();
    await created.drop();
  });

  const entities = (): readonly EntityMetadata[] => [...database.orm.getMetadata().getAll().values()];
  const names = async (text: string): Promise<readonly string[]> =>
    (await database.query<{ name: string }>(text)).map(({ name }) => name);

  const expectedColumns = (entity: EntityMetadata): readonly Column[] =>
    Object.values(entity.properties)
      .flatMap((property) =>
        (property.fieldNames ?? []).map((name, index) => {
          const type = property.columnTypes[index] ?? '';
          return { name, type: LONG_NAMES[type] ?? type, nullable: property.nullable === true };
        }),
      )
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));

  test('the migrations leave nothing to do: no further one would be generated', async () => {
    expect(await new Migrator(database.orm.em.fork()).checkSchema()).toBe(false);
    expect(await new SchemaMigrator(database).pending()).toEqual([]);
  });

  test('every column of every entity is in the migrated database as declared, and no other', async () => {
    expect(entities()).toHaveLength(50);
    for (const entity of entities()) {
      const found = await database.query<Column>(COLUMNS, [entity.tableName]);
      expect({ table: entity.tableName, columns: found }).toEqual({
        table: entity.tableName,
        columns: expectedColumns(entity),
      });
    }
  });

  test('the database has no table that no entity declares', async () => {
    const tables = await names(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
         and not relispartition and relname <> 'schema_migrations' order by 1`,
    );
    expect(tables).toEqual(
      entities()
        .map(({ tableName }) => tableName)
        .toSorted(),
    );
  });

  test('every reference of an entity is a foreign key, and every foreign key begins an index', async () => {
    const declared = entities()
      .map(({ tableName, relations }) => ({
        name: tableName,
        count: relations.filter(({ kind }) => kind === ReferenceKind.MANY_TO_ONE).length,
      }))
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(await database.query(FOREIGN_KEYS)).toEqual(declared);
    expect(await names(UNINDEXED)).toEqual([]);
  });

  test('every time is an instant: no column knows only a local time', async () => {
    const local = await names(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public' and data_type in ('timestamp without time zone', 'time without time zone', 'date')`,
    );
    expect(local).toEqual([]);
  });

  test('users and groups say where they come from, each identity of a source at most once', async () => {
    for (const table of ['users', 'groups']) {
      const columns = await database.query<Column>(COLUMNS, [table]);
      expect(columns.filter(({ name }) => name === 'external_id' || name === 'source')).toEqual([
        { name: 'external_id', type: 'text', nullable: true },
        { name: 'source', type: 'text', nullable: true },
      ]);
      const indexes = await names(`select indexdef as name from pg_indexes where tablename = '${table}'`);
      expect(indexes.filter((text) => /UNIQUE.*\(source, external_id\)/.test(text))).toHaveLength(1);
    }
  });

  // Last, because it takes the tables away.
  test('going down leaves nothing, and going up again makes the same once more', async () => {
    const migrator = new SchemaMigrator(database);
    const before = await names(OBJECTS);
    const seeded = await database.query(SEEDED);
    await migrator.down();
    expect(await migrator.applied()).toEqual([]);
    expect(await names(OBJECTS)).toEqual([]);
    await migrator.up();
    expect(await names(OBJECTS)).toEqual(before);
    expect(await database.query(SEEDED)).toEqual(seeded);
  });
});
