import { describe, expect, test } from 'vitest';
import { statementsOf } from '../../support/evidence.ts';
import { useCast } from '../../support/holder.ts';
import { holderWithin, makeOrganization, memberOf } from '../../support/organizations.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import type { OrganizationId } from '../../../src/ids.ts';

describe('the number of members of an organization', () => {
  const app = useTestApp();
  const cast = useCast(app);

  const fill = async (members: number): Promise<OrganizationId> => {
    const id = await makeOrganization(app());
    await app().database.query(
      `with made as (
         insert into users (id, display_name, status, created_at, updated_at)
         select gen_random_uuid(), 'Person', 'ACTIVE', now(), now() from generate_series(1, $2::int) returning id
       ) insert into organization_members (user_id, organization_id, joined_at) select id, $1, now() from made`,
      [id, members],
    );
    return id;
  };
  const join = (id: OrganizationId) =>
    app().database.query(
      `with made as (
         insert into users (id, display_name, status, created_at, updated_at)
         values (gen_random_uuid(), 'Late', 'ACTIVE', now(), now()) returning id
       ) insert into organization_members (user_id, organization_id, joined_at) select id, $1, now() from made`,
      [id],
    );
  const countOf = async (client: TestClient, id: OrganizationId): Promise<number | undefined> =>
    (
      await client.run<{ organization: { members: { totalCount: number } | null } | null }>(
        `{ organization(id: "${id}") { members(first: 1) { totalCount } } }`,
      )
    ).data?.organization?.members?.totalCount;

  test('is counted each time up to a thousand', async () => {
    const id = await fill(999);
    expect(await countOf(cast().admin, id)).toBe(999);
    await join(id);
    expect(await countOf(cast().admin, id)).toBe(1000);
    await join(id);
    expect(await countOf(cast().admin, id)).toBe(1001);
  });

  test('is kept above that for three minutes, in each replica, and a change of members ends it at once', async () => {
    const id = await fill(1500);
    const { admin } = cast();
    expect(await countOf(admin, id)).toBe(1500);
    const { statements } = await statementsOf(app(), () => countOf(admin, id));
    await join(id);
    const kept = await statementsOf(app(), () => countOf(admin, id));
    expect(kept).toEqual({ answer: 1500, statements });
    const { id: userId } = await memberOf(app());
    const added = await admin.run(
      `mutation { addOrganizationMembers(input: { organizationId: "${id}", userIds: ["${userId}"] }) { errors { code } } }`,
    );
    expect(added.data).toEqual({ addOrganizationMembers: { errors: [] } });
    expect(await countOf(admin, id)).toBe(1502);
    await join(id);
    app().clock.advance(179);
    expect(await countOf(admin, id)).toBe(1502);
    app().clock.advance(1);
    expect(await countOf(admin, id)).toBe(1503);
  });

  test('is never told to somebody who sees other people than whoever asked before', async () => {
    const id = await fill(1200);
    const elsewhere = await makeOrganization(app());
    const within = await holderWithin(app(), id, ['view:organizations', 'view:users']);
    expect(await countOf(cast().admin, id)).toBe(1201);
    expect(await countOf(within, id)).toBe(1201);
    const stranger = await holderWithin(app(), elsewhere, ['view:organizations', 'view:users']);
    expect(await countOf(stranger, id)).toBeUndefined();
    const blind = await holderWithin(app(), id, ['view:organizations']);
    expect([undefined, 1]).toContain(await countOf(blind, id));
  });

  test('is counted each time where the setting says so', async () => {
    const exact = await startTestApp({ beside: app(), settings: { 'cache.organizationUsersSeconds': '0' } });
    const id = await fill(1100);
    const client = exact.anonymous({ authorization: `Bearer ${cast().admin.accessToken}` });
    expect(await countOf(client, id)).toBe(1100);
    await join(id);
    expect(await countOf(client, id)).toBe(1101);
    await exact.close();
  });
});
