import { describe, expect, test } from 'vitest';
import { CreateUserDocument, ResendInviteDocument, RetryMailDocument } from '../../../generated/client/graphql.ts';
import type { MessageId, UserId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { addFailedMail, linkTokenOf, messagesTo } from '../../support/messages.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('retryMail', () => {
  const app = useTestApp();
  const cast = useCast(app);

  const failed = async (expiresInSeconds?: number): Promise<{ id: MessageId; recipient: string; userId: string }> => {
    const recipient = `${unique('retried')}@example.com`;
    const userId = await somebody(app());
    const expiry =
      expiresInSeconds === undefined
        ? {}
        : { expiresAt: new Date(app().clock.now().getTime() + expiresInSeconds * 1000) };
    return { id: await addFailedMail(app(), { recipient, userId, ...expiry }), recipient, userId };
  };
  const retry = (id: string, idempotencyKey?: string, actor = cast().support) =>
    actor.send(RetryMailDocument, { input: { id, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) } });
  const codesOf = async (id: string): Promise<readonly string[]> => {
    const { data } = await retry(id);
    expect(data.retryMail?.mailDelivery ?? null).toBeNull();
    return data.retryMail?.errors.map(({ code }) => code) ?? [];
  };

  test('sends the same content anew as a row of its own, and leaves the failed one as it was', async () => {
    const { id, recipient, userId } = await failed();
    const { answer, audit, events } = await recording(app(), () => retry(id));
    expect(answer.errors).toEqual([]);
    expect(answer.data.retryMail).toMatchObject({
      mailDelivery: { template: 'reset', recipient, state: 'SENT', attempts: 1, previous: { id, state: 'FAILED' } },
      errors: [],
    });
    const made = answer.data.retryMail?.mailDelivery?.id ?? '';
    expect(made).not.toBe(id);
    expect(await linkTokenOf(app(), recipient, 'reset')).toBe('ght_sesame');
    expect((await messagesTo(app(), recipient)).map(({ state }) => state)).toEqual(['FAILED', 'SENT']);
    expect(audit).toMatchObject([
      {
        action: 'mail.retried',
        result: 'SUCCESS',
        target: { type: 'Message', id: made, label: recipient },
        metadata: { template: 'reset', previousId: id, userId },
      },
    ]);
    expect(JSON.stringify(audit)).not.toContain('ght_');
    expect(events).toEqual([]);
  });

  test('of 50 at once exactly one sends', async () => {
    const { id, recipient } = await failed();
    const answers = await inParallel(50, () => retry(id));
    const outcomes = answers.map(({ data }) => data.retryMail?.errors[0]?.code ?? data.retryMail?.mailDelivery?.state);
    expect(outcomes.filter((outcome) => outcome === 'SENT')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'MAIL_NOT_RETRYABLE')).toHaveLength(49);
    expect(app().services.inbox.messages.filter((message) => message.recipient === recipient)).toHaveLength(1);
  });

  test('with an idempotency key answers a repetition as the first time, and refuses the key for another message', async () => {
    const { id, recipient } = await failed();
    const first = await retry(id, 'key-1');
    const second = await retry(id, 'key-1');
    expect(second.data.retryMail?.mailDelivery?.id).toBe(first.data.retryMail?.mailDelivery?.id);
    expect(second.data.retryMail?.errors).toEqual([]);
    expect(await messagesTo(app(), recipient)).toHaveLength(2);
    const other = await failed();
    expect((await retry(other.id, 'key-1')).code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('repeats a message that had no transport, once there is one', async () => {
    const { id } = await failed();
    await app().database.query(`update messages set state = 'NOT_CONFIGURED' where id = $1`, [id]);
    expect((await retry(id)).data.retryMail?.mailDelivery?.state).toBe('SENT');
  });

  test('refuses what was sent, waits, is past its life, was repeated, or has lost its content', async () => {
    const sent = await failed();
    await app().database.query(`update messages set state = 'SENT', sealed_variables = null where id = $1`, [sent.id]);
    const waiting = await failed();
    await app().database.query(`update messages set state = 'QUEUED', next_attempt_at = now() where id = $1`, [
      waiting.id,
    ]);
    const expired = await failed(60);
    const repeated = await failed();
    await retry(repeated.id);
    const emptied = await failed();
    await app().database.query('update messages set sealed_variables = null where id = $1', [emptied.id]);
    const moved = await failed();
    await app().database.query(
      'update messages m set sealed_variables = o.sealed_variables from messages o where m.id = $1 and o.id = $2',
      [moved.id, expired.id],
    );
    app().clock.advance(60);
    for (const { id } of [sent, waiting, expired, repeated, emptied, moved]) {
      const { answer, changed } = await changing(app(), () => codesOf(id));
      expect([answer, changed]).toEqual([['MAIL_NOT_RETRYABLE'], []]);
    }
  });

  test('refuses the mail of an invitation that another one replaced, repeated by hand or not: its link is dead', async () => {
    const { admin } = cast();
    const invite = async (): Promise<{ userId: string; mail: MessageId }> => {
      const email = `${unique('invited')}@example.com`;
      const input = { email, displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID] };
      const userId = (await admin.send(CreateUserDocument, { input })).data.createUser?.user?.id ?? '';
      const mail = await addFailedMail(app(), { recipient: email, userId: userId as UserId });
      await app().database.query(`update messages set template = 'invite' where id = $1`, [mail]);
      await app().database.query('update invitations set message_id = $2 where user_id = $1', [userId, mail]);
      return { userId, mail };
    };
    const [open, replaced, repeated] = [await invite(), await invite(), await invite()];
    const again = (await retry(repeated.mail, undefined, admin)).data.retryMail?.mailDelivery?.id ?? '';
    await app().database.query(`update messages set state = 'FAILED', sealed_variables = 'kept' where id = $1`, [
      again,
    ]);
    app().clock.advance(61);
    for (const { userId } of [replaced, repeated]) await admin.send(ResendInviteDocument, { input: { userId } });
    expect((await retry(open.mail, undefined, admin)).data.retryMail?.mailDelivery).toMatchObject({ state: 'SENT' });
    for (const id of [replaced.mail, again]) {
      const { data } = await retry(id, undefined, admin);
      expect(data.retryMail).toMatchObject({ mailDelivery: null, errors: [{ code: 'MAIL_NOT_RETRYABLE' }] });
    }
  });

  test('treats missing, hidden and text messages alike', async () => {
    const { id } = await failed();
    const narrow = await holderOf(app(), ['view:mail', 'retry:mail']);
    const hidden = await retry(id, undefined, narrow);
    const missing = await retry('01890000-0000-7000-8000-000000000000', undefined, narrow);
    const malformed = await retry('nothing', undefined, narrow);
    for (const { data } of [hidden, missing, malformed]) {
      expect(data.retryMail).toMatchObject({
        mailDelivery: null,
        errors: [{ code: 'TARGET_NOT_FOUND', field: ['id'] }],
      });
    }
    await app().database.query(`update messages set channel = 'SMS' where id = $1`, [id]);
    expect(await codesOf(id)).toEqual(['TARGET_NOT_FOUND']);
  });

  test('is refused without retry:mail, and nothing changes', async () => {
    const { id } = await failed();
    const viewer = await holderOf(app(), ['view:mail', 'view:users']);
    const { answer, changed } = await changing(app(), () => retry(id, undefined, viewer));
    expect([answer.code, changed]).toEqual(['FORBIDDEN', []]);
  });
});
