import { describe, expect, test } from 'vitest';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

const partition = (): string => app().clock.now().toISOString().slice(0, 7).replace('-', '_');

describe('the audit log by SQL, with the rights of the server itself', () => {
  const attacks: readonly (readonly [string, (month: string) => string])[] = [
    ['an event changed', () => `update audit_events set action = 'nothing.happened'`],
    ['an event changed in its partition', (month) => `update audit_events_${month} set actor_id = null`],
    ['the time of an event changed', () => `update audit_events set at = at - interval '1 month'`],
    ['the commitment changed', () => `update audit_events set personal_commitment = ''`],
    ['an event sealed in part', () => `update audit_events set chain_sequence = 1`],
    [
      'an event sealed and changed',
      () => `update audit_events set chain_sequence = 1, chain_hash = '', result = 'DENIED'`,
    ],
    ['events deleted', () => `delete from audit_events`],
    ['events deleted from their partition', (month) => `delete from audit_events_${month}`],
    ['everything truncated', () => `truncate audit_events`],
    ['a partition truncated', (month) => `truncate audit_events_${month}`],
    ['the default partition truncated', () => `truncate audit_events_default`],
    [
      'a personal value changed',
      () => `update audit_personal_values set values = jsonb_set(values, '{actorLabel}', '"Eve"')`,
    ],
    [
      'a personal value erased, its salt kept',
      () => `update audit_personal_values set values = erased_audit_values(values)`,
    ],
    ['a salt taken away, the values kept', () => `update audit_personal_values set salt = ''`],
    ['personal values deleted', () => `delete from audit_personal_values`],
    ['personal values deleted from their partition', (month) => `delete from audit_personal_values_${month}`],
    ['personal values truncated', () => `truncate audit_personal_values`],
    ['personal values of a month truncated', (month) => `truncate audit_personal_values_${month}`],
    [
      'an upsert over an event',
      () =>
        `insert into audit_events select * from audit_events limit 1 on conflict (at, id) do update set action = 'x'`,
    ],
  ];

  test.each(attacks)('%s: refused with a plain message, nothing lost', async (_name, statement) => {
    await cast().member.run('{ viewer { user { id } } }');
    const state = `select md5(string_agg(e::text || p::text, '' order by e.at, e.id)) as state, count(*)::int as rows
      from audit_events e join audit_personal_values p on p.at = e.at and p.event_id = e.id`;
    const [before] = await app().database.query<{ state: string; rows: number }>(state);
    expect(before?.rows).toBeGreaterThan(0);
    await expect(app().database.query(statement(partition()))).rejects.toThrow(/The audit log is append-only: /);
    expect(await app().database.query(state)).toEqual([before]);
  });

  test('months that are made later are guarded as well', async () => {
    await app().database.query(`select ensure_audit_partitions('2031-05-01', 1)`);
    await expect(app().database.query('truncate audit_events_2031_05')).rejects.toThrow('append-only');
    await app().database.query(
      `insert into audit_events (at, id, action, result, metadata, personal_commitment) values ('2031-05-02', gen_random_uuid(), 'a.b', 'SUCCESS', '{}', '')`,
    );
    await expect(app().database.query('delete from audit_events_2031_05')).rejects.toThrow('append-only');
  });

  test('sealing once passes, a second time it does not', async () => {
    await app().services.auditChain.run();
    const [row] = await app().database.query<{ id: string }>('select id from audit_events where chain_sequence = 1');
    const again = `update audit_events set chain_sequence = 99, chain_hash = '\\x01' where id = $1`;
    await expect(app().database.query(again, [row?.id])).rejects.toThrow('can be sealed once');
  });
});

describe('the indexes of the log', () => {
  test('serve every filter in every partition: none is read as a whole', async () => {
    const filters = [
      `e.actor_id = gen_random_uuid()`,
      `e.on_behalf_of_id = gen_random_uuid()`,
      `e.target_id = 'x'`,
      `e.action = 'x'`,
      `e.result = 'DENIED'`,
      `e.at >= now() - interval '1 day'`,
      `true`,
    ];
    const plans = filters.map((filter) => [
      filter,
      `select * from audit_events e where ${filter.replace('gen_random_uuid()', `'00000000-0000-7000-8000-000000000001'`)}
       and (e.at, e.id) < (now(), '00000000-0000-7000-8000-000000000001') order by e.at desc, e.id desc limit 26`,
    ]);
    plans.push(
      [
        'address',
        `select * from audit_personal_values f where (f."values"->>'ipAddress')::inet = '10.0.0.1' order by at desc, event_id desc limit 26`,
      ],
      ['range', `select * from audit_personal_values f where (f."values"->>'ipAddress')::inet <<= '10.0.0.0/8'`],
      ['id', `select * from audit_events e where e.id = '00000000-0000-7000-8000-000000000001'`],
      ['chain', 'select * from audit_events where chain_sequence > 5 order by chain_sequence limit 10'],
      ['unsealed', 'select * from audit_events where chain_sequence is null order by at, id limit 10'],
    );
    for (const [name, statement] of plans) {
      // Small tables are read as a whole by choice; what cannot be read otherwise is so even when that is made dear.
      const text = await app().database.transaction(async (em) => {
        const { sql } = await import('../../../src/database/sql.ts');
        await sql(em, 'set local enable_seqscan = off');
        const rows = await sql<{ 'QUERY PLAN': string }>(em, `explain ${statement}`);
        return rows.map((row) => row['QUERY PLAN']).join('\n');
      });
      expect([name, text.includes('Seq Scan'), /Index/.test(text)]).toEqual([name, false, true]);
    }
  });
});
