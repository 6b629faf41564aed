import { beforeAll, describe, expect, test } from 'vitest';
import { type UserFilter, UsersDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson } from '../../support/cast.ts';
import { unique, useCast } from '../../support/holder.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the filter of users', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const from = '2001-01-01T00:00:00.000Z';
  const until = '2001-01-02T00:00:00.000Z';

  beforeAll(async () => {
    await app().database.query(
      `insert into users (id, kind, display_name, email, phone, username, status, locked_until, status_reason, last_sign_in_at, created_at, updated_at)
       select gen_random_uuid(), kind, name, email, phone, username, status, locked::timestamptz, null, signed::timestamptz, made::timestamptz, now()
       from (values
         ('PERSON', 'Per%cent', 'percent@filter.example', null, 'per_cent', 'ACTIVE', null, null, '2001-01-01T00:00:00Z'),
         ('PERSON', 'Back\\slash', null, '+390669883999', null, 'INVITED', null, '2001-01-01T00:00:00Z', '2001-01-01T23:59:59.999Z'),
         ('PERSON', 'Perscent', 'MiXed@Filter.example', null, 'perxcent', 'DISABLED', null, '2001-01-02T00:00:00Z', '2001-01-02T00:00:00Z'),
         ('SERVICE', 'Robot', null, null, 'robot', 'ACTIVE', '9999-01-01', '2000-12-31T23:59:59.999Z', '2000-12-31T23:59:59.999Z'),
         ('PERSON', 'Was locked', null, null, 'waslocked', 'ACTIVE', '2001-01-01', null, '1999-01-01')
       ) as v(kind, name, email, phone, username, status, locked, signed, made)`,
    );
    await makePerson(app(), {
      email: 'both@filter.example',
      displayName: 'In both',
      groupIds: [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID],
    });
  });

  const find = async (filter: UserFilter) => {
    const { data, code } = await cast().admin.send(UsersDocument, {
      filter,
      first: 100,
      orderBy: { field: 'DISPLAY_NAME' },
    });
    const names = data?.users?.nodes.map(({ displayName }) => displayName).filter((name) => !name.startsWith('The '));
    return { code, names, total: data?.users?.totalCount };
  };

  test.each([
    ['search in names, whatever the case', { search: 'PERC' }, ['Per%cent']],
    ['search in addresses', { search: 'mixed@filter' }, ['Perscent']],
    ['search in phone numbers', { search: '883999' }, ['Back\\slash']],
    ['search in user names', { search: 'robo' }, ['Robot']],
    ['a per cent sign as itself', { search: 'r%c' }, ['Per%cent']],
    ['an underscore as itself', { search: 'r_c' }, ['Per%cent']],
    ['a backslash as itself', { search: 'k\\s' }, ['Back\\slash']],
    ['quotes as themselves', { search: `' or 1=1 --` }, []],
    ['no text across two fields', { search: 'cent percent' }, []],
    ['state ACTIVE, without those locked now', { statusIn: ['ACTIVE'] }, ['In both', 'Per%cent', 'Was locked']],
    ['state LOCKED', { statusIn: ['LOCKED'] }, ['Robot']],
    [
      'states together',
      { statusIn: ['LOCKED', 'ACTIVE', 'DISABLED'] },
      ['In both', 'Per%cent', 'Perscent', 'Robot', 'Was locked'],
    ],
    ['state INVITED', { statusIn: ['INVITED'] }, ['Back\\slash']],
    ['no state', { statusIn: [] }, []],
    ['kind SERVICE', { kindIn: ['SERVICE'] }, ['Robot']],
    ['no kind', { kindIn: [] }, []],
    ['any of several groups, each person once', { groupIds: [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID] }, ['In both']],
    ['no group', { groupIds: [] }, []],
    ['a group that is none', { groupIds: ['nonsense'] }, []],
    ['time of creation, half open', { createdAt: { from, until } }, ['Back\\slash', 'Per%cent']],
    ['last sign-in, half open, never those without', { lastSignInAt: { from, until } }, ['Back\\slash']],
    ['an open beginning', { lastSignInAt: { until } }, ['Back\\slash', 'Robot']],
    ['conditions together', { search: 'perc', statusIn: ['ACTIVE'], createdAt: { from } }, ['Per%cent']],
    [
      'nothing',
      { search: null, statusIn: null, createdAt: null, search2: undefined },
      ['Back\\slash', 'In both', 'Per%cent', 'Perscent', 'Robot', 'Was locked'],
    ],
  ] as unknown as readonly (readonly [string, UserFilter, readonly string[]])[])(
    'takes %s',
    async (_, filter, expected) => {
      const { code, names } = await find(filter);
      expect(code).toBe('OK');
      expect(names?.toSorted()).toEqual(expected.toSorted());
    },
  );

  test.each([
    ['ΟΔΥΣΣΕΥΣ', ['ΟΔΥΣΣΕΥΣ', 'οδυσσευ', 'ΕΥΣ', 'ΣΣΕΥ']],
    ['İstanbul', ['İstanbul', 'İSTANB', 'stanBUL']],
    ['Zoë Müller', ['zoë mül', 'ZOË MÜLLER', 'Zoë Müller'.normalize('NFD'), 'ÜL'.normalize('NFD')]],
    ['Σίσυφος Ǆ', ['σίσυφος', 'ΣΊΣΥ', 'ος ǆ', 'Σίσυφος'.normalize('NFD')]],
  ] as const)('finds %s by every spelling of a part of it, in each list alike', async (name, searches) => {
    const id = await makePerson(app(), { email: `${unique('spelt')}@spelt.example`, displayName: name });
    const groupId = await makeGroup(app(), name, []);
    const organizationId = await makeOrganization(app(), { name });
    await joinOrganization(app(), id, organizationId, [groupId]);
    for (const search of searches) {
      const { data, errors } = await cast().admin.run<Record<string, { readonly totalCount: number }>>(
        `query ($search: String!, $group: ID!, $organization: ID!) {
          users(filter: { search: $search, groupIds: [$group] }) { totalCount nodes { id } }
          alone: users(filter: { search: $search }) { nodes { id } }
          groups(filter: { search: $search }) { nodes { id } }
          organizations(filter: { search: $search }) { nodes { id } }
          group(id: $group) { members(search: $search) { totalCount nodes { id } } }
          organization(id: $organization) { members(search: $search) { totalCount nodes { id } } }
        }`,
        { search, group: groupId, organization: organizationId },
      );
      const members = { members: { totalCount: 1, nodes: [{ id }] } };
      expect([search, errors, data]).toEqual([
        search,
        [],
        {
          users: { totalCount: 1, nodes: [{ id }] },
          alone: { nodes: [{ id }] },
          groups: { nodes: [{ id: groupId }] },
          organizations: { nodes: [{ id: organizationId }] },
          group: members,
          organization: members,
        },
      ]);
    }
  });

  test('counts what it finds, not what there is', async () => {
    expect((await find({ search: 'perc' })).total).toBe(1);
    expect((await find({ search: 'nobody at all' })).total).toBe(0);
  });

  test('refuses searches of 1 and 101 characters and more than 100 groups, and takes 2, 100 and 100', async () => {
    const many = (count: number) => Array.from({ length: count }, () => MEMBERS_GROUP_ID);
    for (const filter of [
      { search: 'a' },
      { search: '  a  ' },
      { search: 'a'.repeat(101) },
      { search: 'a\u0000b' },
      { groupIds: many(101) },
    ]) {
      expect((await find(filter)).code).toBe('BAD_USER_INPUT');
    }
    for (const filter of [{ search: 'zz' }, { search: 'é'.repeat(100) }, { groupIds: many(100) }]) {
      expect((await find(filter)).code).toBe('OK');
    }
  });

  test('refuses times without a zone, unknown states and unknown keys before anything runs', async () => {
    for (const filter of [
      { createdAt: { from: '2001-01-01' } },
      { statusIn: ['SLEEPY'] },
      { password: 'x' },
      { constructor: {} },
    ]) {
      expect((await find(filter as UserFilter)).code).toBe('BAD_USER_INPUT');
    }
  });
});
