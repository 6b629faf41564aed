import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { auditActions } from '../../../src/events/audit-actions.ts';
import { userChangeKinds } from '../../../src/events/user-change-kinds.ts';
import { newId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Cast, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { somebody, unique } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { closeSubscribers, followed, oneRound, type Stream, subscriberOf } from '../../support/subscriber.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const CHANGES =
  'subscription ($ids: [ID!]!) { userChanged(ids: $ids) { userId change user { id displayName status } } }';

describe('userChanged', () => {
  const app = useTestApp();
  let cast: Cast;
  beforeAll(async () => {
    cast = await app().cast();
  });
  afterEach(async () => {
    closeSubscribers();
    await followed(app(), 0);
  });

  const watch = async (client: TestClient, ids: readonly string[]): Promise<Stream> => {
    const stream = (await subscriberOf(app(), client)).follow(CHANGES, { ids });
    await followed(app());
    return stream;
  };
  const changeOf = async (stream: Stream): Promise<unknown> => {
    await app().services.auditTail.round();
    const { data, errors } = await stream.next();
    expect(errors).toBeUndefined();
    return data?.['userChanged'];
  };
  const rename = (id: string, displayName: string) =>
    cast.admin.run('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { errors { code } } }', {
      input: { id, displayName },
    });
  const remove = (id: string) =>
    cast.admin.run(
      'mutation ($ids: [ID!]!) { deleteUsers(input: { ids: $ids, reason: "gone" }) { errors { code message } } }',
      {
        ids: [id],
      },
    );

  test('tells what happened to a user, and how the user is now', async () => {
    const id = await somebody(app());
    const stream = await watch(cast.support, [id, newId()]);
    await rename(id, 'Ada');
    expect(await changeOf(stream)).toEqual({
      userId: id,
      change: 'UPDATED',
      user: { id, displayName: 'Ada', status: 'ACTIVE' },
    });
    await cast.admin.run(
      'mutation ($ids: [ID!]!) { disableUsers(input: { ids: $ids, reason: "left" }) { errors { code } } }',
      {
        ids: [id],
      },
    );
    expect(await changeOf(stream)).toMatchObject({ change: 'STATUS_CHANGED', user: { status: 'DISABLED' } });
    const added = await cast.admin.run(
      'mutation ($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { errors { code } } }',
      { input: { groupId: SUPPORT_GROUP_ID, userIds: [id] } },
    );
    expect(added.data).toEqual({ addGroupMembers: { errors: [] } });
    expect(await changeOf(stream)).toMatchObject({ change: 'ACCESS_CHANGED' });
    expect((await remove(id)).data).toEqual({ deleteUsers: { errors: [] } });
    expect(await changeOf(stream)).toEqual({ userId: id, change: 'DELETED', user: null });
  });

  test('says nothing of what changes nothing, of tries that fail and of users that are not watched', async () => {
    const stream = await watch(cast.support, [cast.member.id]);
    await rename(cast.reader.id, 'Another');
    await cast.member.run(
      'mutation { changePassword(input: { currentPassword: "wrong wrong", newPassword: "x" }) { errors { code } } }',
    );
    await signIn(app(), cast.member.email);
    await oneRound(app());
    expect(stream.messages).toEqual([]);
  });

  test('oneself may be watched by anybody; others need view:users', async () => {
    const own = await watch(cast.member, [cast.member.id]);
    await cast.member.run('mutation { updateProfile(input: { displayName: "Me" }) { errors { code } } }');
    expect(await changeOf(own)).toMatchObject({ change: 'UPDATED', user: { displayName: 'Me' } });
    for (const ids of [[cast.reader.id], [cast.member.id, cast.reader.id], []]) {
      const refused = (await subscriberOf(app(), cast.member)).follow(CHANGES, { ids });
      const { data, errors } = await refused.next();
      expect(data ?? null).toBeNull();
      expect(errors?.map(({ path, extensions }) => [path, extensions.code, extensions.missing])).toEqual([
        [['userChanged'], 'FORBIDDEN', ['view:users']],
      ]);
      await expect(refused.ended).resolves.toBeNull();
    }
  });

  test('whoever loses view:users is refused at the next event, before anything of it is told; then the stream ends', async () => {
    const email = `${unique('watcher')}@example.com`;
    const group = await makeGroup(app(), unique('watchers'), ['view:users']);
    const watcher = await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, group] });
    const id = await somebody(app());
    const stream = await watch(await signIn(app(), email), [id]);
    await cast.admin.run(
      'mutation ($input: RemoveGroupMembersInput!) { removeGroupMembers(input: $input) { errors { code } } }',
      {
        input: { groupId: group, userIds: [watcher] },
      },
    );
    await rename(id, 'Out Of Sight');
    await app().services.auditTail.round();
    const { data, errors } = await stream.next();
    expect(data).toEqual({ userChanged: null });
    expect(errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN', missing: ['view:users'] });
    await expect(stream.ended).resolves.toBeNull();
    expect(JSON.stringify(stream.messages)).not.toContain('Out Of Sight');
  });

  describe('whoever sees one organization', () => {
    const setUp = async () => {
      const here = await makeOrganization(app());
      const there = await makeOrganization(app());
      const [inside, outside] = [await somebody(app()), await somebody(app())];
      await joinOrganization(app(), inside, here);
      await joinOrganization(app(), outside, there);
      const holder = await holderWithin(app(), here, ['view:users']);
      return { here, there, inside, outside, holder };
    };

    test('is told of those within it, and nothing at all of others: neither that they exist, nor change, nor go', async () => {
      const { inside, outside, holder } = await setUp();
      const stream = await watch(holder, [outside, inside, newId()]);
      await rename(outside, 'Secret Name');
      await remove(outside);
      await rename(inside, 'Open Name');
      expect(await changeOf(stream)).toMatchObject({ userId: inside, user: { displayName: 'Open Name' } });
      expect((await remove(inside)).data).toEqual({ deleteUsers: { errors: [] } });
      expect(await changeOf(stream)).toEqual({ userId: inside, change: 'DELETED', user: null });
      await oneRound(app());
      expect(stream.messages).toHaveLength(2);
      expect(JSON.stringify(stream.messages)).not.toContain(outside);
    });

    test('is told no more of somebody who left it, not even that they were deleted', async () => {
      const { here, inside, holder } = await setUp();
      const stream = await watch(holder, [inside]);
      const left = await cast.admin.run(
        'mutation ($input: RemoveOrganizationMembersInput!) { removeOrganizationMembers(input: $input) { errors { code } } }',
        { input: { organizationId: here, userIds: [inside] } },
      );
      expect(left.data).toEqual({ removeOrganizationMembers: { errors: [] } });
      await oneRound(app());
      await rename(inside, 'Elsewhere Now');
      await remove(inside);
      await oneRound(app());
      expect(stream.messages).toEqual([]);
    });
  });

  test('at most a hundred users at a time', async () => {
    const ids = Array.from({ length: 101 }, () => newId());
    const refused = (await subscriberOf(app(), cast.support)).follow(CHANGES, { ids });
    const { errors } = await refused.next();
    expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', limit: 'ids', maximum: 100 });
  });

  test('a user shown with an event was read for that event alone', async () => {
    const id = await somebody(app());
    const stream = await watch(cast.support, [id]);
    for (const name of ['First', 'Second', 'Third']) {
      await rename(id, name);
      expect(await changeOf(stream)).toMatchObject({ user: { displayName: name } });
    }
  });

  test('every action that is told is one of the log', () => {
    expect(Object.keys(userChangeKinds).filter((action) => auditActions[action] === undefined)).toEqual([]);
  });
});
