import { beforeAll, expect, test } from 'vitest';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import { type Explained, sentLists } from './sent-lists.ts';

const app = useTestApp();
const cast = useCast(app);

const EVENTS = 50_000;
const AT = `date_trunc('day', now()) - interval '300 days' + n * interval '300 days' / ${EVENTS}`;
const ID = `md5('audit-page' || n)::uuid`;

// A log of a small place after some months: not so large that reading all of it would be out of the question for the planner.
beforeAll(async () => {
  const { database } = app();
  await database.query(`select ensure_audit_partitions((current_date - interval '11 months')::date, 12)`);
  await database.query(
    `insert into audit_events (at, id, action, result, actor_type, metadata, personal_commitment)
     select ${AT}, ${ID}, 'user.action-' || n % 20, 'SUCCESS', 'System', '{}', decode(md5(n::text), 'hex') from generate_series(1, ${EVENTS}) n`,
  );
  await database.query(
    `insert into audit_personal_values (at, event_id, salt, "values")
     select ${AT}, ${ID}, decode(md5(n::text), 'hex'), jsonb_build_object('actorLabel', null, 'targetLabel', null, 'userAgent', null,
       'changes', '[]'::jsonb, 'ipAddress', '10.0.' || n % 16 || '.' || n % 250) from generate_series(1, ${EVENTS}) n`,
  );
  await database.query('vacuum (analyze) audit_events');
  await database.query('vacuum (analyze) audit_personal_values');
});

const EVENTS_OF = `query ($first: Int, $last: Int, $filter: AuditEventFilter) {
  auditEvents(first: $first, last: $last, filter: $filter) { nodes { id } } }`;

test.each([
  ['the first page', { first: 100 }],
  ['the last page', { last: 100 }],
  ['of one action', { first: 100, filter: { actionIn: ['user.action-3'] } }],
  ['of one address', { first: 100, filter: { ipAddress: '10.0.3.93' } }],
])('%s reads what is on it, not the whole log', async (_, variables) => {
  const statements = await sentLists(app(), cast().admin, EVENTS_OF, variables);
  const [statement, ...others] = statements.filter(({ text }) => text.includes('audit_events'));
  expect(others).toEqual([]);
  const [row] = await app().database.query<Explained>(
    `explain (analyze, buffers, format json) ${statement?.text ?? ''}`,
    statement?.values ?? [],
  );
  const plan = row?.['QUERY PLAN'][0]?.Plan;
  const pages = (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
  // Two look-ups of three pages for each of a hundred, and the way to them; the log alone has more than 800.
  expect(pages).toBeGreaterThan(0);
  expect(pages).toBeLessThan(800);
});
