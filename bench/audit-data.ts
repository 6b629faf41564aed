import type { Database } from '../src/database/database.ts';
import { sql } from '../src/database/sql.ts';
import { loadWithoutIndexes } from './bulk-load.ts';

const uuid = (expression: string): string => `lpad(to_hex(${expression}), 32, '0')::uuid`;

/** Somebody who did one in a thousand of the events, and was done to in as many others. */
export const COMMON_ACTOR = '00000000-0000-0000-0000-000000000005';
/** Whoever did the rare events, all of them in the oldest month. */
export const RARE_ACTOR = '00000000-0000-0000-0000-000000895440';

const LOAD_BATCH = 500_000;

/**
 * Events spread over twelve months, 1,000 actors and 1,000 targets, 40 actions and 4,096 addresses; the first hundredth, all in the
 * oldest month, is of rare values, which a walk along the time finds last.
 */
export const loadAudit = async (database: Database, rows: number): Promise<void> => {
  await database.query(`select ensure_audit_partitions((current_date - interval '13 months')::date, 14)`);
  const isRare = `n < ${Math.floor(rows / 100)}`;
  const at = `date_trunc('day', now()) - interval '365 days' + n * (interval '365 days' / ${rows})`;
  const batches = Array.from({ length: Math.ceil(rows / LOAD_BATCH) }, (_, index) => {
    const from = index * LOAD_BATCH;
    return `generate_series(${from}::bigint, ${Math.min(from + LOAD_BATCH, rows) - 1}::bigint) n`;
  });
  const events = loadWithoutIndexes(database, ['audit_events'], async (em) => {
    for (const batch of batches) {
      await sql(
        em,
        `insert into audit_events (at, id, action, result, actor_type, actor_id, target_type, target_id, metadata, personal_commitment, chain_sequence, chain_hash)
         select ${at}, ${uuid('n::bigint + 16')}, case when ${isRare} then 'rare.done' else 'user.action-' || n % 40 end,
           case when ${isRare} then 'DENIED' when n % 20 = 0 then 'FAILURE' else 'SUCCESS' end, 'User',
           case when ${isRare} then ${uuid('9000000')} else ${uuid('(n * 7919 % 1000)::bigint')} end, 'User',
           case when ${isRare} then 'rare' else (${uuid('(n * 104729 % 1000)::bigint')})::text end, '{"reason": "bench"}', decode(md5(n::text), 'hex'),
           n + 1, decode(md5(n::text), 'hex')
         from ${batch}`,
      );
    }
  });
  const values = loadWithoutIndexes(database, ['audit_personal_values'], async (em) => {
    for (const batch of batches) {
      await sql(
        em,
        `insert into audit_personal_values (at, event_id, salt, "values")
         select ${at}, ${uuid('n::bigint + 16')}, decode(md5(n::text), 'hex'), jsonb_build_object('actorLabel', 'person' || n % 1000 || '@example.org',
           'targetLabel', null, 'userAgent', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'changes', '[]'::jsonb,
           'ipAddress', case when ${isRare} then '203.0.113.' || n % 16 else '10.0.' || n % 16 || '.' || n * 31 % 256 end)
         from ${batch}`,
      );
    }
  });
  await Promise.all([events, values]);
  await database.query('vacuum (analyze) audit_events');
  await database.query('vacuum (analyze) audit_personal_values');
};
