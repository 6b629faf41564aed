import { describe, expect, test } from 'vitest';
import { DeleteOrganizationDocument, type DeleteOrganizationInput } from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId } from '../../../src/ids.ts';
import { type Actor, makeGroup, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, unique } from '../../support/holder.ts';
import {
  closureFaults,
  holderWithin,
  joinOrganization,
  makeOrganization,
  memberOf,
  problemsOf,
} from '../../support/organizations.ts';
import { jwtParts } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const DELETING = ['delete:organizations', 'view:organizations'];

describe('deleteOrganization', () => {
  const app = useTestApp();
  const remove = async (actor: Actor, input: DeleteOrganizationInput) => {
    const answer = await actor.send(DeleteOrganizationDocument, { input });
    const payload = answer.data.deleteOrganization;
    return { ...answer, payload, problems: problemsOf(payload?.errors) };
  };
  const refused = async (actor: Actor, input: DeleteOrganizationInput) => {
    const { answer, changed } = await changing(app(), () => remove(actor, input));
    expect(changed).toEqual([]);
    return answer;
  };
  const deleter = async (): Promise<Actor> => raiseToAal2(app(), await holderOf(app(), DELETING));
  const deleterWithin = async (id: OrganizationId): Promise<Actor> =>
    raiseToAal2(app(), await holderWithin(app(), id, DELETING));

  test('deletes all below with it, keeps the people, and leaves a line and an event for each', async () => {
    const root = await makeOrganization(app(), { name: unique('Root') });
    const child = await makeOrganization(app(), { parentId: root });
    const leaf = await makeOrganization(app(), { parentId: child });
    const groupId = await makeGroup(app(), unique('Group'), ['view:users'], 'LISTED');
    const person = await memberOf(app(), leaf);
    await joinOrganization(app(), person.id, leaf, [groupId]);
    const actor = await deleter();
    const { answer, audit, events } = await recording(app(), () => remove(actor, { id: root, reason: 'Closed down.' }));
    expect([answer.code, answer.problems]).toEqual(['OK', []]);
    const all = [root, child, leaf];
    expect(answer.payload).toEqual({ deletedOrganizationIds: all, organization: null, errors: [] });
    const facts = { rootId: root, reason: 'Closed down.' };
    expect(audit).toMatchObject(
      all
        .toSorted()
        .map((id) => ({ action: 'organization.deleted', target: { type: 'Organization', id }, metadata: facts })),
    );
    expect(events.map(({ type, payload }) => [type, payload])).toEqual(
      // The reason is a text of somebody's: it does not leave.
      all.map((id) => ['OrganizationDeleted', { organizationId: id, rootId: root }]),
    );
    const [left] = await app().database.query(
      `select (select count(*)::int from organizations where id = any($1)) as organizations,
         (select count(*)::int from memberships where organization_id = any($1)) as memberships,
         (select count(*)::int from organization_members where organization_id = any($1)) as members,
         (select status from users where id = $2) as status`,
      [all, person.id],
    );
    expect(left).toEqual({ organizations: 0, memberships: 0, members: 0, status: 'ACTIVE' });
    expect(await closureFaults(app())).toEqual([]);
  });

  test('what was held within it is gone from the next request on; a group that listed it alone gives nothing', async () => {
    const id = await makeOrganization(app());
    const person = await memberOf(app(), id);
    const within = await holderWithin(app(), id, ['view:users']);
    const listed = await makeGroup(app(), unique('Listed'), ['view:users'], 'LISTED');
    await app().database.query('insert into group_organizations (group_id, organization_id) values ($1, $2)', [
      listed,
      id,
    ]);
    await app().database.query(
      'with e as (update permission_epoch set epoch = epoch + 1 returning epoch) update groups set changed_epoch = e.epoch from e where id = $1',
      [listed],
    );
    const email = `${unique('listed')}@example.com`;
    await makePerson(app(), { email, groupIds: [listed] });
    const reaching = await signIn(app(), email);
    const codes = () =>
      Promise.all(
        [within, reaching].map(
          async (one) => (await one.run('query ($id: ID!) { user(id: $id) { id } }', { id: person.id })).code,
        ),
      );
    expect(await codes()).toEqual(['OK', 'OK']);
    expect((await remove(await deleter(), { id })).problems).toEqual([]);
    expect(await codes()).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  });

  test('sessions that acted in it act in none', async () => {
    const id = await makeOrganization(app());
    const person = await holderWithin(app(), id, []);
    const sessionId = jwtParts(person.accessToken).claims['sid'];
    await app().database.query('update sessions set organization_id = $2 where id = $1', [sessionId, id]);
    await remove(await deleter(), { id });
    const rows = await app().database.query('select organization_id from sessions where id = $1', [sessionId]);
    expect(rows).toEqual([{ organization_id: null }]);
    expect((await person.run('{ viewer { user { id } } }')).code).toBe('OK');
  });

  test('nobody is left without any group', async () => {
    const id = await makeOrganization(app());
    const groupId = await makeGroup(app(), unique('Only'), [], 'LISTED');
    const person = await makePerson(app(), { email: `${unique('only')}@example.com`, groupIds: [] });
    await joinOrganization(app(), person, id, [groupId]);
    expect((await refused(await deleter(), { id })).problems).toEqual([['NO_GROUPS_LEFT', null, person]]);
  });

  test('is protected: administrators alone cannot, it takes two factors, and a session that is fresh', async () => {
    const id = await makeOrganization(app());
    const administrator = await raiseToAal2(app(), await holderOf(app(), ['admin:*']));
    expect((await refused(administrator, { id })).code).toBe('FORBIDDEN');
    const administratorThere = await raiseToAal2(app(), await holderWithin(app(), id, ['admin:*']));
    expect((await refused(administratorThere, { id })).code).toBe('FORBIDDEN');
    expect((await refused(await holderOf(app(), DELETING), { id })).code).toBe('STEP_UP_REQUIRED');
    const stale = await deleter();
    app().clock.advance(11 * 60);
    expect((await refused(stale, { id })).code).toBe('STEP_UP_REQUIRED');
  });

  test('another version is refused with the present organization, a long reason with its field', async () => {
    const id = await makeOrganization(app());
    const actor = await deleter();
    const stale = await refused(actor, { id, expectedVersion: 2 });
    expect(stale.problems).toEqual([['VERSION_CONFLICT', 'expectedVersion', null]]);
    expect(stale.payload).toMatchObject({ deletedOrganizationIds: [], organization: { id, version: 1 } });
    expect((await refused(actor, { id, reason: 'x'.repeat(501) })).problems).toEqual([['TOO_LONG', 'reason', null]]);
  });

  test('fifty at once delete it once', async () => {
    const id = await makeOrganization(app());
    const actor = await deleter();
    const answers = await inParallel(50, () => remove(actor, { id }));
    const outcomes = answers.map(({ code, problems }) => problems[0]?.[0] ?? code);
    expect(outcomes.filter((one) => one === 'OK')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'TARGET_NOT_FOUND')).toHaveLength(49);
  });

  test('held within one organization, it deletes there and nowhere else; hidden and missing ones get one answer', async () => {
    const own = await makeOrganization(app());
    const child = await makeOrganization(app(), { parentId: own });
    const foreign = await makeOrganization(app());
    const actor = await deleterWithin(own);
    expect((await remove(actor, { id: child })).payload?.deletedOrganizationIds).toEqual([child]);
    for (const id of [foreign, newId<OrganizationId>(), child]) {
      expect((await refused(actor, { id })).problems).toEqual([['TARGET_NOT_FOUND', 'id', id]]);
    }
    await joinOrganization(app(), actor.id, foreign);
    const seen = await refused(actor, { id: foreign });
    expect([seen.code, seen.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['delete:organizations']]);
  });
});
