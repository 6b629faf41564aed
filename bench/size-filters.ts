import type { Database } from '../src/database/database.ts';
import { PLACES } from './organization-data.ts';
import { ROOT } from './size-data.ts';

/** A list that somebody asks for. */
export interface Question {
  readonly name: string;
  readonly who: string;
  readonly query: string;
  readonly variables: object;
}

/** The group of the oldest users, which a walk from the newest on finds last. */
const LARGE_GROUP = '11111111-1111-4111-8111-111111111111';
const LARGE_GROUP_MEMBERS = 300_000;

const USERS = `query ($filter: UserFilter) { users(first: 25, filter: $filter) { nodes { id } } }`;
const TOTAL = `query ($filter: UserFilter) { users(first: 1, filter: $filter) { totalCount } }`;
const MEMBERS = `query ($id: ID!, $search: String) { group(id: $id) { members(first: 25, search: $search) { nodes { id } } } }`;

const makeLargeGroup = async (database: Database): Promise<void> => {
  await database.query(
    `insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
     values ($1, 'Oldest', 'oldest', '', false, 'ALL', 1, now(), now()) on conflict do nothing`,
    [LARGE_GROUP],
  );
  await database.query(
    `insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), id, $1, created_at
     from (select id, created_at from users order by created_at limit ${LARGE_GROUP_MEMBERS}) u
     where not exists (select from memberships where group_id = $1)`,
    [LARGE_GROUP],
  );
  await database.query('vacuum (analyze) memberships');
};

const idOf = async (database: Database, statement: string, values: readonly unknown[] = []): Promise<string> => {
  const [row] = await database.query<{ id: string }>(statement, values);
  if (row === undefined) throw new Error(`Nothing is found by: ${statement}`);
  return row.id;
};

/** Users by each filter, for everybody who administers a part of the tree; their totals; searches among many members. By title. */
export const filterQuestions = async (database: Database): Promise<ReadonlyMap<string, readonly Question[]>> => {
  await makeLargeGroup(database);
  const group = await idOf(
    database,
    'select group_id as id from memberships where group_id <> $1 group by 1 order by count(*) desc limit 1',
    [LARGE_GROUP],
  );
  const organization = async (order: 'asc' | 'desc'): Promise<string> =>
    idOf(
      database,
      `select ancestor_id as id from organization_closure group by 1 order by count(*) ${order}, 1 limit 1`,
    );
  const [largest, smallest] = [await organization('desc'), await organization('asc')];
  const filters: Readonly<Record<string, object>> = {
    'service accounts': { kindIn: ['SERVICE'] },
    disabled: { statusIn: ['DISABLED'] },
    locked: { statusIn: ['LOCKED'] },
    'with a second factor': { mfa: true },
    'not signed in since long': { lastSignInAt: { until: '2024-03-01T00:00:00Z' } },
    'signed in on one day': { lastSignInAt: { from: '2024-06-01T00:00:00Z', until: '2024-06-02T00:00:00Z' } },
    'made in a month': { createdAt: { from: '2024-03-01T00:00:00Z', until: '2024-04-01T00:00:00Z' } },
    'of a group': { groupIds: [group] },
    'of the group of the oldest': { groupIds: [LARGE_GROUP] },
    'of the largest organization': { organizationId: largest },
    'of the smallest organization': { organizationId: smallest },
    'search and group': { search: 'ada', groupIds: [group] },
    'search and organization': { search: 'ada', organizationId: smallest },
    'search and state': { search: 'company7.example', statusIn: ['DISABLED'] },
  };
  const everybody = [ROOT, ...Object.keys(PLACES).map((place) => `${place}@bench.example`)];
  const totals = { 'all users': {}, search: { search: 'ada' }, 'rare search': { search: 'company7.example' } };
  return new Map([
    ...everybody.map((who) => [`filters, by ${who}`, asked(who, USERS, filters)] as const),
    ...everybody.slice(0, 2).map((who) => [`totals, by ${who}`, asked(who, TOTAL, totals)] as const),
    ...everybody.slice(0, 2).map((who) => [`members of ${LARGE_GROUP_MEMBERS}, by ${who}`, membersAsked(who)] as const),
  ]);
};

const asked = (who: string, query: string, by: Readonly<Record<string, object>>): readonly Question[] =>
  Object.entries(by).map(([name, filter]) => ({ name, who, query, variables: { filter } }));

const membersAsked = (who: string): readonly Question[] =>
  ['ada', 'person299999', 'company7.example', 'zq'].map((search) => ({
    name: search,
    who,
    query: MEMBERS,
    variables: { id: LARGE_GROUP, search },
  }));
