import { describe, expect, test } from 'vitest';
import {
  AddGroupMembersDocument,
  ApprovalsDocument,
  ApproveRequestDocument,
  CancelRequestDocument,
  CreateGroupDocument,
  CreateUserDocument,
  RejectRequestDocument,
  RemoveGroupMembersDocument,
  SetGroupPermissionsDocument,
} from '../../../generated/client/graphql.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  IMPERSONATORS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, PASSWORD, raiseToAal2, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { somebody, unique, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const RULE = { 'approvals.twoPersonRule': 'protected' };

describe('the two-person rule', () => {
  const app = useTestApp({ settings: RULE });
  const cast = useCast(app);

  /** A second Key Master who may also do what an administrator may. */
  const second = async (): Promise<Actor> => {
    const email = `${unique('second')}@two.example`;
    await makePerson(app(), { email, groupIds: [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID] });
    return raiseToAal2(app(), await signIn(app(), email));
  };

  const ask = (actor: Actor, groupId: string, userId: string) =>
    actor.send(AddGroupMembersDocument, { input: { groupId, userIds: [userId] } });

  /** A request of the administrator's to put somebody among those who impersonate. */
  const pending = async () => {
    const userId = await somebody(app());
    const { data } = await ask(cast().admin, IMPERSONATORS_GROUP_ID, userId);
    const id = data.addGroupMembers?.pendingRequest?.id ?? '';
    expect(data.addGroupMembers?.errors).toMatchObject([{ code: 'APPROVAL_REQUIRED' }]);
    return { id, userId };
  };

  const isMember = async (userId: string, groupId: string): Promise<boolean> => {
    const rows = await app().database.query('select from memberships where user_id = $1 and group_id = $2', [
      userId,
      groupId,
    ]);
    return rows.length > 0;
  };

  test('keeps a request with what it would do, and changes nothing until somebody else approves it', async () => {
    const userId = await somebody(app());
    const { answer, audit, events } = await recording(app(), () => ask(cast().admin, IMPERSONATORS_GROUP_ID, userId));
    const request = answer.data.addGroupMembers?.pendingRequest;
    expect(request).toMatchObject({
      mutation: 'addGroupMembers',
      permission: 'impersonate:users',
      input: { groupId: IMPERSONATORS_GROUP_ID, userIds: [userId] },
      state: 'PENDING',
      requestedBy: { id: cast().admin.id },
      decidedBy: null,
      preview: { affectedCount: 1, changes: [{ user: { id: userId } }] },
    });
    expect(audit).toMatchObject([
      { action: 'approval.requested', target: { type: 'ApprovalRequest', id: request?.id } },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['ApprovalRequested']);
    expect(await isMember(userId, IMPERSONATORS_GROUP_ID)).toBe(false);
    const other = await second();
    const approved = await recording(app(), () =>
      other.send(ApproveRequestDocument, { input: { id: request?.id ?? '', reason: 'agreed' } }),
    );
    expect(approved.answer.data.approveRequest).toMatchObject({
      errors: [],
      request: { state: 'APPROVED', decidedBy: { id: other.id }, decisionReason: 'agreed' },
    });
    expect(await isMember(userId, IMPERSONATORS_GROUP_ID)).toBe(true);
    expect(approved.audit).toMatchObject([
      { action: 'approval.approved', actor: { id: other.id } },
      {
        action: 'user.groups-changed',
        actor: { id: cast().admin.id },
        metadata: { approvalRequestId: request?.id, approvedById: other.id },
      },
    ]);
  });

  test('is about protected permissions only, and not about taking them away', async () => {
    const userId = await somebody(app());
    const open = await makeGroup(app(), unique('Open'), ['view:users']);
    const added = await ask(cast().admin, open, userId);
    expect(added.data.addGroupMembers?.errors).toEqual([]);
    const holder = await somebody(app(), [MEMBERS_GROUP_ID, IMPERSONATORS_GROUP_ID]);
    const { data } = await cast().admin.send(RemoveGroupMembersDocument, {
      input: { groupId: IMPERSONATORS_GROUP_ID, userIds: [holder] },
    });
    expect(data.removeGroupMembers?.errors).toEqual([]);
  });

  test('holds for every way to hand them out', async () => {
    const grants = [{ action: 'erase', resource: 'users' }];
    const group = await makeGroup(app(), unique('Plain'), []);
    const ways = [
      (await cast().admin.send(CreateGroupDocument, { input: { name: unique('Erasers'), permissions: grants } })).data
        .createGroup,
      (await cast().admin.send(SetGroupPermissionsDocument, { input: { id: group, permissions: grants } })).data
        .setGroupPermissions,
      (
        await cast().admin.send(CreateUserDocument, {
          input: {
            email: `${unique('way')}@two.example`,
            displayName: 'Way',
            groupIds: [IMPERSONATORS_GROUP_ID],
            password: 'a long enough secret phrase',
          },
        })
      ).data.createUser,
    ];
    for (const way of ways) {
      expect(way?.errors).toMatchObject([{ code: 'APPROVAL_REQUIRED' }]);
      expect(way?.pendingRequest?.state).toBe('PENDING');
      expect(JSON.stringify(way?.pendingRequest)).not.toContain('a long enough secret phrase');
    }
  });

  test('nobody approves or rejects their own request, nor without approve:requests, nor unconfirmed', async () => {
    const { id, userId } = await pending();
    const own = await cast().admin.send(ApproveRequestDocument, { input: { id } });
    expect(own.data.approveRequest?.errors).toMatchObject([{ code: 'OWN_REQUEST' }]);
    const rejected = await cast().admin.send(RejectRequestDocument, { input: { id, reason: 'no' } });
    expect(rejected.data.rejectRequest?.errors).toMatchObject([{ code: 'OWN_REQUEST' }]);
    for (const actor of [cast().member, cast().support, cast().dataOfficer]) {
      const { errors } = await actor.send(ApproveRequestDocument, { input: { id } });
      expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await isMember(userId, IMPERSONATORS_GROUP_ID)).toBe(false);
  });

  test('of fifty decisions at once exactly one counts', async () => {
    const { id, userId } = await pending();
    const others = [await second(), await second()];
    const answers = await inParallel(50, (index) => {
      const actor = others[index % 2] ?? cast().keyMaster;
      return actor.send(ApproveRequestDocument, { input: { id } });
    });
    const codes = answers.map(({ data }) => data.approveRequest?.errors[0]?.code ?? 'DONE');
    expect(codes.filter((code) => code === 'DONE')).toHaveLength(1);
    expect(new Set(codes)).toEqual(new Set(['DONE', 'REQUEST_NOT_PENDING']));
    expect(await isMember(userId, IMPERSONATORS_GROUP_ID)).toBe(true);
  });

  test('an equal request is the same request, and can be taken back by who made it alone', async () => {
    const { id, userId } = await pending();
    const again = await ask(cast().admin, IMPERSONATORS_GROUP_ID, userId);
    expect(again.data.addGroupMembers?.pendingRequest?.id).toBe(id);
    const stranger = await cast().keyMaster.send(CancelRequestDocument, { input: { id } });
    expect(stranger.data.cancelRequest?.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND' }]);
    const { data } = await cast().admin.send(CancelRequestDocument, { input: { id } });
    expect(data.cancelRequest).toMatchObject({ errors: [], request: { state: 'CANCELLED' } });
    const late = await (await second()).send(ApproveRequestDocument, { input: { id } });
    expect(late.data.approveRequest?.errors).toMatchObject([{ code: 'REQUEST_NOT_PENDING' }]);
  });

  test('begun anew is a row of its own, which names the one that ended otherwise than carried out', async () => {
    const { id, userId } = await pending();
    const other = await second();
    const anew = async () =>
      (await ask(cast().admin, IMPERSONATORS_GROUP_ID, userId)).data.addGroupMembers?.pendingRequest;
    const rejection = await other.send(RejectRequestDocument, { input: { id, reason: 'not now' } });
    expect(rejection.data.rejectRequest?.request).toMatchObject({ previous: null });
    const requests = await inParallel(5, anew);
    const [next] = requests;
    expect(requests).toEqual(requests.map(() => next));
    expect(next).toMatchObject({ state: 'PENDING', previous: { id, state: 'REJECTED' } });
    await cast().admin.send(CancelRequestDocument, { input: { id: next?.id ?? '' } });
    const third = await anew();
    expect(third?.previous).toEqual({ id: next?.id, state: 'CANCELLED' });
    const { answer, statements } = await statementsOf(app(), () => other.send(ApprovalsDocument, { first: 10 }));
    const chain = answer.data.approvals?.nodes.filter(({ previous }) => previous !== null);
    expect(chain?.map((node) => [node.id, node.previous?.id])).toEqual([
      [third?.id, next?.id],
      [next?.id, id],
    ]);
    const { statements: fewer } = await statementsOf(app(), () => other.send(ApprovalsDocument, { first: 1 }));
    expect(statements).toBe(fewer);
    const approved = await other.send(ApproveRequestDocument, { input: { id: third?.id ?? '' } });
    expect(approved.data.approveRequest?.errors).toEqual([]);
    await cast().admin.send(RemoveGroupMembersDocument, {
      input: { groupId: IMPERSONATORS_GROUP_ID, userIds: [userId] },
    });
    expect((await anew())?.previous).toBeNull();
  });

  test('what has changed since is not carried out: the request waits, and says why', async () => {
    const group = await makeGroup(app(), unique('Versioned'), []);
    const asked = await cast().admin.send(SetGroupPermissionsDocument, {
      input: { id: group, permissions: [{ action: 'erase', resource: 'users' }] },
    });
    const id = asked.data.setGroupPermissions?.pendingRequest?.id ?? '';
    const other = await second();
    await other.send(SetGroupPermissionsDocument, {
      input: { id: group, permissions: [{ action: 'view', resource: 'users' }] },
    });
    const { answer, changed } = await changing(app(), () => other.send(ApproveRequestDocument, { input: { id } }));
    expect(answer.data.approveRequest?.errors).toMatchObject([{ code: 'REQUEST_OUTDATED' }]);
    expect(changed).toEqual([]);
  });

  test('somebody who lost the right to ask, or was shut out, gets nothing approved', async () => {
    const asker = await second();
    const userId = await somebody(app());
    const asked = await ask(asker, IMPERSONATORS_GROUP_ID, userId);
    const id = asked.data.addGroupMembers?.pendingRequest?.id ?? '';
    await app().database.query('delete from memberships where user_id = $1 and group_id = $2', [
      asker.id,
      KEY_MASTERS_GROUP_ID,
    ]);
    const { data } = await (await second()).send(ApproveRequestDocument, { input: { id } });
    expect(data.approveRequest?.errors).toMatchObject([{ code: 'REQUEST_OUTDATED' }]);
    expect(await isMember(userId, IMPERSONATORS_GROUP_ID)).toBe(false);
  });

  test('expires, and is listed to who asked and to holders of view:approvals only', async () => {
    const { id } = await pending();
    const mine = await cast().admin.send(ApprovalsDocument, { filter: { stateIn: ['PENDING'] } });
    expect(mine.data.approvals?.nodes.map((node) => node.id)).toContain(id);
    const theirs = await cast().member.send(ApprovalsDocument, {});
    expect(theirs.data.approvals).toMatchObject({ nodes: [], totalCount: 0 });
    app().clock.advance(8 * 86_400);
    const admin = await raiseToAal2(app(), await signIn(app(), cast().admin.email, PASSWORD));
    const late = await admin.send(ApprovalsDocument, { filter: { stateIn: ['EXPIRED'] } });
    expect(late.data.approvals?.nodes.map((node) => node.id)).toContain(id);
    const { data } = await (await second()).send(ApproveRequestDocument, { input: { id } });
    expect(data.approveRequest?.errors).toMatchObject([{ code: 'REQUEST_NOT_PENDING' }]);
  });
});

describe('break-glass', () => {
  const app = useTestApp({ settings: { ...RULE, 'approvals.breakGlass': 'true' } });
  const cast = useCast(app);

  test('skips the rule with a reason, which the log keeps', async () => {
    const userId = await somebody(app());
    const { answer, audit } = await recording(app(), () =>
      cast().admin.send(AddGroupMembersDocument, {
        input: { groupId: IMPERSONATORS_GROUP_ID, userIds: [userId], breakGlassReason: 'nobody else is awake' },
      }),
    );
    expect(answer.data.addGroupMembers?.errors).toEqual([]);
    expect(audit).toMatchObject([
      { action: 'user.groups-changed', metadata: { breakGlassReason: 'nobody else is awake' } },
    ]);
    const tried = await cast().admin.send(AddGroupMembersDocument, {
      input: {
        groupId: IMPERSONATORS_GROUP_ID,
        userIds: [await somebody(app())],
        breakGlassReason: 'nobody else is awake',
        dryRun: true,
      },
    });
    expect(tried.data.addGroupMembers?.preview).toMatchObject({ affectedCount: 1, verdicts: [] });
    const blank = await cast().admin.send(AddGroupMembersDocument, {
      input: { groupId: IMPERSONATORS_GROUP_ID, userIds: [await somebody(app())], breakGlassReason: '  ' },
    });
    expect(blank.data.addGroupMembers?.errors).toMatchObject([{ code: 'REQUIRED', field: ['breakGlassReason'] }]);
  });

  test('is refused where the settings do not allow it', async () => {
    const strict = await startTestApp({ beside: app(), settings: RULE });
    const answer = await strict.anonymous(cast().admin.headers).send(AddGroupMembersDocument, {
      input: { groupId: IMPERSONATORS_GROUP_ID, userIds: [await somebody(app())], breakGlassReason: 'please' },
    });
    expect(answer.data.addGroupMembers?.errors).toMatchObject([
      { code: 'DISABLED_BY_SETTING', field: ['breakGlassReason'] },
    ]);
  });
});
