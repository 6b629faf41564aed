import { beforeAll, describe, expect, test } from 'vitest';
import { makePerson, signIn } from '../../support/cast.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import { administrate, loadPlanData, planIds } from './plan-data.ts';
import { type Explained, type Node, sentLists, type Statement } from './sent-lists.ts';

const ATTRIBUTES = [
  { name: 'badge', type: 'string', filterable: true },
  { name: 'team', type: 'string', filterable: true },
  { name: 'level', type: 'number', filterable: true },
  { name: 'hired', type: 'date', filterable: true },
];
const app = useTestApp({ settings: { 'users.attributes': JSON.stringify(ATTRIBUTES) } });
const cast = useCast(app);
let large: ReadonlySet<string>;
let ids: Awaited<ReturnType<typeof planIds>>;
let within: TestClient;

beforeAll(async () => {
  // People of the test sign in while the database is small.
  ids = await planIds(app().database);
  const userId = await makePerson(app(), { email: 'within@plan.example' });
  large = await loadPlanData(app().database);
  await administrate(app().database, userId, ids.organizationId);
  within = await signIn(app(), 'within@plan.example');
});

/** More rows than these are never sorted for a page, but for those who are found by an index when the list has nobody near. */
const MOST_SORTED = 50_000;

/** What is wrong with a plan: a large table that is read from end to end, or sorted as a whole. */
const faultsOf = (node: Node): readonly string[] => {
  const relation = node['Relation Name'];
  const read =
    node['Node Type'].endsWith('Seq Scan') && relation !== undefined && large.has(relation)
      ? [`reads all of ${relation}`]
      : [];
  const sorted = node['Node Type'] === 'Sort' ? (node.Plans?.[0]?.['Plan Rows'] ?? 0) : 0;
  const below = (node.Plans ?? []).flatMap(faultsOf);
  return [
    ...read,
    ...(sorted > MOST_SORTED ? [`sorts ${sorted} rows`] : []),
    ...(node['One-Time Filter'] === undefined ? below : below.filter((fault) => !fault.startsWith('sorts '))),
  ];
};

/** `GENERIC`: the one plan for all values, which PostgreSQL goes over to for statements that are sent by name. */
type PlanFor = 'VALUES' | 'GENERIC';

/** The plan for all values. By a named statement, for `explain (generic_plan)` came with PostgreSQL 16. */
const genericPlan = ({ text, values }: Statement): Promise<Explained[]> =>
  app().database.onConnection(async (connection) => {
    const run = <Row extends object>(statement: string): Promise<Row[]> => connection.query<Row>(statement, [], 30_000);
    await run('set plan_cache_mode = force_generic_plan');
    await run(`prepare for_all as ${text}`);
    const given = values.length === 0 ? '' : `(${values.map(() => 'null').join()})`;
    const explained = await run<Explained>(`explain (format json) execute for_all${given}`);
    await run('deallocate for_all');
    await run('reset plan_cache_mode');
    return explained;
  });

/** Sends a document, and gives the faults in the plans of all that it read. */
const faultsIn = async (
  client: TestClient,
  query: string,
  variables: object,
  planFor: PlanFor = 'VALUES',
): Promise<readonly string[]> => {
  const lists = await sentLists(app(), client, query, variables);
  const faults: string[] = [];
  for (const { text, values } of lists) {
    const [row] = await (planFor === 'VALUES'
      ? app().database.query<Explained>(`explain (format json) ${text}`, values)
      : genericPlan({ text, values }));
    const plan = row?.['QUERY PLAN'][0]?.Plan;
    if (plan === undefined) throw new Error('There is no plan.');
    faults.push(...faultsOf(plan).map((fault) => `${fault}: ${text.replaceAll(/\s+/g, ' ').slice(0, 120)}`));
  }
  return faults;
};

const connection = (list: string, filter: string | null, order: string | null = null): string => {
  const more = [
    ...(filter === null ? [] : [`$filter: ${filter}`]),
    ...(order === null ? [] : [`$orderBy: ${order}`]),
  ].join(', ');
  const given = [...(filter === null ? [] : ['filter: $filter']), ...(order === null ? [] : ['orderBy: $orderBy'])];
  return `query ($first: Int, $after: String, $last: Int, $before: String, ${more}) {
    ${list}(${['first: $first, after: $after, last: $last, before: $before', ...given].join(', ')}) {
      nodes { __typename } pageInfo { startCursor hasPreviousPage } } }`;
};

const USERS = connection('users', 'UserFilter', 'UserOrder');

interface Case {
  readonly name: string;
  readonly query: string;
  readonly variables: (known: typeof ids) => object;
}

const list = (name: string, query: string, variables: (known: typeof ids) => object = () => ({})): Case => ({
  name,
  query,
  variables,
});
const users = (name: string, filter: (known: typeof ids) => object): Case =>
  list(`users, ${name}`, USERS, (known) => ({ filter: filter(known) }));
const ordered = ['CREATED_AT', 'DISPLAY_NAME', 'EMAIL', 'LAST_SIGN_IN_AT'].map((field) =>
  list(`users by ${field}`, USERS, () => ({ orderBy: { field, direction: 'ASC' } })),
);
const AUDIT = connection('auditEvents', 'AuditEventFilter');
const audit = (name: string, filter: (known: typeof ids) => object): Case =>
  list(`auditEvents, ${name}`, AUDIT, (known) => ({ filter: filter(known) }));

const CASES: readonly Case[] = [
  list('users', USERS),
  ...ordered,
  users('search of a word', () => ({ search: 'company7.example' })),
  users('search of three characters', () => ({ search: 'p42' })),
  users('search of two characters', () => ({ search: 'p4' })),
  users('search of two characters that hardly anybody has', () => ({ search: 'zq' })),
  users('search of other scripts', () => ({ search: '王伟' })),
  users('search torn by punctuation', () => ({ search: '7.e' })),
  users('search and state', () => ({ search: 'person', statusIn: ['DISABLED'] })),
  users('disabled', () => ({ statusIn: ['DISABLED'] })),
  users('locked', () => ({ statusIn: ['LOCKED'] })),
  users('of a group', ({ groupId }) => ({ groupIds: [groupId] })),
  users('of an organization', ({ organizationId }) => ({ organizationId })),
  users('with a second factor', () => ({ mfa: true })),
  users('that are service accounts', () => ({ kindIn: ['SERVICE'] })),
  users('not signed in of late', () => ({ lastSignInAt: { until: '2026-01-11T00:00:00Z' } })),
  users('made in a span', () => ({ createdAt: { from: '2026-01-02T00:00:00Z', until: '2026-01-03T00:00:00Z' } })),
  users('by an attribute', () => ({ attributes: [{ name: 'badge', equals: 'b42' }] })),
  users('by an attribute that several have', () => ({ attributes: [{ name: 'team', in: ['t7', 't8'] }] })),
  users('by a range of numbers', () => ({ attributes: [{ name: 'level', from: 40, until: 60 }] })),
  users('by a range of days', () => ({ attributes: [{ name: 'hired', from: '1991-02-03', until: '1991-02-13' }] })),
  users('by an attribute and a state', () => ({
    statusIn: ['ACTIVE'],
    attributes: [{ name: 'level', from: 40, until: 60 }],
  })),
  users('without an attribute', () => ({ attributes: [{ name: 'badge', isSet: false }] })),
  list('groups', connection('groups', 'GroupFilter')),
  list('organizations', connection('organizations', 'OrganizationFilter')),
  list('organizations, search', connection('organizations', 'OrganizationFilter'), () => ({
    filter: { search: 'place 4' },
  })),
  list('organizations of a parent', connection('organizations', 'OrganizationFilter'), ({ organizationId }) => ({
    filter: { parentId: organizationId },
  })),
  list('auditEvents', AUDIT),
  audit('of an actor', ({ userId }) => ({ actorId: userId })),
  audit('of a target', ({ userId }) => ({ targetId: userId })),
  audit('of actions', () => ({ actionIn: ['user.action-1', 'user.action-2'] })),
  audit('by result', () => ({ resultIn: ['FAILURE'] })),
  audit('from an address', () => ({ ipAddress: '10.0.3.93' })),
  audit('from a network', () => ({ ipAddress: '10.0.3.0/24' })),
  audit('in a span', () => ({ at: { from: '2026-01-02T00:00:00Z', until: '2026-01-02T01:00:00Z' } })),
  list('sessions', connection('sessions', 'SessionFilter')),
  list('sessions of a user', connection('sessions', 'SessionFilter'), ({ userId }) => ({ filter: { userId } })),
  list('devices', connection('devices', null)),
  list('apiKeys', connection('apiKeys', 'ApiKeyFilter')),
  list('apiKeys of an owner', connection('apiKeys', 'ApiKeyFilter'), ({ userId }) => ({ filter: { ownerId: userId } })),
  list('mailDeliveries', connection('mailDeliveries', 'MailDeliveryFilter')),
  list('mailDeliveries of a user', connection('mailDeliveries', 'MailDeliveryFilter'), ({ userId }) => ({
    filter: { userId },
  })),
  list('impersonations', connection('impersonations', 'ImpersonationFilter')),
  list('approvals', connection('approvals', 'ApprovalFilter')),
];

describe("with a million users, by the planner's own reckoning", () => {
  test('the tables are large', () => {
    expect([...large]).toEqual(
      expect.arrayContaining(['users', 'memberships', 'organization_members', 'sessions', 'api_keys', 'messages']),
    );
  });

  test.each(CASES)(
    '$name: the first page, the last one and one by cursor use indexes',
    async ({ query, variables }) => {
      const given = variables(ids);
      expect(await faultsIn(cast().admin, query, { first: 25, ...given })).toEqual([]);
      expect(await faultsIn(cast().admin, query, { last: 25, ...given })).toEqual([]);
      const { data } = await cast().admin.run<Record<string, { pageInfo: { startCursor: string | null } }>>(query, {
        last: 25,
        ...given,
      });
      const after = Object.values(data)[0]?.pageInfo.startCursor ?? null;
      const deep = after === null ? [] : await faultsIn(cast().admin, query, { first: 25, after, ...given });
      expect(deep).toEqual([]);
    },
  );

  test.each([
    ['users', USERS, {}],
    ['users found by a word', USERS, { filter: { search: 'company7.example' } }],
    ['users by an attribute', USERS, { filter: { attributes: [{ name: 'badge', equals: 'b42' }] } }],
    ['users found by two characters', USERS, { filter: { search: 'zq' } }],
    ['organizations', connection('organizations', 'OrganizationFilter'), {}],
    ['sessions', connection('sessions', 'SessionFilter'), {}],
  ])('%s, for an administrator of one organization', async (_name, query, given) => {
    expect(await faultsIn(within, query, { first: 25, ...given })).toEqual([]);
    expect(await faultsIn(within, query, { last: 25, ...given })).toEqual([]);
  });

  // Pages of users that nothing narrows are sent by name once they have proved to be frequent.
  test.each(['CREATED_AT', 'DISPLAY_NAME', 'EMAIL', 'LAST_SIGN_IN_AT'])(
    'users by %s use indexes by one plan for all values, too',
    async (field) => {
      for (const direction of ['ASC', 'DESC']) {
        const orderBy = { field, direction };
        const { data } = await cast().admin.run<{ users: { pageInfo: { startCursor: string } } }>(USERS, {
          last: 25,
          orderBy,
        });
        const after = data.users.pageInfo.startCursor;
        for (const client of [cast().admin, within]) {
          expect(await faultsIn(client, USERS, { first: 25, orderBy }, 'GENERIC')).toEqual([]);
          expect(await faultsIn(client, USERS, { last: 25, orderBy }, 'GENERIC')).toEqual([]);
          expect(await faultsIn(client, USERS, { first: 25, after, orderBy }, 'GENERIC')).toEqual([]);
        }
      }
    },
  );
});
