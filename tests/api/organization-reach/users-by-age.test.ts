import { beforeAll, describe, expect, test } from 'vitest';
import { WAYS_SECONDS } from '../../../src/cache/cache-table.ts';
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
  // Sessions outlive the minutes that pass here.
  const app = useTestApp({ settings: { 'tokens.accessTtlSeconds': '24h' } });
  let here: OrganizationId;
  let below: OrganizationId;
  let administrator: Actor;

  beforeAll(async () => {
    here = await makeOrganization(app());
    below = await makeOrganization(app(), { parentId: here });
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

  /** What was found out about the way is over. */
  const forget = (): void => app().clock.advance(WAYS_SECONDS);

  const forward = async (variables: object, prepare = (): void => undefined): Promise<readonly UserId[]> => {
    const found: UserId[] = [];
    for (let after: string | null = null; ;) {
      prepare();
      const { nodes, pageInfo }: Page['users'] = await read({ ...variables, first: SIZE, after });
      found.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) return found;
      after = pageInfo.endCursor;
    }
  };

  const backward = async (variables: object, prepare = (): void => undefined): Promise<readonly UserId[]> => {
    const found: UserId[] = [];
    for (let before: string | null = null; ;) {
      prepare();
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
    const decided = [await forward({ orderBy }, forget), await backward({ orderBy }, forget)];
    const known = [await forward({ orderBy }), await backward({ orderBy })];
    return { all, found: [...decided, ...known] };
  };

  /** A thousand that come before all others: what is cut off behind the first thousand are those that have the people. */
  const growTree = async (): Promise<void> => {
    await app().database.query(
      `with made as (
         insert into organizations (id, version, name, name_key, level, parent_id, created_at, updated_at)
         select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, $2 || n, $2 || n, 1, $1, now(), now()
         from generate_series(1, 1001) n returning id
       ) insert into organization_closure (ancestor_id, descendant_id, depth)
       select $1, id, 1 from made union all select id, id, 0 from made`,
      [here, unique('many')],
    );
    await app().database.query(
      `delete from organization_closure where ancestor_id = $1 and descendant_id::text not like '00000000-%'`,
      [here],
    );
    await app().database.query(
      'insert into organization_closure (ancestor_id, descendant_id, depth) values ($1, $1, 0), ($1, $2, 1)',
      [here, below],
    );
  };

  test.each([
    ['where they are few', () => asMany(1_000_000)],
    // Without statistics nobody counts as few.
    ['read along the index among many', () => asMany(-1)],
    ['in a tree of many organizations', () => growTree()],
  ])('are the same %s', async (_where, prepare) => {
    await prepare();
    const onAnotherWay = await forward({});
    expect(onAnotherWay).toHaveLength(9);
    for (const direction of ['ASC', 'DESC'] as const) {
      const { all, found } = await everyWay(direction);
      expect(all).toHaveLength(9);
      expect(all).toContain(administrator.id);
      expect(found).toEqual([all, all, all, all]);
    }
  });

  test('are counted once in a while to find the way', async () => {
    const counted: boolean[] = [];
    const stop = app().database.statements.record((text) => {
      if (text.includes('organization_members m')) counted.push(text.includes('as way'));
    });
    forget();
    await forward({});
    forget();
    await backward({});
    stop();
    expect(counted).toEqual([true, false, false, true, false, false]);
  });

  test('keep the age that the database wrote, whatever a statement says', async () => {
    const wrong = await app().database.query(
      `select m.user_id from organization_members m join users u on u.id = m.user_id where m.account_created_at <> u.created_at`,
    );
    expect(wrong).toEqual([]);
  });
});
