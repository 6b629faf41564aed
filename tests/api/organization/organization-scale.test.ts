import { beforeAll, describe, expect, test } from 'vitest';
import type { OrganizationId, UserId } from '../../../src/ids.ts';
import { OrganizationReader } from '../../../src/services/organization-reader.ts';
import { UserSearches } from '../../../src/services/user-searches.ts';
import { OrganizationTreeReader } from '../../../src/services/organization-tree-reader.ts';
import { OrganizationMemberReader } from '../../../src/services/organization-member-reader.ts';
import type { SignedInCaller } from '../../../src/services/caller.ts';
import type { Database } from '../../../src/database/database.ts';
import { listsOfPrimary } from '../../../src/database/list-reads.ts';
import { grantOf } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { statementsOf } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { growTree } from '../../support/organization-tree.ts';
import { closureFaults, holderWithin, makeOrganization, memberOf } from '../../support/organizations.ts';
import { testMasterKeys } from '../../support/test-config.ts';
import { useTestApp } from '../../support/test-app.ts';

const LEVELS = JSON.stringify(Array.from({ length: 10 }, (_, index) => ({ name: `L${index}`, groups: [] })));

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

const scannedWhole = (plan: Plan): readonly string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : []),
  ...(plan.Plans ?? []).flatMap((one) => scannedWhole(one)),
];

describe('twenty thousand organizations, eight levels deep', () => {
  const app = useTestApp({ settings: { 'organization-levels': LEVELS } });
  const cast = useCast(app);
  let root: OrganizationId;
  let branch: OrganizationId;
  /** Some hundred lie below it. */
  let twig: OrganizationId;
  let person: UserId;

  beforeAll(async () => {
    root = await growTree(app().database, { name: 'Forest', organizations: 20_000, fanOut: 4, levels: 8 });
    branch = await growTree(app().database, {
      name: 'Branch',
      organizations: 1000,
      fanOut: 4,
      levels: 6,
      parentId: root,
      level: 1,
    });
    const [first] = await app().database.query<{ id: OrganizationId }>(
      `select id from organizations where parent_id = $1 order by name limit 1`,
      [branch],
    );
    twig = first?.id ?? branch;
    ({ id: person } = await memberOf(app(), branch));
    await app().database.query(
      `with made as (
         insert into users (id, display_name, status, created_at, updated_at)
         select gen_random_uuid(), 'Person', 'ACTIVE', now(), now() from generate_series(1, 5000) returning id
       ) insert into organization_members (user_id, organization_id, joined_at)
       select m.id, o.id, now() from (select id, row_number() over () as n from made) m
       join (select id, row_number() over () as n from organizations) o on o.n = m.n`,
    );
    await app().database.query('vacuum analyze');
  });

  /** Runs the reading with the statements noted, and gives the tables that the plan of each reads from end to end. */
  const tablesScanned = async (read: (database: Database) => Promise<unknown>): Promise<readonly string[]> => {
    const { database } = app();
    const sent: [string, readonly unknown[]][] = [];
    const noting = {
      query: (text: string, values: readonly unknown[] = []) => {
        sent.push([text, values]);
        return database.query(text, values);
      },
    } as unknown as Database;
    await read(noting);
    const scanned: string[] = [];
    for (const [text, values] of sent) {
      const [row] = await database.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
        `explain (format json) ${text}`,
        values,
      );
      scanned.push(...(row?.['QUERY PLAN'] ?? []).flatMap(({ Plan: plan }) => scannedWhole(plan)));
    }
    expect(sent.length).toBeGreaterThan(0);
    return scanned;
  };
  const readers = (database: Database) => {
    const { directory, caches } = app().services;
    const parts = {
      database,
      lists: listsOfPrimary(database),
      directory,
      caches,
      userSearches: new UserSearches({ clock: app().clock, caches }),
      clock: app().clock,
      masterKeys: testMasterKeys(),
    };
    return {
      organizations: new OrganizationReader(parts),
      trees: new OrganizationTreeReader(parts),
      members: new OrganizationMemberReader(parts),
    };
  };
  const callerWith = (grants: EffectiveGrants): SignedInCaller =>
    ({ principal: { userId: person, grants, ipAddress: '127.0.0.1', assuranceLevel: 'AAL1' } }) as SignedInCaller;
  const everywhere = callerWith(EffectiveGrants.of([grantOf('view:organizations'), grantOf('view:users')]));
  const within = (): SignedInCaller =>
    callerWith(
      EffectiveGrants.of([], undefined, [
        { lineage: [root, branch], grants: [grantOf('view:organizations'), grantOf('view:users')] },
      ]),
    );

  test.each([
    ['everywhere', () => everywhere],
    ['within one of them', () => within()],
  ])('reads of somebody who sees them %s scan no table', async (_where, callerOf) => {
    const caller = callerOf();
    const scanned = await tablesScanned(async (database) => {
      const { organizations, trees, members } = readers(database);
      const page = await organizations.page(caller, { first: 25 }, null, null);
      await organizations.page(caller, { first: 25, after: page.pageInfo().endCursor() }, null, null);
      await organizations.page(caller, { last: 25 }, null, { field: 'CREATED_AT', direction: 'DESC' });
      await organizations.page(caller, {}, { search: 'forest 7777' }, null);
      await organizations.page(caller, {}, { parentId: branch }, null);
      await organizations.byIds(caller, [branch, root]);
      await organizations.children(caller, [branch, root], {});
      await organizations.ofUsers(caller, [person], {});
      await organizations.groupsOf([branch, root]);
      await members.members(caller, [branch], {});
      await trees.tree(caller, twig, 0);
      await trees.tree(caller, null, 0);
    });
    // Tables of no or a few rows are read whole, rightly.
    const small = new Set(['organization_groups', 'memberships']);
    expect(scanned.filter((table) => !small.has(table))).toEqual([]);
  });

  test('a large part of the tree is found by the closure, not by a walk over all pairs', async () => {
    const scanned = await tablesScanned((database) => readers(database).trees.tree(everywhere, root, 4));
    // Where it holds a good part of all organizations, reading their table whole is the better plan.
    expect(scanned.filter((table) => table !== 'organizations')).toEqual([]);
  });

  test('a page, a tree and a place cost one statement beside the session', async () => {
    const documents = [
      '{ organizations(first: 100) { nodes { id name } } }',
      '{ organizationTree(depth: 8) { truncated nodes { organization { id } childCount } } }',
      `{ organization(id: "${branch}") { id } }`,
    ];
    for (const document of documents) {
      const { answer, statements } = await statementsOf(app(), () => cast().admin.run(document));
      expect([answer.errors, statements]).toEqual([[], 2]);
    }
  });

  test('a thousand are moved at once, and the tree stays whole', async () => {
    const elsewhere = await makeOrganization(app(), { name: unique('Elsewhere') });
    const viewer = await holderWithin(app(), elsewhere, ['view:organizations']);
    const total = async (): Promise<number> =>
      (await viewer.run<{ organizations: { totalCount: number } }>('{ organizations { totalCount } }')).data
        .organizations.totalCount;
    expect(await total()).toBe(1);
    const { errors } = await cast().admin.run<object>(
      'mutation ($input: MoveOrganizationInput!) { moveOrganization(input: $input) { errors { code } } }',
      { input: { id: branch, parentId: elsewhere } },
    );
    expect(errors).toEqual([]);
    expect(await total()).toBe(1001);
    expect(await closureFaults(app())).toEqual([]);
  });
});
