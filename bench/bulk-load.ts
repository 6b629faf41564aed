import type { EntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../src/database/database.ts';
import { sql } from '../src/database/sql.ts';

/** Indexes that are no constraint, of these tables; those of partitions come and go with their parents'. */
const INDEXES = `
select c.relname as name, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') as definition
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = any($1::text[]::regclass[]) and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`;

/**
 * Runs `fill` in one transaction that checks no foreign key and has no index to maintain, and makes the indexes anew at its end: rows
 * in an order that has nothing to do with the index are several times dearer one by one. For data that is right as it is written.
 */
export const loadWithoutIndexes = (
  database: Database,
  tables: readonly string[],
  fill: (em: EntityManager) => Promise<void>,
): Promise<void> =>
  database.transaction(async (em) => {
    await sql(em, `set local session_replication_role = replica`);
    await sql(em, `set local maintenance_work_mem = '512MB'`);
    const indexes = await sql<{ name: string; definition: string }>(em, INDEXES, [tables]);
    for (const { name } of indexes) await sql(em, `drop index "${name}"`);
    await fill(em);
    for (const { definition } of indexes) await sql(em, definition);
  });
