import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  InvitationOfUserDocument,
  RequestPasswordResetDocument,
  ResendInviteDocument,
  SetPasswordWithTokenDocument,
  TokenStatusDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique } from '../../support/holder.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import { useTestApp } from '../../support/test-app.ts';

const PASSWORD = 'seven green umbrellas';
const day = 86_400;

describe('resendInvite by mail', () => {
  const app = useTestApp();
  const invite = async (contact: 'email' | 'username' = 'email') => {
    const { admin } = await app().cast();
    const name = unique('invited');
    const address = contact === 'email' ? { email: `${name}@example.com` } : { username: name };
    const input = { ...address, displayName: 'I', groupIds: [MEMBERS_GROUP_ID] };
    const payload = (await admin.send(CreateUserDocument, { input })).data.createUser;
    return { admin, id: payload?.user?.id ?? '', email: payload?.user?.email ?? '', payload };
  };
  const state = async (token: string) =>
    (await app().anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state;

  test('sends a new link to the address, shows it to nobody, and keeps the row before', async () => {
    const { admin, id, email } = await invite();
    const first = await linkTokenOf(app(), email, 'invite');
    app().clock.advance(60);
    const { answer, audit } = await recording(app(), () => admin.send(ResendInviteDocument, { input: { userId: id } }));
    const payload = answer.data.resendInvite;
    const now = app().clock.now().getTime();
    expect(payload).toMatchObject({
      user: { id, status: 'INVITED' },
      invitation: {
        state: 'PENDING',
        email,
        createdAt: new Date(now).toISOString(),
        expiresAt: new Date(now + 7 * day * 1000).toISOString(),
        acceptedAt: null,
        groups: [{ name: 'Members' }],
        invitedBy: { id: admin.id },
        mail: { template: 'invite', recipient: email, state: 'SENT' },
        previous: { state: 'SUPERSEDED' },
      },
      inviteEmail: { template: 'invite', recipient: email, state: 'SENT', attempts: 1, failure: null },
      setupLink: null,
      retryAfterSeconds: null,
      errors: [],
    });
    const second = await linkTokenOf(app(), email, 'invite');
    expect([await state(first), await state(second)]).toEqual(['USED', 'VALID']);
    expect(audit.map(({ action }) => action)).toEqual(['invitation.resent']);
    expect(JSON.stringify([answer, audit])).not.toContain(second);
  });

  test('within a minute sends nothing, changes nothing, and says how long to wait', async () => {
    const { admin, id, email } = await invite();
    const token = await linkTokenOf(app(), email, 'invite');
    app().clock.advance(20);
    const input = { userId: id, idempotencyKey: 'too soon' };
    const { answer, changed } = await changing(app(), () => admin.send(ResendInviteDocument, { input }));
    expect(answer.data.resendInvite).toMatchObject({
      user: { id },
      invitation: { state: 'PENDING', previous: null },
      inviteEmail: { state: 'SENT' },
      setupLink: null,
      retryAfterSeconds: 40,
      errors: [],
    });
    expect(changed).toEqual([]);
    expect(await state(token)).toBe('VALID');
    app().clock.advance(40);
    // The refused request did not use the key up.
    const { data } = await admin.send(ResendInviteDocument, { input });
    expect(data.resendInvite).toMatchObject({ retryAfterSeconds: null, errors: [] });
    expect(await messagesTo(app(), email)).toHaveLength(2);
  });

  test('sends one mail when ten people press at once', async () => {
    const { admin, id, email } = await invite();
    app().clock.advance(60);
    const answers = await inParallel(10, () => admin.send(ResendInviteDocument, { input: { userId: id } }));
    const waits = answers.map(({ data }) => data.resendInvite?.retryAfterSeconds ?? 0);
    expect(waits.toSorted((left, right) => left - right)).toEqual([0, ...Array.from({ length: 9 }, () => 60)]);
    expect(await messagesTo(app(), email)).toHaveLength(2);
    expect(await state(await linkTokenOf(app(), email, 'invite'))).toBe('VALID');
  });

  test('does not wait after a mail that was given up', async () => {
    const { admin, id, email } = await invite();
    await app().database.query(`update messages set state = 'FAILED', failure = '550 no' where recipient = $1`, [
      email,
    ]);
    const { data } = await admin.send(ResendInviteDocument, { input: { userId: id } });
    expect(data.resendInvite).toMatchObject({ inviteEmail: { state: 'SENT' }, retryAfterSeconds: null, errors: [] });
  });

  test('with one idempotency key answers as the first time, and sends nothing', async () => {
    const { admin, id, email } = await invite();
    app().clock.advance(60);
    const send = () => admin.send(ResendInviteDocument, { input: { userId: id, idempotencyKey: `key of ${id}` } });
    const first = await send();
    app().clock.advance(61);
    const { answer: again, audit } = await recording(app(), send);
    expect(again.data).toEqual(first.data);
    expect(audit).toEqual([]);
    expect(await messagesTo(app(), email)).toHaveLength(2);
    const { id: other } = await invite();
    const input = { userId: other, idempotencyKey: `key of ${id}` };
    expect((await admin.send(ResendInviteDocument, { input })).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('hands over the link of an account that has no address, each time', async () => {
    const { admin, id, payload } = await invite('username');
    expect(payload).toMatchObject({ inviteEmail: null, errors: [] });
    expect(payload?.setupLink).toMatch(/^http:\/\/localhost:4000\/account\/invite#token=ghi_/);
    const { data } = await admin.send(ResendInviteDocument, { input: { userId: id } });
    expect(data.resendInvite).toMatchObject({
      invitation: { state: 'PENDING', email: null, mail: null },
      inviteEmail: null,
      retryAfterSeconds: null,
    });
    const tokens = [payload?.setupLink, data.resendInvite?.setupLink].map((link) => link?.split('#token=')[1] ?? '');
    expect(await Promise.all(tokens.map(state))).toEqual(['USED', 'VALID']);
  });
});

describe('User.invitation and User.inviteEmail', () => {
  const app = useTestApp();
  const facts = async (id: string) => {
    const { admin } = await app().cast();
    return (await admin.send(InvitationOfUserDocument, { id })).data.user;
  };
  const invite = async (email: string) => {
    const { admin } = await app().cast();
    const input = { email, displayName: 'I', groupIds: [MEMBERS_GROUP_ID] };
    return (await admin.send(CreateUserDocument, { input })).data.createUser?.user?.id ?? '';
  };

  test('tell what became of it: pending, accepted', async () => {
    const id = await invite('accepted@example.com');
    expect(await facts(id)).toMatchObject({ invitation: { state: 'PENDING', acceptedAt: null } });
    const token = await linkTokenOf(app(), 'accepted@example.com', 'invite');
    app().clock.advance(10);
    await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: PASSWORD } });
    expect(await facts(id)).toMatchObject({
      invitation: { state: 'ACCEPTED', acceptedAt: app().clock.now().toISOString() },
      inviteEmail: { template: 'invite', state: 'SENT' },
    });
  });

  test('tell that its time is over, that it was sent again by the person, and that it was taken back', async () => {
    const { admin } = await app().cast();
    const id = await invite('expired@example.com');
    app().clock.advance(7 * day);
    expect(await facts(id)).toMatchObject({ invitation: { state: 'EXPIRED' } });
    const email = 'expired@example.com';
    await app().anonymous().send(RequestPasswordResetDocument, { input: { email } });
    await app().services.resetRequests.run();
    expect(await facts(id)).toMatchObject({
      invitation: { state: 'PENDING', invitedBy: null, previous: { state: 'SUPERSEDED', previous: null } },
    });
    expect(admin.id).not.toBe(id);
  });

  test('follow a mail that was sent again by hand', async () => {
    const id = await invite('bounced@example.com');
    const [message] = await messagesTo(app(), 'bounced@example.com');
    await app().database.query(`update messages set state = 'FAILED', failure = '550 no' where id = $1`, [message?.id]);
    expect(await facts(id)).toMatchObject({ invitation: { mail: { state: 'FAILED', failure: '550 no' } } });
    await app().database.query(
      `insert into messages (id, channel, template, recipient, locale, user_id, state, attempts, previous_id, created_at, sent_at)
       select gen_random_uuid(), channel, template, recipient, locale, user_id, 'SENT', 1, id, created_at + interval '1 second', now()
       from messages where id = $1`,
      [message?.id],
    );
    expect(await facts(id)).toMatchObject({
      invitation: { mail: { state: 'SENT', failure: null } },
      inviteEmail: { state: 'SENT' },
    });
  });

  test('are null for somebody who was never invited, and refused without view:users', async () => {
    const { admin, member } = await app().cast();
    expect(await facts(member.id)).toMatchObject({ invitation: null, inviteEmail: null });
    const own = await member.run('{ viewer { user { invitation { id } inviteEmail { id } } } }');
    expect(own.errors.map(({ extensions }) => [extensions.code, extensions.missing])).toEqual([
      ['FORBIDDEN', ['view:users']],
      ['FORBIDDEN', ['view:users']],
    ]);
    const viewer = await holderOf(app(), ['view:users']);
    const { data } = await viewer.send(InvitationOfUserDocument, { id: admin.id });
    expect(data.user).toMatchObject({ id: admin.id, invitation: null });
  });

  test('cost four statements for a page of people, however many', async () => {
    const { admin } = await app().cast();
    const query = `{ users(first: 100) { nodes { invitation { id mail { state } previous { id } } inviteEmail { state } } } }`;
    await admin.run(query);
    const before = await statementsOf(app(), () => admin.run(query));
    for (let count = 1; count <= 5; count += 1) await invite(`page${count}@example.com`);
    const after = await statementsOf(app(), () => admin.run(query));
    expect(after.answer.errors).toEqual([]);
    expect(after.statements).toBe(before.statements);
    expect(after.statements).toBeLessThanOrEqual(2 + 4);
  });
});
