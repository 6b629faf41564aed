import type { TestApp } from './test-app.ts';

/** A line of the audit log with its personal half. */
export interface AuditLine {
  readonly action: string;
  readonly result: string;
  readonly actor: { readonly type: string | null; readonly id: string | null; readonly label: string | null };
  readonly target: { readonly type: string | null; readonly id: string | null; readonly label: string | null };
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly changes: readonly {
    readonly field: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
  readonly requestId: string | null;
}

export interface PublishedEvent {
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const AUDIT = `
select e.id, e.action, e.result, e.metadata, p.values->'changes' as changes, e.request_id as "requestId",
  jsonb_build_object('type', e.actor_type, 'id', e.actor_id, 'label', p.values->>'actorLabel') as actor,
  jsonb_build_object('type', e.target_type, 'id', e.target_id, 'label', p.values->>'targetLabel') as target
from audit_events e join audit_personal_values p on p.at = e.at and p.event_id = e.id
where not (e.id = any($1::uuid[])) and e.action <> 'operation.denied' order by e.action, e.target_id`;

const EVENTS = `
select id, type, aggregate_type as "aggregateType", aggregate_id as "aggregateId", payload from outbox_events
where not (id = any($1::uuid[])) order by sequence`;

/** Runs `work` and gives what it answered, with the lines of the log and the events that were written meanwhile. */
export const recording = async <T>(
  app: TestApp,
  work: () => Promise<T>,
): Promise<{
  readonly answer: T;
  readonly audit: readonly AuditLine[];
  readonly events: readonly PublishedEvent[];
}> => {
  const known = await app.database.query<{ id: string }>(
    'select id from audit_events union all select id from outbox_events',
  );
  const ids = known.map((row) => row.id);
  const answer = await work();
  const audit = await app.database.query<AuditLine & { id?: string }>(AUDIT, [ids]);
  const events = await app.database.query<PublishedEvent & { id?: string }>(EVENTS, [ids]);
  return { answer, audit: audit.map(withoutId), events: events.map(withoutId) };
};

const withoutId = <Row extends { id?: string }>(row: Row): Omit<Row, 'id'> => {
  const rest = { ...row };
  delete rest.id;
  return rest;
};

const TABLES = {
  users: '*',
  identifiers: '*',
  credentials: '*',
  memberships: '*',
  groups: '*',
  group_grants: '*',
  organizations: '*',
  organization_closure: '*',
  organization_members: '*',
  organization_groups: '*',
  one_time_tokens: '*',
  invitations: '*',
  messages: 'id',
  reset_requests: '*',
  idempotency_keys: '*',
  permission_epoch: '*',
  devices: 'id, user_id, secret_hash, name, trusted_until',
  sessions: 'id, user_id, ended_at, end_reason, authenticated_at, refresh_hash',
  webhooks: '*',
  webhook_deliveries: '*',
  audit_events: 'id',
  outbox_events: 'id',
} as const;

/** One hash per table: equal when nothing that matters changed. */
const stateOf = async (app: TestApp): Promise<Readonly<Record<string, string>>> => {
  const hashes = Object.entries(TABLES).map(
    ([table, columns]) =>
      `(select md5(coalesce(string_agg(r::text, '|' order by r::text), '')) from (select ${columns} from ${table} ${table === 'audit_events' ? `where action <> 'operation.denied'` : ''}) r) as ${table}`,
  );
  const [row] = await app.database.query<Record<string, string>>(`select ${hashes.join(', ')}`);
  return row ?? {};
};

/** Runs `work` and tells which tables are not as they were; a refusal leaves none. */
export const changing = async <T>(
  app: TestApp,
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly changed: readonly string[] }> => {
  const before = await stateOf(app);
  const answer = await work();
  const after = await stateOf(app);
  return { answer, changed: Object.keys(TABLES).filter((table) => before[table] !== after[table]) };
};

/** Number of statements that `work` sends, those of authentication included. */
export const statementsOf = async <T>(
  app: TestApp,
  work: () => Promise<T>,
): Promise<{ answer: T; statements: number }> => {
  const before = app.database.statements.count;
  const answer = await work();
  return { answer, statements: app.database.statements.count - before };
};

/** Runs `work` so often at once. */
export const inParallel = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
