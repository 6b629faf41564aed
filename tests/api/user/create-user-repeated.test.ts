import { describe, expect, test } from 'vitest';
import { CreateUserDocument, type CreateUserInput, DeleteUsersDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import type { Actor } from '../../support/cast.ts';
import { inParallel, recording } from '../../support/evidence.ts';
import { holderOf } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const GOOD = { displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] };
const create = (actor: Actor, input: Partial<CreateUserInput>) =>
  actor.send(CreateUserDocument, { input: { ...GOOD, ...input } });

describe('createUser, repeated', () => {
  const app = useTestApp();

  test('makes exactly one of twenty users with one address at once, on two replicas', async () => {
    const { admin } = await app().cast();
    const replica = await startTestApp({ beside: app() });
    const elsewhere = replica.anonymous(admin.headers);
    const { answer, audit, events } = await recording(app(), () =>
      inParallel(20, (index) =>
        (index % 2 === 0 ? admin : elsewhere).send(CreateUserDocument, {
          input: { ...GOOD, email: `Race@example.com` },
        }),
      ),
    );
    await replica.close();
    expect(answer.filter(({ data }) => data.createUser?.user != null)).toHaveLength(1);
    const refused = answer.flatMap(({ data }) => data.createUser?.errors ?? []);
    expect(refused).toHaveLength(19);
    for (const { code, field } of refused) expect([code, field]).toEqual(['EMAIL_IN_USE', ['email']]);
    expect(audit.map(({ action }) => action)).toEqual(['user.created']);
    expect(events.map(({ type }) => type)).toEqual(['UserRegistered']);
  });

  test('with one idempotency key answers as the first time, and sends nothing', async () => {
    const { admin } = await app().cast();
    const input = { email: 'once@example.com', idempotencyKey: 'first' };
    const first = await create(admin, input);
    expect(first.data.createUser).toMatchObject({ inviteEmail: { state: 'SENT' }, setupLink: null });
    const { answer: again, audit, events } = await recording(app(), () => create(admin, input));
    expect(again.data.createUser).toEqual(first.data.createUser);
    expect([audit, events]).toEqual([[], []]);
    expect(await messagesTo(app(), 'once@example.com')).toHaveLength(1);
    const stored = await app().database.query('select answer from idempotency_keys');
    expect(stored).toEqual([{ answer: { userId: first.data.createUser?.user?.id } }]);
  });

  test('tells the present state of the delivery, which may be another than at first', async () => {
    const { admin } = await app().cast();
    const input = { email: 'later@example.com', idempotencyKey: 'later' };
    const first = await create(admin, input);
    await app().database.query(
      `update messages set state = 'FAILED', failure = '550 no such user' where recipient = 'later@example.com'`,
    );
    expect((await create(admin, input)).data.createUser).toEqual({
      ...first.data.createUser,
      inviteEmail: { ...first.data.createUser?.inviteEmail, state: 'FAILED', failure: '550 no such user' },
    });
  });

  test.each([
    ['another name', { displayName: 'Eve' }],
    ['another address', { email: 'eve@example.com' }],
    ['a password', { password: 'seven green umbrellas' }],
  ])('refuses the key with %s, and makes nothing', async (_, change: Partial<CreateUserInput>) => {
    const { admin } = await app().cast();
    const input = { email: 'reused@example.com', idempotencyKey: 'reused' };
    await create(admin, input);
    const { answer, audit } = await recording(app(), () => create(admin, { ...input, ...change }));
    expect(answer.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(answer.data).toEqual({ createUser: null });
    expect(audit).toEqual([]);
  });

  test('keeps keys apart by actor, and forgets them after a day', async () => {
    const { admin } = await app().cast();
    const other = await holderOf(app(), ['create:users', 'view:users']);
    const key = { idempotencyKey: 'shared' };
    const first = await create(admin, { email: 'of.admin@example.com', ...key });
    const second = await create(other, { email: 'of.other@example.com', ...key });
    expect([first, second].map(({ data }) => data.createUser?.errors)).toEqual([[], []]);
    app().clock.advance(24 * 3600 - 1);
    const { admin: back } = await app().cast();
    expect((await create(back, { email: 'another@example.com', ...key })).code).toBe('IDEMPOTENCY_KEY_REUSED');
    app().clock.advance(1);
    expect((await create(back, { email: 'another@example.com', ...key })).data.createUser?.errors).toEqual([]);
  });

  test('makes one user of ten requests with one key at once, all with the same answer', async () => {
    const { admin } = await app().cast();
    const { answer, audit } = await recording(app(), () =>
      inParallel(10, () => create(admin, { email: 'ten@example.com', idempotencyKey: 'ten' })),
    );
    expect(new Set(answer.map(({ data }) => data.createUser?.user?.id)).size).toBe(1);
    expect(answer.flatMap(({ data }) => data.createUser?.errors ?? [])).toEqual([]);
    expect(answer.every(({ data }) => data.createUser?.setupLink == null)).toBe(true);
    expect(await messagesTo(app(), 'ten@example.com')).toHaveLength(1);
    expect(audit).toHaveLength(1);
  });

  test('does not keep the key of a refused request', async () => {
    const { admin } = await app().cast();
    const key = { idempotencyKey: 'retry' };
    const refused = await create(admin, { email: 'ten@example.com', ...key });
    expect(refused.data.createUser?.errors).toMatchObject([{ code: 'EMAIL_IN_USE' }]);
    const { data } = await create(admin, { email: 'eleven@example.com', ...key });
    expect(data.createUser?.errors).toEqual([]);
  });

  test('says so when the user of the first answer was deleted since', async () => {
    const { admin } = await app().cast();
    const input = { email: 'gone@example.com', idempotencyKey: 'gone' };
    const id = (await create(admin, input)).data.createUser?.user?.id ?? '';
    await admin.send(DeleteUsersDocument, { input: { ids: [id] } });
    const { data } = await create(admin, input);
    expect(data.createUser).toMatchObject({ user: null, errors: [{ code: 'TARGET_NOT_FOUND', targetId: id }] });
  });
});

describe('createUser, repeated where no mail is configured', () => {
  const app = useTestApp({ settings: { 'mail.transport': 'none' } });

  test('hands the set-up link out once, of ten requests with one key at once too', async () => {
    const { admin } = await app().cast();
    const input = { email: 'once@example.com', idempotencyKey: 'first' };
    const first = await create(admin, input);
    expect(first.data.createUser?.setupLink).toContain('/account/invite#token=ghi_');
    const again = await create(admin, input);
    expect(again.data.createUser).toEqual({ ...first.data.createUser, setupLink: null });
    const answers = await inParallel(10, () => create(admin, { email: 'ten@example.com', idempotencyKey: 'ten' }));
    expect(answers.filter(({ data }) => data.createUser?.setupLink != null)).toHaveLength(1);
    expect(answers.flatMap(({ data }) => data.createUser?.errors ?? [])).toEqual([]);
  });
});
