import { beforeAll, describe, expect, test } from 'vitest';
import { RefreshSessionDocument, SwitchOrganizationDocument } from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, signIn } from '../../support/cast.ts';
import { changing, recording, statementsOf } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { jwtParts } from '../../support/records.ts';
import { beginSession } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const VIEWER = '{ viewer { organization { id } session { organization { id } } } }';

describe('switchOrganization', () => {
  const app = useTestApp({ settings: { 'tokens.claimGroups': 'true', 'tokens.claimScope': 'true' } });
  const cast = useCast(app);
  let [here, other] = [newId<OrganizationId>(), newId<OrganizationId>()];
  let leading = MEMBERS_GROUP_ID;

  beforeAll(async () => {
    here = await makeOrganization(app());
    other = await makeOrganization(app());
    leading = await makeGroup(app(), unique('Leading'), ['view:health', 'lock:users'], 'LISTED');
  });

  /** Somebody who leads one organization and belongs to another. */
  const person = async (): Promise<Actor> => {
    const { id, email } = await memberOf(app(), other);
    await joinOrganization(app(), id, here, [leading]);
    return signIn(app(), email);
  };
  const to = async (client: TestClient, organizationId: string | null) => {
    const { data, code } = await client.send(SwitchOrganizationDocument, { input: { organizationId } });
    const { tokens = null, organization = null, errors = [] } = data?.switchOrganization ?? {};
    return { code, tokens, organization, problems: errors.map((one) => [one.code, one.field, one.targetId]) };
  };
  const activeOf = async (client: TestClient): Promise<readonly (string | null)[]> => {
    interface Active {
      readonly viewer: { readonly organization: { id: string } | null; readonly session: Active['viewer'] | null };
    }
    const { data } = await client.run<Active>(VIEWER);
    return [data.viewer.organization?.id ?? null, data.viewer.session?.organization?.id ?? null];
  };
  const claimsOf = (token: string | null | undefined) => jwtParts(token ?? '').claims;

  test('makes an organization the active one, at once and until it is changed, and says so in the log', async () => {
    const actor = await person();
    expect(await activeOf(actor)).toEqual([null, null]);
    const { answer, audit, events } = await recording(app(), () => to(actor, here));
    expect(answer).toMatchObject({ code: 'OK', problems: [], organization: { id: here } });
    expect(answer.tokens?.refreshToken).toBeNull();
    expect(await activeOf(actor)).toEqual([here, here]);
    expect(audit).toMatchObject([
      {
        action: 'session.organization-switched',
        actor: { id: actor.id },
        changes: [{ field: 'organizationId', before: null, after: here }],
      },
    ]);
    expect(events).toEqual([]);
    expect((await recording(app(), () => to(actor, here))).audit).toEqual([]);
    expect(await to(actor, null)).toMatchObject({ problems: [], organization: null });
    expect(await activeOf(actor)).toEqual([null, null]);
  });

  test('puts into the token what holds there, and refreshing keeps it', async () => {
    const actor = await person();
    const before = claimsOf(actor.accessToken);
    expect([before['org'], before['groups'], before['scope']]).toEqual([undefined, ['Members'], 'create-own:api-keys']);
    const { tokens } = await to(actor, here);
    const name = (await app().database.query<{ name: string }>('select name from groups where id = $1', [leading]))[0]
      ?.name;
    const there = {
      org: here,
      groups: expect.arrayContaining(['Members', name]),
      scope: 'lock:users create-own:api-keys',
    };
    expect(claimsOf(tokens?.accessToken)).toMatchObject(there);
    expect(await activeOf(app().anonymous({ authorization: `Bearer ${tokens?.accessToken}` }))).toEqual([here, here]);
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } });
    expect(claimsOf(refreshed.data.refreshSession?.tokens?.accessToken)).toMatchObject(there);
    const elsewhere = claimsOf((await to(actor, other)).tokens?.accessToken);
    expect([elsewhere['org'], elsewhere['groups'], elsewhere['scope']]).toEqual([
      other,
      ['Members'],
      'create-own:api-keys',
    ]);
  });

  test('changes one session alone, and gives a cookie session no tokens', async () => {
    const actor = await person();
    const { client } = await beginSession(app(), actor.email, { delivery: 'COOKIE' });
    expect(await to(client, here)).toMatchObject({ code: 'OK', organization: { id: here }, tokens: null });
    expect(await activeOf(client)).toEqual([here, here]);
    expect(await activeOf(actor)).toEqual([null, null]);
  });

  test('gives no right that was not held before', async () => {
    const actor = await person();
    const stranger = await memberOf(app(), other);
    const lock = { input: { ids: [stranger.id], reason: 'None.' } };
    for (const organizationId of [null, here, other]) {
      await to(actor, organizationId);
      const { code } = await actor.run(
        'mutation ($input: LockUsersInput!) { lockUsers(input: $input) { errors { code } } }',
        lock,
      );
      const { data } = await actor.run<{ users: { totalCount: number } }>('{ users { totalCount } }');
      expect([code, data.users.totalCount]).toEqual(['OK', 1]);
    }
    const [row] = await app().database.query<{ locked_until: string | null }>(
      'select locked_until from users where id = $1',
      [stranger.id],
    );
    expect(row?.locked_until).toBeNull();
  });

  test('is for organizations of which one is a member, or that one may see; all others look like none', async () => {
    const actor = await person();
    const hidden = await makeOrganization(app());
    const below = await makeOrganization(app(), { parentId: here });
    for (const id of [hidden, below, newId<OrganizationId>(), 'nonsense']) {
      const { answer, changed } = await changing(app(), () => to(actor, id));
      expect([answer.problems, changed]).toEqual([[['TARGET_NOT_FOUND', ['organizationId'], id]], []]);
    }
    expect((await to(cast().support, hidden)).organization?.id).toBe(hidden);
    expect(await activeOf(cast().support)).toEqual([hidden, hidden]);
    expect((await to(app().anonymous(), here)).code).toBe('UNAUTHENTICATED');
  });

  test('is over at once for who leaves, is no longer shown it, or when it is deleted; in tokens, too', async () => {
    const leaving = await person();
    await to(leaving, here);
    await app().database.query('delete from organization_members where user_id = $1 and organization_id = $2', [
      leaving.id,
      here,
    ]);
    expect(await activeOf(leaving)).toEqual([null, null]);
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: leaving.refreshToken } });
    expect(claimsOf(refreshed.data.refreshSession?.tokens?.accessToken)).not.toHaveProperty('org');

    const { id, email } = await memberOf(app());
    await app().database.query(
      'insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())',
      [id, SUPPORT_GROUP_ID],
    );
    const seeing = await signIn(app(), email);
    await to(seeing, here);
    expect(await activeOf(seeing)).toEqual([here, here]);
    await app().database.query('delete from memberships where user_id = $1 and group_id = $2', [id, SUPPORT_GROUP_ID]);
    expect(await activeOf(seeing)).toEqual([null, null]);

    const short = await makeOrganization(app());
    const actor = await person();
    await joinOrganization(app(), actor.id, short);
    await to(actor, short);
    await app().database.query('delete from organizations where id = $1', [short]);
    expect(await activeOf(actor)).toEqual([null, null]);
  });

  test('costs a request of the session no statement more', async () => {
    const actor = await person();
    await to(actor, here);
    const { statements } = await statementsOf(app(), () => actor.run('{ viewer { user { id } permissionVersion } }'));
    expect(statements).toBe(1);
  });
});
