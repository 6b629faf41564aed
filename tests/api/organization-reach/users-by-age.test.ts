import { beforeAll, describe, expect, test } from 'vitest';
import type { OrganizationId, UserId } from '../../../src/ids.ts';
import type { Actor } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Page {
  readonly users: {
    readonly nodes: readonly { readonly id: UserId }[];
    readonly pageInfo: {
      readonly startCursor: string | null;
      readonly endCursor: string | null;
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
    };
  };
}

/** Narrows nothing, and takes another way to the rows. */
const EVERY_KIND = { kindIn: ['PERSON', 'SERVICE'] };
const SIZE = 3;

describe('users of a part of the tree, by the age of their accounts', () => {
  const app = useTestApp();
  let here: OrganizationId;
  let administrator: Actor;

  beforeAll(async () => {
    here = await makeOrganization(app());
    const below = await makeOrganization(app(), { parentId: here });
    const elsewhere = await makeOrganization(app());
    await memberOf(app(), below);
    administrator = await holderWithin(app(), here, ['admin:*']);
    await app().database.query('delete from organization_members where user_id = $1', [administrator.id]);
    for (let index = 0; index < 7; index += 1) {
      const { id } = await memberOf(app(), index % 2 === 0 ? here : below);
      if (index % 3 === 0) await joinOrganization(app(), id, index % 2 === 0 ? below : here);
      await memberOf(app(), elsewhere);
    }
    // Accounts of the same instant are told apart by their ids.
    await app().database.query(`update users set created_at = date_trunc('hour', created_at) where id <> $1`, [
      administrator.id,
    ]);
    await app().database.query('update organization_members set account_created_at = now()');
  });

  const read = async (variables: Readonly<Record<string, unknown>>): Promise<Page['users']> => {
    const { data } = await administrator.run<Page>(
      `query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
        users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
          nodes { id } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`,
      variables,
    );
    return data.users;
  };

  const forward = async (variables: object): Promise<readonly UserId[]> => {
    const found: UserId[] = [];
    for (let after: string | null = null; ;) {
      const { nodes, pageInfo }: Page['users'] = await read({ ...variables, first: SIZE, after });
      found.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) return found;
      after = pageInfo.endCursor;
    }
  };

  const backward = async (variables: object): Promise<readonly UserId[]> => {
    const found: UserId[] = [];
    for (let before: string | null = null; ;) {
      const { nodes, pageInfo }: Page['users'] = await read({ ...variables, last: SIZE, before });
      found.unshift(...nodes.map(({ id }) => id));
      if (!pageInfo.hasPreviousPage) return found;
      before = pageInfo.startCursor;
    }
  };

  const asMany = (accounts: number): Promise<unknown> =>
    app().database.query(`update pg_class set reltuples = $1 where oid = 'users'::regclass`, [accounts]);

  /** Each page after page, from either end, and as the other way to the rows has them. */
  const everyWay = async (direction: 'ASC' | 'DESC') => {
    const orderBy = { field: 'CREATED_AT', direction };
    const all = await forward({ orderBy, filter: EVERY_KIND });
    return { all, forth: await forward({ orderBy }), back: await backward({ orderBy }) };
  };

  const growTree = (): Promise<unknown> =>
    app().database.query(
      `with made as (
         insert into organizations (id, version, name, name_key, level, parent_id, created_at, updated_at)
         select gen_random_uuid(), 1, $2 || n, $2 || n, 1, $1, now(), now() from generate_series(1, 1000) n returning id
       ) insert into organization_closure (ancestor_id, descendant_id, depth)
       select $1, id, 1 from made union all select id, id, 0 from made`,
      [here, unique('many')],
    );

  test.each([
    ['where they are few', () => asMany(1_000_000)],
    // Without statistics nobody counts as few.
    ['read along the index among many', () => asMany(-1)],
    ['in a tree of many organizations', () => growTree()],
  ])('are the same %s', async (_where, prepare) => {
    await prepare();
    for (const direction of ['ASC', 'DESC'] as const) {
      const { all, forth, back } = await everyWay(direction);
      expect(all).toHaveLength(9);
      expect(all).toContain(administrator.id);
      expect(forth).toEqual(all);
      expect(back).toEqual(all);
    }
  });

  test('keep the age that the database wrote, whatever a statement says', async () => {
    const wrong = await app().database.query(
      `select m.user_id from organization_members m join users u on u.id = m.user_id where m.account_created_at <> u.created_at`,
    );
    expect(wrong).toEqual([]);
  });
});
