import { describe, expect, test } from 'vitest';
import { MoveOrganizationDocument } from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId } from '../../../src/ids.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import {
  closureFaults,
  holderWithin,
  joinOrganization,
  makeOrganization,
  memberOf,
  problemsOf,
} from '../../support/organizations.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const LEVELS = JSON.stringify(
  ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth'].map((name) => ({ name, groups: [] })),
);

describe('moveOrganization', () => {
  const app = useTestApp({ settings: { 'organization-levels': LEVELS, 'organization-maximum-depth': '4' } });
  const cast = useCast(app);
  const move = async (actor: Actor, id: string, parentId: string | null, expectedVersion?: number) => {
    const answer = await actor.send(MoveOrganizationDocument, { input: { id, parentId, expectedVersion } });
    const payload = answer.data.moveOrganization;
    return { ...answer, now: payload?.organization, problems: problemsOf(payload?.errors) };
  };
  const refused = async (...args: Parameters<typeof move>) => {
    const { answer, changed } = await changing(app(), () => move(...args));
    expect(changed).toEqual([]);
    return answer;
  };
  const below = (parentId: OrganizationId | null, level: number, name?: string) =>
    makeOrganization(app(), { parentId, level, ...(name === undefined ? {} : { name }) });
  const seesUser = async (actor: Actor, id: string): Promise<boolean> =>
    (await actor.run('query ($id: ID!) { user(id: $id) { id } }', { id })).code === 'OK';

  test('without a new place is REQUIRED, not the way to a root', async () => {
    const moved = await below(await below(null, 0), 1);
    const { answer, changed } = await changing(app(), () =>
      cast().admin.send(MoveOrganizationDocument, { input: { id: moved } }),
    );
    expect(answer.data.moveOrganization).toMatchObject({
      organization: null,
      errors: [{ code: 'REQUIRED', field: ['parentId'] }],
    });
    expect(changed).toEqual([]);
  });

  test('moves all below with it, with a line and an event; the closure says what the parents say', async () => {
    const [from, to] = [await below(null, 0), await below(null, 0)];
    const moved = await below(from, 2);
    const child = await below(moved, 3);
    const { answer, audit, events } = await recording(app(), () => move(cast().admin, moved, to, 1));
    expect(answer.problems).toEqual([]);
    expect(answer.now).toMatchObject({ id: moved, version: 2, parent: { id: to } });
    const facts = { fromParentId: from, toParentId: to };
    expect(audit).toMatchObject([
      { action: 'organization.moved', target: { type: 'Organization', id: moved }, metadata: facts },
    ]);
    expect(events.map(({ type, payload }) => [type, payload])).toEqual([
      ['OrganizationMoved', { organizationId: moved, ...facts }],
    ]);
    expect(await closureFaults(app())).toEqual([]);
    const { data } = await cast().admin.run<{ organization: { ancestors: { id: string }[] } }>(
      'query ($id: ID!) { organization(id: $id) { ancestors { id } } }',
      { id: child },
    );
    expect(data.organization.ancestors.map(({ id }) => id)).toEqual([to, moved]);
    expect((await move(cast().admin, moved, null)).now).toMatchObject({ parent: null });
    expect(await closureFaults(app())).toEqual([]);
  });

  test('to where it is already, it changes nothing', async () => {
    const parent = await below(null, 0);
    const id = await below(parent, 1);
    const { answer, changed } = await changing(app(), () => move(cast().admin, id, parent));
    expect([answer.problems, answer.now?.version, changed]).toEqual([[], 1, []]);
  });

  test('refuses a cycle, a level, a depth, a taken name and another version', async () => {
    const root = await below(null, 0);
    const middle = await below(root, 1, 'Middle');
    const low = await below(middle, 2);
    for (const parentId of [middle, low]) {
      expect((await refused(cast().admin, middle, parentId)).problems).toEqual([['CYCLE', 'parentId', null]]);
    }
    const same = await below(null, 1);
    expect((await refused(cast().admin, middle, same)).problems).toEqual([['LEVEL_NOT_ALLOWED', 'parentId', null]]);
    const [first, second] = [await below(null, 0), await below(null, 2)];
    await below(await below(second, 3), 4);
    expect((await refused(cast().admin, second, await below(first, 1))).problems).toEqual([
      ['DEPTH_LIMIT', 'parentId', null],
    ]);
    await below(first, 1, 'MIDDLE');
    expect((await refused(cast().admin, middle, first)).problems).toEqual([['NAME_IN_USE', 'parentId', null]]);
    const stale = await refused(cast().admin, low, root, 5);
    expect([stale.problems, stale.now?.version]).toEqual([[['VERSION_CONFLICT', 'expectedVersion', null]], 1]);
  });

  test('of two moves that would make a cycle together, exactly one succeeds', async () => {
    for (let round = 0; round < 5; round += 1) {
      // Levels forbid each cycle anyhow; stored ones of an earlier configuration do not.
      const [a, b] = [await below(null, 1), await below(null, 1)];
      const [underA, underB] = [await below(a, 0), await below(b, 0)];
      const answers = await Promise.all([move(cast().admin, a, underB), move(cast().admin, b, underA)]);
      const outcomes = answers.map(({ code, problems }) => problems[0]?.[0] ?? code);
      expect(outcomes.toSorted()).toEqual(['CYCLE', 'OK']);
    }
    expect(await closureFaults(app())).toEqual([]);
  });

  test('fifty moves of the same organization and its parents leave a whole tree', async () => {
    const roots = [await below(null, 0), await below(null, 0), await below(null, 0)];
    const nodes = [
      await below(roots[0] ?? null, 1),
      await below(roots[1] ?? null, 1),
      await below(roots[2] ?? null, 2),
    ];
    await below(nodes[0] ?? null, 3);
    await inParallel(50, (index) =>
      move(
        cast().admin,
        nodes[index % 3] ?? '',
        index % 4 === 0 ? (nodes[(index + 1) % 3] ?? '') : (roots[index % 3] ?? ''),
      ),
    );
    expect(await closureFaults(app())).toEqual([]);
  });

  test('who held something above loses it over all that moved, who holds it at the new place gains it, in every replica', async () => {
    const replica = await startTestApp({ beside: app() });
    const [from, to] = [await below(null, 0), await below(null, 0)];
    const moved = await below(from, 1);
    const { id } = await memberOf(app(), await below(moved, 2));
    const left = await holderWithin(app(), from, ['view:users']);
    const right = await holderWithin(app(), to, ['view:users']);
    const listed = await makeGroup(app(), unique('Listed'), ['view:users'], 'LISTED');
    await app().database.query('insert into group_organizations (group_id, organization_id) values ($1, $2)', [
      listed,
      to,
    ]);
    await app().database.query(
      'with e as (update permission_epoch set epoch = epoch + 1 returning epoch) update groups set changed_epoch = e.epoch from e where id = $1',
      [listed],
    );
    const email = `${unique('listed')}@example.com`;
    await makePerson(app(), { email, groupIds: [listed] });
    const reaching = await signIn(app(), email);
    const elsewhere = (actor: Actor): Actor =>
      Object.assign(replica.anonymous(actor.headers), { id: actor.id }) as Actor;
    const seen = (): Promise<boolean[]> =>
      Promise.all([left, right, reaching].flatMap((actor) => [seesUser(actor, id), seesUser(elsewhere(actor), id)]));
    expect(await seen()).toEqual([true, true, false, false, false, false]);
    expect((await move(cast().admin, moved, to)).problems).toEqual([]);
    expect(await seen()).toEqual([false, false, true, true, true, true]);
    await replica.close();
  });

  test('the places of a group that lists something below the moved one are read anew', async () => {
    const [from, to] = [await below(null, 0), await below(null, 0)];
    const moved = await below(from, 1);
    const leaf = await below(moved, 2);
    const listed = await makeGroup(app(), unique('Listed'), ['view:users', 'assign:groups'], 'LISTED');
    await app().database.query('insert into group_organizations (group_id, organization_id) values ($1, $2)', [
      listed,
      leaf,
    ]);
    await app().database.query(
      'with e as (update permission_epoch set epoch = epoch + 1 returning epoch) update groups set changed_epoch = e.epoch from e where id = $1',
      [listed],
    );
    const lineage = async () => {
      await cast().admin.run('{ viewer { user { id } } }');
      return app().services.directory.find(listed)?.listed;
    };
    expect(await lineage()).toEqual([[from, moved, leaf]]);
    await move(cast().admin, moved, to);
    expect(await lineage()).toEqual([[to, moved, leaf]]);
  });

  test('needs move:organizations there and create:organizations at the new place; a root needs it everywhere', async () => {
    const [from, to] = [await below(null, 0), await below(null, 0)];
    const moved = await below(from, 1);
    const mover = await holderWithin(app(), from, ['move:organizations', 'view:organizations']);
    await joinOrganization(app(), mover.id, to);
    const missing = async (parentId: string | null) => {
      const answer = await refused(mover, moved, parentId);
      return [answer.code, answer.errors[0]?.extensions.missing];
    };
    expect(await missing(to)).toEqual(['FORBIDDEN', ['create:organizations']]);
    expect(await missing(null)).toEqual(['FORBIDDEN', ['create:organizations']]);
    const creator = await holderWithin(app(), from, ['create:organizations', 'view:organizations']);
    expect((await refused(creator, moved, to)).code).toBe('FORBIDDEN');
  });

  test('nobody moves organizations under their own power', async () => {
    const [theirs, own] = [await below(null, 0), await below(null, 0)];
    const target = await below(theirs, 1);
    const tree = await makeGroup(app(), unique('Tree'), [
      'move:organizations',
      'create:organizations',
      'view:organizations',
    ]);
    const power = await makeGroup(app(), unique('Power'), ['admin:*'], 'LISTED');
    const email = `${unique('mover')}@example.com`;
    const id = await makePerson(app(), { email, groupIds: [tree] });
    await joinOrganization(app(), id, own, [power]);
    const mover = await signIn(app(), email);
    expect((await refused(mover, target, own)).problems).toEqual([['SELF_ESCALATION', 'parentId', mover.id]]);
  });

  test('nor under the power of others, or out of it, beyond what they hold', async () => {
    const [from, to] = [await below(null, 0), await below(null, 0)];
    const target = await below(from, 1);
    const mover = await holderOf(app(), ['move:organizations', 'create:organizations', 'view:organizations']);
    const friend = await holderWithin(app(), to, ['delete:users', 'view:users']);
    expect((await refused(mover, target, to)).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'parentId', friend.groupId],
    ]);
    const guardian = await holderWithin(app(), from, ['lock:users', 'view:users']);
    expect((await refused(mover, target, null)).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'parentId', guardian.groupId],
    ]);
  });

  test('an administrator of one organization moves within it and gets one answer for hidden and missing ones', async () => {
    const own = await below(null, 0);
    const [left, right] = [await below(own, 1), await below(own, 1)];
    const leaf = await below(left, 2);
    const foreign = await below(null, 0);
    const administrator = await holderWithin(app(), own, ['admin:*']);
    expect((await move(administrator, leaf, right)).problems).toEqual([]);
    for (const hidden of [foreign, newId<OrganizationId>()]) {
      expect((await refused(administrator, leaf, hidden)).problems).toEqual([['TARGET_NOT_FOUND', 'parentId', hidden]]);
      expect((await refused(administrator, hidden, own)).problems).toEqual([['TARGET_NOT_FOUND', 'id', hidden]]);
    }
    expect((await refused(administrator, leaf, null)).code).toBe('FORBIDDEN');
  });

  test('costs the same number of statements, however much moves', async () => {
    const [from, to] = [await below(null, 0), await below(null, 0)];
    const [small, large] = [await below(from, 1), await below(from, 1)];
    for (let count = 0; count < 20; count += 1) await below(large, 2);
    await move(cast().admin, await below(from, 1), to);
    const one = await statementsOf(app(), () => move(cast().admin, small, to));
    const many = await statementsOf(app(), () => move(cast().admin, large, to));
    expect([one.answer.problems, many.answer.problems, many.statements]).toEqual([[], [], one.statements]);
  });
});
