import { describe, expect, test } from 'vitest';
import { OrganizationInvitationsDocument } from '../../../generated/client/graphql.ts';
import { type InvitationId, newId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, PASSWORD } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { invitationsOf } from '../../support/organization-invitations.ts';
import { holderWithin, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);
const { invite, accept, revoke, tokenFor, statusOf, address, group, invited, membershipOf } = invitationsOf(app, cast);

describe('inviteToOrganization', () => {
  test('an unknown address gets an account that waits, and a mail; membership only by acceptance', async () => {
    const organizationId = await makeOrganization(app(), { name: 'Acme North' });
    const [groupId, email] = [await group(), address()];
    const { answer, audit } = await recording(app(), () =>
      invite(cast().admin, { organizationId, email, displayName: 'Ada', groupIds: [groupId] }),
    );
    expect([answer.problems, answer.payload]).toMatchObject([
      [],
      {
        invitation: { state: 'PENDING', email, organization: { id: organizationId }, groups: [{ id: groupId }] },
        inviteEmail: { template: 'organization-invite', recipient: email, state: 'SENT' },
        setupLink: null,
      },
    ]);
    expect(audit.map(({ action }) => action)).toEqual(['invitation.sent', 'user.created']);
    expect(await membershipOf(email, organizationId)).toEqual([]);
    const [mail] = await messagesTo(app(), email);
    const captured = mail === undefined ? null : app().services.inbox.find(mail.id);
    expect(captured?.variables).toMatchObject({
      organizationName: 'Acme North',
      groupNames: expect.stringContaining('Group'),
    });
    expect(await statusOf(await tokenFor(email))).toMatchObject({
      state: 'VALID',
      kind: 'INVITE',
      passwordNeeded: true,
    });
  });

  test('a known account gets an invitation and no other account', async () => {
    const { email } = await memberOf(app());
    const { token } = await invited({ email });
    expect(await statusOf(token)).toMatchObject({ state: 'VALID', kind: 'INVITE', passwordNeeded: false });
    expect(await app().database.query('select from users where email = $1', [email])).toHaveLength(1);
  });

  test('a newer invitation of the same person into the organization replaces the older; others stay', async () => {
    const first = await invited();
    const elsewhere = await invited({ email: first.email });
    const second = await invited(first);
    const state = async (token: string) => (await statusOf(token))?.state;
    expect([await state(first.token), await state(elsewhere.token), await state(second.token)]).toEqual([
      'USED',
      'VALID',
      'VALID',
    ]);
    const { data } = await cast().admin.send(OrganizationInvitationsDocument, { id: first.organizationId });
    expect(data?.organization?.invitations?.nodes).toMatchObject([
      { id: second.id, state: 'PENDING', previous: { id: first.id } },
      { id: first.id, state: 'SUPERSEDED', previous: null },
    ]);
  });

  test('the same key answers the same and mails once', async () => {
    const input = {
      organizationId: await makeOrganization(app()),
      email: address(),
      groupIds: [await group()],
      idempotencyKey: unique('key'),
    };
    const answers = [await invite(cast().admin, input), await invite(cast().admin, input)];
    expect(answers[0]?.invitation?.id).toBe(answers[1]?.invitation?.id);
    expect(await messagesTo(app(), input.email)).toHaveLength(1);
  });

  test.each([
    ['no address', { email: 'nobody' }, ['INVALID_EMAIL', 'email', null]],
    ['no groups', { groupIds: [] }, ['NO_GROUPS_LEFT', 'groupIds', null]],
    ['a group that is none', { groupIds: ['x'] }, ['TARGET_NOT_FOUND', 'groupIds', 'x']],
    ['an organization that is none', { organizationId: 'x' }, ['TARGET_NOT_FOUND', 'organizationId', 'x']],
    ['a name that is too long', { displayName: 'x'.repeat(101) }, ['TOO_LONG', 'displayName', null]],
  ])('refuses %s', async (_case, change, problem) => {
    const input = { organizationId: await makeOrganization(app()), email: address(), groupIds: [await group()] };
    const { answer, changed } = await changing(app(), () => invite(cast().admin, { ...input, ...change }));
    expect([answer.problems, changed]).toEqual([[problem], []]);
  });

  test('refuses members and closed accounts', async () => {
    const organizationId = await makeOrganization(app());
    const groupIds = [await group()];
    const { email } = await memberOf(app(), organizationId);
    const member = await invite(cast().admin, { organizationId, email, groupIds });
    expect(member.problems).toEqual([['ALREADY_MEMBER', 'email', null]]);
    const closed = await memberOf(app());
    await app().database.query(`update users set status = 'DISABLED' where id = $1`, [closed.id]);
    const refused = await invite(cast().admin, { organizationId, email: closed.email, groupIds });
    expect(refused.problems).toEqual([['EMAIL_IN_USE', 'email', null]]);
  });

  test('takes the right to add members; without create:users unknown and hidden addresses are refused alike', async () => {
    const [own, foreign] = [await makeOrganization(app()), await makeOrganization(app())];
    const below = await makeOrganization(app(), { parentId: own });
    const groupId = await group();
    const rights = ['assign:organizations', 'assign:groups', 'view:users', 'view:organizations'];
    const inviter = await holderWithin(app(), own, rights);
    const maker = await holderWithin(app(), own, [...rights, 'create:users']);
    const hidden = await memberOf(app(), foreign);
    const input = { organizationId: below, groupIds: [groupId] };
    const refusals = await Promise.all(
      [address(), hidden.email].map(async (email) => {
        const { answer, changed } = await changing(app(), () => invite(inviter, { ...input, email }));
        return [answer.code, answer.errors[0]?.extensions.missing, answer.errors[0]?.message, changed];
      }),
    );
    expect(refusals[0]).toEqual(['FORBIDDEN', ['create:users'], expect.any(String), []]);
    expect(refusals[1]).toEqual(refusals[0]);
    const seen = await memberOf(app(), own);
    expect((await invite(inviter, { ...input, email: seen.email })).problems).toEqual([]);
    for (const email of [address(), hidden.email]) {
      expect((await invite(maker, { ...input, email })).problems).toEqual([]);
    }
    expect((await invite(maker, { organizationId: foreign, email: address(), groupIds: [groupId] })).problems).toEqual([
      ['TARGET_NOT_FOUND', 'organizationId', foreign],
    ]);
    const stronger = await makeGroup(app(), unique('Stronger'), ['delete:users'], 'LISTED');
    const exceeding = await invite(maker, { ...input, email: address(), groupIds: [stronger] });
    expect(exceeding.problems).toEqual([['EXCEEDS_OWN_PERMISSIONS', 'groupIds', stronger]]);
    const oneself = await invite(maker, { ...input, email: maker.email });
    expect(oneself.problems).toEqual([['SELF_ESCALATION', 'email', maker.id]]);
  });
});

describe('revokeInvitation', () => {
  test('the link works no more; of 20 tries at once one takes it back', async () => {
    const { id, token } = await invited();
    const { answer: answers, audit } = await recording(app(), () => inParallel(20, () => revoke(cast().admin, id)));
    expect(answers.filter(({ invitation }) => invitation?.state === 'REVOKED')).toHaveLength(1);
    expect(answers.flatMap(({ problems }) => problems)).toEqual(
      Array.from({ length: 19 }, () => ['INVITATION_NOT_PENDING', 'id', null]),
    );
    expect(audit.map(({ action }) => action)).toEqual(['invitation.revoked']);
    expect((await accept({ token, password: PASSWORD })).problems).toEqual([['TOKEN_USED', 'token', null]]);
  });

  test('one out of sight looks like a missing one; one in sight takes the permission; an accepted one is over', async () => {
    const own = await makeOrganization(app());
    const [mine, hidden] = [await invited({ organizationId: own }), await invited()];
    const holder = await holderWithin(app(), own, ['assign:organizations']);
    const reader = await holderWithin(app(), own, ['view:organizations', 'create:users']);
    for (const id of [hidden.id, newId<InvitationId>(), 'x']) {
      expect((await revoke(holder, id)).problems).toEqual([['TARGET_NOT_FOUND', 'id', id]]);
    }
    expect((await revoke(reader, mine.id)).code).toBe('FORBIDDEN');
    expect((await revoke(holder, mine.id)).problems).toEqual([]);
    const accepted = await invited();
    await accept({ token: accepted.token, password: PASSWORD });
    expect((await revoke(cast().admin, accepted.id)).problems).toEqual([['INVITATION_NOT_PENDING', 'id', null]]);
  });
});

describe('Organization.invitations', () => {
  test('newest first, by state, in pages; with view:organizations there alone', async () => {
    const organizationId = await makeOrganization(app());
    const all: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      app().clock.advance(1);
      all.unshift((await invited({ organizationId })).id);
    }
    await revoke(cast().admin, all[1] ?? '');
    const { admin } = cast();
    const page = async (more: object, actor = admin) =>
      (await actor.send(OrganizationInvitationsDocument, { id: organizationId, ...more })).data?.organization
        ?.invitations;
    const first = await page({ first: 2 });
    expect([first?.nodes.map(({ id }) => id), first?.totalCount]).toEqual([all.slice(0, 2), 3]);
    const rest = await page({ first: 2, after: first?.pageInfo.endCursor });
    expect(rest?.nodes.map(({ id }) => id)).toEqual(all.slice(2));
    expect((await page({ stateIn: ['REVOKED'] }))?.nodes.map(({ id }) => id)).toEqual([all[1]]);
    expect((await page({ stateIn: [] }))?.nodes).toEqual([]);
    const member = await holderWithin(app(), organizationId, []);
    const refused = await member.send(OrganizationInvitationsDocument, { id: organizationId });
    expect(refused.code).toBe('FORBIDDEN');
  });
});

describe('where nothing can be mailed', () => {
  const silent = useTestApp({ settings: { 'mail.transport': 'none' } });

  test('the link is given for an account that the call made, and for no other', async () => {
    const { admin } = await silent().cast();
    const organizationId = await makeOrganization(silent());
    const groupIds = [await makeGroup(silent(), unique('Group'), [], 'LISTED')];
    const email = address();
    const made = await invite(admin, { organizationId, email, groupIds });
    expect([made.payload?.inviteEmail?.state, made.payload?.setupLink]).toEqual([
      'NOT_CONFIGURED',
      expect.stringContaining('/account/invite#token='),
    ]);
    const boss = `${unique('boss')}@example.com`;
    await makePerson(silent(), { email: boss, groupIds: [ADMINISTRATORS_GROUP_ID] });
    const elsewhere = await makeOrganization(silent());
    for (const [place, known] of [
      [organizationId, boss],
      [elsewhere, email],
    ] as const) {
      const again = await invite(admin, { organizationId: place, email: known, groupIds });
      expect([again.problems, again.payload?.inviteEmail?.state, again.payload?.setupLink]).toEqual([
        [],
        'NOT_CONFIGURED',
        null,
      ]);
    }
  });
});
