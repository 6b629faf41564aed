import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  InvitationOfUserDocument,
  SetPasswordWithTokenDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { enrol } from '../../support/mfa.ts';
import { invitationsOf } from '../../support/organization-invitations.ts';
import { holderWithin, makeOrganization, memberOf, problemsOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);
const { accept, statusOf, address, invite, invited, membershipOf, tokenFor } = invitationsOf(app, cast);

describe('acceptInvitation', () => {
  test('a new account gets its password and name, its address is proved, and it is a member', async () => {
    const { email, organizationId, groupId, token } = await invited();
    const { answer, audit, events } = await recording(app(), () =>
      accept({ token, password: PASSWORD, displayName: 'Ada' }),
    );
    expect([answer.problems, answer.payload]).toMatchObject([
      [],
      { step: 'COMPLETE', user: { displayName: 'Ada', status: 'ACTIVE' }, organization: { id: organizationId } },
    ]);
    expect(await membershipOf(email, organizationId)).toEqual([groupId]);
    expect(audit.map(({ action }) => action)).toEqual([
      'invitation.accepted',
      'organization.members-changed',
      'password.changed',
      'session.started',
      'user.organization-joined',
    ]);
    expect(events.map(({ type }) => type)).toContain('OrganizationMembersChanged');
    const [row] = await app().database.query(
      'select email_verified_at is not null as proved from users where email = $1',
      [email],
    );
    expect(row).toEqual({ proved: true });
    expect((await signIn(app(), email)).email).toBe(email);
  });

  test('an existing account joins without a password and signs in; one is refused', async () => {
    const { email, id } = await memberOf(app());
    const { organizationId, groupId, token } = await invited({ email });
    for (const more of [{ password: PASSWORD }, { displayName: 'Eve' }]) {
      const { answer, changed } = await changing(app(), () => accept({ token, ...more }));
      expect([answer.problems, changed]).toEqual([[['INVALID_VALUE', Object.keys(more)[0], null]], []]);
    }
    const { payload, problems } = await accept({ token });
    expect([problems, payload?.step, payload?.user?.id]).toEqual([[], 'COMPLETE', id]);
    expect(await membershipOf(email, organizationId)).toEqual([groupId]);
    expect((await accept({ token })).problems).toEqual([['TOKEN_USED', 'token', null]]);
  });

  test('an account that is in use waits for no invitation of its own any more', async () => {
    const email = address();
    const { data } = await cast().admin.send(CreateUserDocument, {
      input: { email, displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] },
    });
    const id = data.createUser?.user?.id ?? '';
    const { token } = await invited({ email });
    const stateOf = async () =>
      (await cast().admin.send(InvitationOfUserDocument, { id })).data.user?.invitation?.state ?? null;
    expect(await stateOf()).toBe('PENDING');
    expect((await accept({ token, password: PASSWORD })).problems).toEqual([]);
    expect(await stateOf()).toBe('ACCEPTED');
  });

  test('the first proof of an address leaves the invitations that were mailed to it', async () => {
    const email = address();
    const { data } = await cast().admin.send(CreateUserDocument, {
      input: { email, displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID], password: PASSWORD },
    });
    expect(data.createUser).toMatchObject({ user: { status: 'ACTIVE' }, errors: [] });
    const [first, second] = [await invited({ email }), await invited({ email })];
    expect((await accept({ token: first.token })).problems).toEqual([]);
    expect(await statusOf(second.token)).toMatchObject({ state: 'VALID' });
    expect((await accept({ token: second.token })).problems).toEqual([]);
    expect(await membershipOf(email, second.organizationId)).toEqual([second.groupId]);
  });

  test('whoever has a second factor is asked for it', async () => {
    const { email } = await memberOf(app());
    await enrol(app(), await signIn(app(), email));
    const { organizationId, groupId, token } = await invited({ email });
    const { payload } = await accept({ token });
    expect(payload).toMatchObject({ step: 'MFA_REQUIRED', tokens: null, user: null });
    expect(await membershipOf(email, organizationId)).toEqual([groupId]);
  });

  test.each([
    ['new', async () => address(), PASSWORD],
    ['existing', async () => (await memberOf(app())).email, null],
  ])('of 50 tries at once by a %s account one succeeds', async (_case, makeEmail, password) => {
    const { token, email, organizationId, groupId } = await invited({ email: await makeEmail() });
    const answers = await inParallel(50, () => accept({ token, password }));
    expect(answers.filter(({ payload }) => payload?.step === 'COMPLETE')).toHaveLength(1);
    expect(await membershipOf(email, organizationId)).toEqual([groupId]);
  });

  test('a new account needs a password that keeps the rules', async () => {
    const { token } = await invited();
    expect((await accept({ token })).problems).toEqual([['REQUIRED', 'password', null]]);
    const weak = await accept({ token, password: 'short' });
    expect([weak.problems, weak.payload?.violations]).toEqual([[['WEAK_PASSWORD', 'password', null]], ['MIN_LENGTH']]);
    expect((await statusOf(token))?.state).toBe('VALID');
  });

  test.each([
    ['disabled', `status = 'DISABLED'`],
    ['locked by somebody', `locked_until = now() + interval '100 years', status_reason = 'Because'`],
  ])('an account that is %s is refused, and stays out', async (_case, change) => {
    const { email, id } = await memberOf(app());
    const { organizationId, token } = await invited({ email });
    await app().database.query(`update users set ${change} where id = $1`, [id]);
    const { answer, changed } = await changing(app(), () => accept({ token }));
    expect([answer.problems, changed]).toEqual([[['TOKEN_INVALID', 'token', null]], []]);
    expect(await membershipOf(email, organizationId)).toEqual([]);
  });

  test('a link to a former address, one that was not mailed, and one of a deleted organization are of no use', async () => {
    const moved = await memberOf(app());
    const first = await invited({ email: moved.email });
    await app().database.query(`update identifiers set value = $2 where user_id = $1`, [moved.id, address()]);
    expect((await accept({ token: first.token })).problems).toEqual([['TOKEN_INVALID', 'token', null]]);
    const unmailed = await invited({ email: (await memberOf(app())).email });
    await app().database.query(`update messages set state = 'NOT_CONFIGURED' where recipient = $1`, [unmailed.email]);
    expect((await accept({ token: unmailed.token })).problems).toEqual([['TOKEN_INVALID', 'token', null]]);
    const deleted = await invited();
    await app().database.query('delete from organizations where id = $1', [deleted.organizationId]);
    const gone = await accept({ token: deleted.token, password: PASSWORD });
    expect(gone.problems).toEqual([['TOKEN_INVALID', 'token', null]]);
  });

  test('the operation that sets passwords does not take it; an invitation to an account alone joins nothing', async () => {
    const { token } = await invited();
    const { data } = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: PASSWORD } });
    expect(problemsOf(data?.setPasswordWithToken?.errors)).toEqual([['TOKEN_INVALID', 'token', null]]);
    const email = address();
    await cast().admin.run('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', {
      input: { email, displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] },
    });
    const answer = await accept({ token: await linkTokenOf(app(), email, 'invite'), password: PASSWORD });
    expect(answer.payload).toMatchObject({ step: 'COMPLETE', organization: null });
  });

  describe('an offer of somebody who', () => {
    const INVITER = ['assign:organizations', 'assign:groups', 'create:users', 'view:users'];
    const offered = async () => {
      const organizationId = await makeOrganization(app());
      const inviter = await holderWithin(app(), organizationId, INVITER);
      const groupId = await makeGroup(app(), unique('Offered'), ['view:users'], 'LISTED');
      const email = address();
      const { problems } = await invite(inviter, { organizationId, email, groupIds: [groupId] });
      expect(problems).toEqual([]);
      return { organizationId, inviter, groupId, email, token: await tokenFor(email) };
    };

    test.each([
      ['was disabled', `update users set status = 'DISABLED' where id = $1`],
      ['was deleted', 'delete from users where id = $1'],
      ['has left their group', 'delete from memberships where user_id = $1'],
    ])('%s is void', async (_case, change) => {
      const { organizationId, inviter, email, token } = await offered();
      await app().database.query(change, [inviter.id]);
      const { answer, changed } = await changing(app(), () => accept({ token, password: PASSWORD }));
      expect([answer.problems, changed]).toEqual([[['TOKEN_INVALID', 'token', null]], []]);
      expect(await membershipOf(email, organizationId)).toEqual([]);
    });

    test('could not give what the group holds by now is void, and good again when it holds less', async () => {
      const { organizationId, groupId, email, token } = await offered();
      const set = (permissions: readonly string[]) =>
        cast().admin.run<{ setGroupPermissions: { errors: unknown[] } }>(
          `mutation ($input: SetGroupPermissionsInput!) { setGroupPermissions(input: $input) { errors { code } } }`,
          {
            input: {
              id: groupId,
              permissions: permissions.map((one) => ({ action: one.split(':')[0], resource: one.split(':')[1] })),
            },
          },
        );
      expect((await set(['view:users', 'delete:users'])).data?.setGroupPermissions.errors).toEqual([]);
      expect((await accept({ token, password: PASSWORD })).problems).toEqual([['TOKEN_INVALID', 'token', null]]);
      expect(await membershipOf(email, organizationId)).toEqual([]);
      expect((await set(['view:users'])).data?.setGroupPermissions.errors).toEqual([]);
      expect((await accept({ token, password: PASSWORD })).problems).toEqual([]);
      expect(await membershipOf(email, organizationId)).toEqual([groupId]);
    });
  });

  test('a group that is gone is left out', async () => {
    const { email, organizationId, groupId, token } = await invited();
    await app().database.query('delete from groups where id = $1', [groupId]);
    expect((await accept({ token, password: PASSWORD })).problems).toEqual([]);
    expect(await membershipOf(email, organizationId)).toEqual([null]);
  });
});
