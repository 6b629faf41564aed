import { beforeAll, describe, expect, test } from 'vitest';
import type { OrganizationId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { useCast } from '../../support/holder.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

/** One of the people, with all that a filter can ask of them. */
interface Person {
  readonly id: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'DISABLED' | 'INVITED';
  readonly kind: 'PERSON' | 'SERVICE';
  readonly hasMfa: boolean;
  readonly createdAt: string;
  readonly lastSignInAt: string | null;
  readonly group: string | null;
  /** The group is held within their organization only. */
  readonly isHeldWithin: boolean;
  readonly organization: string | null;
}

/** More than are looked up by name, and so many that a part of them is many, too. */
const PEOPLE = 5000;

/** Always the same sequence. */
const chance = (): ((below: number) => number) => {
  let state = 20_261_123;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

const DAY = 86_400_000;
const dayOf = (n: number): string => new Date(Date.UTC(2001, 0, 1) + n * DAY).toISOString();

interface Filter {
  search?: string;
  statusIn?: readonly string[];
  kindIn?: readonly string[];
  mfa?: boolean;
  groupIds?: readonly string[];
  organizationId?: string;
  createdAt: { from?: string; until?: string };
  lastSignInAt?: { from?: string; until?: string };
}

interface Answer {
  readonly users: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

const LIST = `query ($filter: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $last: Int) {
  users(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last) {
    totalCount nodes { id } pageInfo { endCursor hasNextPage } } }`;

const isWithin = (at: string | null, span: { from?: string; until?: string } | undefined): boolean =>
  span === undefined || (at !== null && at >= (span.from ?? '') && (span.until === undefined || at < span.until));

describe('users by any filter', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const below = chance();
  const people: Person[] = [];
  /** A large group and a small one. */
  const groups: string[] = [];
  /** One above two others, of which the first has many people and the second has few. */
  const organizations: string[] = [];
  /** Who looks, and the organizations whose people they see; null: everybody. */
  const viewers: { readonly client: TestClient; readonly sees: readonly string[] | null }[] = [];

  const one = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new Error('There is none.');
    return value;
  };

  const insert = async (): Promise<void> => {
    const { database } = app();
    const column = (name: keyof Person): unknown[] => people.map((person) => person[name]);
    await database.query(
      `insert into users (id, display_name, status, kind, mfa_enabled_at, created_at, last_sign_in_at, updated_at)
       select id, name, status, kind, case when mfa then now() end, made, signed, now() from unnest(
         $1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::timestamptz[], $7::timestamptz[])
         as p(id, name, status, kind, mfa, made, signed)`,
      (['id', 'name', 'status', 'kind', 'hasMfa', 'createdAt', 'lastSignInAt'] as const).map(column),
    );
    await database.query(
      `insert into organization_members (user_id, organization_id, joined_at)
       select id, organization, now() from unnest($1::uuid[], $2::uuid[]) as p(id, organization) where organization is not null`,
      [column('id'), column('organization')],
    );
    await database.query(
      `insert into memberships (id, user_id, group_id, organization_id, added_at)
       select gen_random_uuid(), id, held, case when within then organization end, now()
       from unnest($1::uuid[], $2::uuid[], $3::bool[], $4::uuid[]) as p(id, held, within, organization) where held is not null`,
      [column('id'), column('group'), column('isHeldWithin'), column('organization')],
    );
    await database.query('analyze');
  };

  const makeViewer = async (name: string, organization: OrganizationId): Promise<TestClient> => {
    const email = `${name}@any-filter.example`;
    const id = await makePerson(app(), { email });
    await joinOrganization(app(), id, organization, [ADMINISTRATORS_GROUP_ID]);
    return signIn(app(), email);
  };

  beforeAll(async () => {
    for (const name of ['Any large', 'Any small']) groups.push(await makeGroup(app(), name, []));
    const above = await makeOrganization(app(), { name: 'Any above' });
    const many = await makeOrganization(app(), { name: 'Any many', parentId: above });
    const few = await makeOrganization(app(), { name: 'Any few', parentId: above });
    organizations.push(above, many, few);
    viewers.push({ client: cast().admin, sees: null });
    for (const [name, organization, sees] of [
      ['viewer-of-all', above, organizations],
      ['viewer-of-many', many, [many]],
      ['viewer-of-few', few, [few]],
    ] as const) {
      viewers.push({ client: await makeViewer(name, organization), sees });
    }
    for (let n = 0; n < PEOPLE; n += 1) {
      const organization = below(2) === 0 ? null : below(100) === 0 ? few : below(5) === 0 ? above : many;
      const group = below(2) === 0 ? (groups[0] ?? null) : below(200) === 0 ? (groups[1] ?? null) : null;
      people.push({
        id: crypto.randomUUID(),
        name: `${one(['Ada', 'Zoë', 'Per', 'Xenia'])} ${one(['Baker', 'Müller', 'Persson'])} ${n}`,
        status: below(40) === 0 ? one(['DISABLED', 'INVITED']) : 'ACTIVE',
        kind: below(300) === 0 ? 'SERVICE' : 'PERSON',
        hasMfa: below(50) === 0,
        createdAt: dayOf(below(1000)),
        // Whoever was made late signed in lately: those who did not are all at the end of the list.
        lastSignInAt: below(4) === 0 ? null : dayOf(1000 + below(100)),
        group,
        isHeldWithin: organization !== null && below(3) === 0,
        organization,
      });
    }
    await insert();
  });

  const anyFilter = (): Filter => {
    const maybe = <Value extends object>(often: number, value: () => Value): Partial<Value> =>
      below(often) === 0 ? value() : {};
    const [from, until] = [below(1000), below(1000)].toSorted((left, right) => left - right);
    return {
      // People of the test itself were made today.
      createdAt: { until: dayOf(1000), ...maybe(4, () => ({ from: dayOf(from ?? 0), until: dayOf(until ?? 0) })) },
      ...maybe(3, () => ({ search: one(['ada', 'persson 1', 'r b', 'zoë m', '99', 'xenia persson 42', 'nobody']) })),
      ...maybe(4, () => ({ statusIn: one([['DISABLED'], ['ACTIVE'], ['INVITED', 'DISABLED']]) })),
      ...maybe(6, () => ({ kindIn: one([['SERVICE'], ['PERSON']]) })),
      ...maybe(6, () => ({ mfa: below(2) === 0 })),
      ...maybe(3, () => ({ groupIds: one([[groups[0]], [groups[1]], groups]) as string[] })),
      ...maybe(3, () => ({ organizationId: one(organizations) })),
      ...maybe(5, () => ({
        lastSignInAt: one([{ until: dayOf(1010) }, { from: dayOf(1090) }, { from: dayOf(1040), until: dayOf(1042) }]),
      })),
    };
  };

  const isBelow = (organization: string | null, place: string): boolean =>
    organization !== null && (organization === place || place === organizations[0]);

  const fits = (person: Person, filter: Filter, sees: readonly string[] | null): boolean => {
    const isSeen = (organization: string | null): boolean =>
      sees === null || (organization !== null && sees.includes(organization));
    const isMember =
      person.group !== null &&
      filter.groupIds?.includes(person.group) === true &&
      (!person.isHeldWithin || isSeen(person.organization));
    return (
      isSeen(person.organization) &&
      person.name.toLowerCase().includes(filter.search ?? '') &&
      filter.statusIn?.includes(person.status) !== false &&
      filter.kindIn?.includes(person.kind) !== false &&
      (filter.mfa ?? person.hasMfa) === person.hasMfa &&
      (filter.groupIds === undefined || isMember) &&
      (filter.organizationId === undefined ||
        (isSeen(filter.organizationId) && isBelow(person.organization, filter.organizationId))) &&
      isWithin(person.createdAt, filter.createdAt) &&
      isWithin(person.lastSignInAt, filter.lastSignInAt)
    );
  };

  const ORDERS = {
    CREATED_AT: (person: Person) => person.createdAt,
    LAST_SIGN_IN_AT: (person: Person) => person.lastSignInAt ?? '',
  } as const;

  test('finds exactly those who fit, in order, page by page, for whoever looks', async () => {
    let found = 0;
    for (let round = 0; round < 50; round += 1) {
      const filter = anyFilter();
      const { client, sees } = one(viewers);
      const orderBy = {
        field: one(['CREATED_AT', 'CREATED_AT', 'LAST_SIGN_IN_AT'] as const),
        direction: one(['ASC', 'DESC'] as const),
      };
      const key = ORDERS[orderBy.field];
      const placed = people
        .filter((person) => fits(person, filter, sees))
        .map((person) => ({ id: person.id, place: `${key(person)} ${person.id}` }))
        .toSorted((left, right) => (left.place < right.place ? -1 : 1) * (orderBy.direction === 'ASC' ? 1 : -1))
        .map(({ id }) => id);
      const page = async (variables: object): Promise<Answer['users']> => {
        const { data, errors } = await client.run<Answer>(LIST, { filter, orderBy, ...variables });
        expect({ filter, errors }).toEqual({ filter, errors: [] });
        return data.users;
      };
      const first = await page({ first: 7 });
      const next = await page({ first: 7, after: first.pageInfo.endCursor });
      const last = await page({ last: 7 });
      const ids = ({ nodes }: Answer['users']): readonly string[] => nodes.map(({ id }) => id);
      expect({ filter, orderBy, total: first.totalCount, first: ids(first), next: ids(next), last: ids(last) }).toEqual(
        {
          filter,
          orderBy,
          total: placed.length,
          first: placed.slice(0, 7),
          next: first.pageInfo.endCursor === null ? [] : placed.slice(7, 14),
          last: placed.slice(-7),
        },
      );
      found += placed.length;
    }
    expect(found).toBeGreaterThan(300);
  });

  test.each(['ada', 'persson 1', 'zq', '99', 'xenia persson 42', 'r b'])(
    'finds the members of a large group and of a large organization who have "%s"',
    async (search) => {
      const [large] = groups;
      const [, many] = organizations;
      for (const { client, sees } of viewers.slice(0, 2)) {
        const { data, errors } = await client.run<Record<'group' | 'organization', { members: Answer['users'] }>>(
          `query ($group: ID!, $organization: ID!, $search: String) {
            group(id: $group) { members(first: 100, search: $search) { totalCount nodes { id } } }
            organization(id: $organization) { members(first: 100, search: $search) { totalCount nodes { id } } } }`,
          { group: large, organization: many, search },
        );
        expect(errors).toEqual([]);
        const have = people.filter(({ name }) => name.toLowerCase().includes(search));
        const fitting = {
          group: have.filter((person) => fits(person, { groupIds: [large ?? ''], createdAt: {} }, sees)),
          organization: have.filter(({ organization }) => organization === many),
        };
        for (const list of ['group', 'organization'] as const) {
          const ids = new Set(fitting[list].map(({ id }) => id));
          const { totalCount, nodes } = data[list].members;
          expect({ list, totalCount, found: new Set(nodes.map(({ id }) => id)).size }).toEqual({
            list,
            totalCount: ids.size,
            found: Math.min(100, ids.size),
          });
          expect(nodes.filter(({ id }) => !ids.has(id))).toEqual([]);
        }
      }
    },
  );
});
