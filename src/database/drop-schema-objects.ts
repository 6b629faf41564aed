import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from './sql.ts';

const OWN = (catalogue: string, column: string): string =>
  `not exists (select from pg_depend d where d.classid = '${catalogue}'::regclass and d.objid = ${column} and d.deptype = 'e')`;

/** Extensions stay: dropping them may need rights that only the operator of the server has. */
const STATEMENTS = `
select format('drop %s if exists %s cascade', case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
    when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end, c.oid::regclass) as statement,
  c.relkind in ('r', 'p') as is_table
from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  and ${OWN('pg_class', 'c.oid')}
union all
select format('drop routine if exists %s cascade', p.oid::regprocedure), false
from pg_proc p where p.pronamespace = current_schema()::regnamespace and ${OWN('pg_proc', 'p.oid')}
union all
select format('drop type if exists %s cascade', t.oid::regtype), false
from pg_type t where t.typnamespace = current_schema()::regnamespace and t.typtype in ('e', 'd')
  and ${OWN('pg_type', 't.oid')}`;

/** Drops all tables, views, sequences, routines and types of the current schema; gives the number of tables. */
export const dropSchemaObjects = async (em: EntityManager): Promise<number> => {
  const rows = await sql<{ statement: string; is_table: boolean }>(em, STATEMENTS);
  for (const { statement } of rows) await sql(em, statement);
  return rows.filter((row) => row.is_table).length;
};
