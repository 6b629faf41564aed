import type { Database } from '../../../src/database/database.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';

/** Rows of each kind that are really there. */
const ROWS = 3000;
/** By so much the planner is told that there are more: a million users. */
const TIMES = 340;

const id = (kind: string, n = 'n'): string => `md5('${kind}' || (${n}))::uuid`;
const AT = `timestamptz '2026-01-01' + n * interval '1 minute'`;
const ALL = `generate_series(1, ${ROWS}) n`;

/** Users with all that hangs on them; organizations and groups a tenth as many, the first two levels above the others. */
const STATEMENTS: readonly string[] = [
  `insert into users (id, display_name, email, username, status, locked_until, mfa_enabled_at, last_sign_in_at, attributes, created_at, updated_at)
   select ${id('user')}, 'Person ' || md5(n::text), 'p' || n || '@company' || n % 97 || '.example', case when n % 3 = 0 then 'user' || n end,
     case n % 40 when 0 then 'DISABLED' when 1 then 'INVITED' else 'ACTIVE' end, case when n % 50 = 3 then timestamptz '2099-01-01' end,
     case when n % 4 = 0 then ${AT} end, case when n % 5 > 0 then ${AT} + interval '9 days' end,
     jsonb_build_object('badge', 'b' || n, 'level', n, 'hired', date '1990-01-01' + n, 'team', 't' || n % 200), ${AT}, ${AT} from ${ALL}`,
  `insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
   select ${id('group')}, 'Plan ' || n, 'plan ' || n, '', false, 'ALL', 1, ${AT}, ${AT} from generate_series(1, ${ROWS / 10}) n`,
  `insert into memberships (id, user_id, group_id, added_at)
   select ${id('membership')}, ${id('user')}, case when n % 2 = 0 then '${MEMBERS_GROUP_ID}'::uuid else ${id('group', `1 + n % ${ROWS / 10}`)} end, ${AT} from ${ALL}`,
  `insert into organizations (id, version, name, name_key, level, parent_id, created_at, updated_at)
   select ${id('organization')}, 1, 'Place ' || md5(n::text), 'place ' || md5(n::text), case when n <= 10 then 0 else 1 end,
     case when n > 10 then ${id('organization', '1 + n % 10')} end, ${AT}, ${AT} from generate_series(1, ${ROWS / 10}) n`,
  `insert into organization_closure (ancestor_id, descendant_id, depth)
   select id, id, 0 from organizations union all select parent_id, id, 1 from organizations where parent_id is not null`,
  `insert into organization_members (user_id, organization_id, joined_at)
   select ${id('user')}, ${id('organization', `1 + n % ${ROWS / 10}`)}, ${AT} from ${ALL}`,
  `insert into sessions (id, user_id, sign_in_method, assurance_level, delivery, authenticated_at, ip_address, created_at, last_seen_at, expires_at, absolute_expires_at, refresh_generation, ended_at, end_reason, refresh_selector, refresh_hash, refresh_key_version)
   select ${id('session')}, ${id('user')}, 'PASSWORD', 'AAL1', 'BODY', ${AT}, '10.0.0.1', ${AT}, ${AT}, ${AT} + interval '400 days', ${AT} + interval '400 days', 0,
     case when n % 2 = 0 then ${AT} end, case when n % 2 = 0 then 'SIGNED_OUT' end, n::text, decode(md5(n::text), 'hex'), 1 from ${ALL}`,
  `insert into devices (id, user_id, selector, secret_hash, name, fingerprint, failed_sign_in_count, first_seen_at, last_seen_at, last_ip_address)
   select ${id('device')}, ${id('user')}, n::text, decode(md5(n::text), 'hex'), 'Firefox', 'f', 0, ${AT}, ${AT}, '10.0.0.1' from ${ALL}`,
  `insert into api_keys (id, version, owner_id, name, selector, secret_hash, all_my_permissions, created_at, revoked_at)
   select ${id('key')}, 1, ${id('user')}, 'Key ' || n, n::text, decode(md5(n::text), 'hex'), true, ${AT}, case when n % 2 = 0 then ${AT} end from ${ALL}`,
  `insert into messages (id, channel, template, recipient, locale, user_id, state, attempts, created_at)
   select ${id('message')}, 'EMAIL', 'invite', 'p' || n || '@company.example', 'en', ${id('user')}, case n % 10 when 0 then 'FAILED' else 'SENT' end, 1, ${AT} from ${ALL}`,
  `insert into impersonations (id, actor_id, target_id, actor_session_id, mode, reason, started_at, expires_at, ended_at)
   select ${id('impersonation')}, ${id('user')}, ${id('user', `1 + (n * 7) % ${ROWS}`)}, ${id('session')}, 'READ_ONLY', 'bench', ${AT}, ${AT} + interval '1 hour', ${AT} from ${ALL}`,
  `select ensure_audit_partitions('2026-01-01', 2)`,
  `insert into audit_events (at, id, action, result, actor_type, actor_id, target_type, target_id, metadata, personal_commitment)
   select timestamptz '2026-01-02' + n * interval '1 second', ${id('event')}, 'user.action-' || n % 20, case when n % 20 = 0 then 'FAILURE' else 'SUCCESS' end,
     'User', ${id('user', `1 + n % 500`)}, 'User', (${id('user', `1 + n % 499`)})::text, '{}', decode(md5(n::text), 'hex') from generate_series(1, ${ROWS * 2}) n`,
  `insert into audit_personal_values (at, event_id, salt, "values")
   select timestamptz '2026-01-02' + n * interval '1 second', ${id('event')}, decode(md5(n::text), 'hex'), jsonb_build_object('actorLabel', null, 'targetLabel', null,
     'userAgent', null, 'changes', '[]'::jsonb, 'ipAddress', '10.0.' || n % 16 || '.' || n % 250) from generate_series(1, ${ROWS * 2}) n`,
  'analyze',
];

/** A user and an organization that have rows of each kind. */
export const planIds = async (
  database: Database,
): Promise<{ userId: string; organizationId: string; groupId: string }> => {
  const [row] = await database.query<{ userId: string; organizationId: string }>(
    `select ${id('user', '101')} as "userId", ${id('organization', '5')} as "organizationId"`,
  );
  if (row === undefined) throw new Error('There are no ids.');
  return { ...row, groupId: MEMBERS_GROUP_ID };
};

/** Makes a user administrator within an organization that has a tenth of all people. */
export const administrate = (database: Database, userId: string, organizationId: string): Promise<unknown> =>
  database.query(
    `with joined as (insert into organization_members (user_id, organization_id, joined_at) values ($1, $2, now()))
     insert into memberships (id, user_id, group_id, organization_id, added_at) values (gen_random_uuid(), $1, $3, $2, now())`,
    [userId, organizationId, ADMINISTRATORS_GROUP_ID],
  );

/**
 * Fills the database, takes statistics, and then tells the planner that each table has many times as many rows, spread as those that
 * are there. Gives the tables on which a scan from end to end would be felt.
 */
export const loadPlanData = async (database: Database): Promise<ReadonlySet<string>> => {
  for (const statement of STATEMENTS) await database.query(statement);
  const rows = await database.query<{ name: string }>(
    `update pg_class set reltuples = reltuples * ${TIMES} where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace and reltuples >= 100
     returning case when relkind = 'r' and reltuples >= 50000 then relname end as name`,
  );
  return new Set(rows.map(({ name }) => name).filter((name) => name !== null));
};
