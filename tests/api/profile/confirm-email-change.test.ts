import { beforeEach, describe, expect, test } from 'vitest';
import {
  ChangePasswordDocument,
  DisableUsersDocument,
  LockUsersDocument,
  RefreshSessionDocument,
  SetPasswordWithTokenDocument,
  SignInDocument,
  UpdateUserDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { OneTimeTokenService } from '../../../src/services/one-time-token.service.ts';
import type { OneTimeTokenKind } from '../../../src/vocabulary.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import { recording, signInState, statementsOf } from '../../support/records.ts';
import { beginSession, isAlive } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';
import { confirmBy, makeMover, type Mover, requestBy, requested, stepOf, templatesTo } from './email-change-person.ts';

const app = useTestApp();
let mover: Mover;

beforeEach(async () => {
  mover = await makeMover(app());
});

const confirm = (token: string, client = app().anonymous()) => confirmBy(client, token);
const codesOf = async (answer: ReturnType<typeof confirm>) =>
  (await answer).data.confirmEmailChange?.errors.map(({ code }) => code);

const identifiersOf = (id: string) =>
  app().database.query<{ value: string; exclusive: boolean; verified: boolean }>(
    `select value, exclusive, verified_at is not null as verified from identifiers where user_id = $1 order by value`,
    [id],
  );

/** What a refusal leaves: everything as it was. */
const refused = async (token: string, client = app().anonymous()) => {
  const before = await signInState(app());
  const [answer, records] = await recording(app(), () => confirm(token, client));
  expect(answer.errors).toEqual([]);
  expect(records).toEqual({ audit: [], events: [] });
  expect(await signInState(app())).toEqual(before);
  expect(answer.data.confirmEmailChange?.email).toBeNull();
  return answer.data.confirmEmailChange?.errors;
};

const issue = async (kind: OneTimeTokenKind, context: Record<string, unknown> = {}): Promise<string> => {
  const expiresAt = new Date(app().clock.now().getTime() + 60_000);
  const facts = { kind, userId: mover.id, expiresAt, context };
  const tokens = new OneTimeTokenService(app());
  const { token } = await app().database.transaction((em) => tokens.issue(em, facts));
  return token.reveal();
};

describe('confirmEmailChange', () => {
  test('puts the new address in the place of the old one, as proved, and tells log, outbox and the old address', async () => {
    const { id, email, newEmail } = mover;
    const token = await requested(app(), mover);
    const [answer, { audit, events }] = await recording(app(), () => confirm(token, mover.actor));
    expect(answer.data.confirmEmailChange).toEqual({ email: newEmail, errors: [] });
    expect(audit).toMatchObject([
      { action: 'email.changed', result: 'SUCCESS', actor_id: id, target_type: 'User', target_id: id, metadata: {} },
    ]);
    expect(events).toEqual([{ type: 'UserUpdated', payload: { userId: id } }]);
    expect(await identifiersOf(id)).toEqual([{ value: newEmail, exclusive: true, verified: true }]);
    const { data } = await mover.actor.send(ViewerDocument, {});
    expect(data.viewer?.user).toMatchObject({ id, email: newEmail });
    const [row] = await app().database.query('select email_verified_at, version from users where id = $1', [id]);
    expect(row).toMatchObject({ email_verified_at: expect.any(String), version: 2 });
    const notice = (await messagesTo(app(), email)).find(({ template }) => template === 'email-changed');
    expect(notice).toMatchObject({ userId: id, variables: { userName: 'Ada', newEmail } });
    expect(await templatesTo(app(), newEmail)).toEqual(['email-change']);
    expect([await stepOf(app(), email), await stepOf(app(), newEmail)]).toEqual(['FAILED', 'COMPLETE']);
    const [personal] = await app().database.query<{ changes: unknown }>(
      `select p.values->'changes' as changes from audit_personal_values p join audit_events e on e.id = p.event_id and e.at = p.at
       where e.action = 'email.changed' and e.target_id = $1`,
      [id],
    );
    expect(personal?.changes).toEqual([{ field: 'email', before: email, after: newEmail }]);
  });
  test('ends the other sessions of the owner, and all of them when somebody else follows the link', async () => {
    const other = await beginSession(app(), mover.email, { delivery: 'COOKIE' });
    const [answer, { audit, events }] = await recording(app(), async () =>
      confirm(await requested(app(), mover), mover.actor),
    );
    expect(answer.data.confirmEmailChange?.errors).toEqual([]);
    expect(audit.map(({ action }) => action)).toEqual(['email-change.requested', 'email.changed', 'session.ended']);
    expect(events.map(({ type, payload }) => [type, payload['reason']])).toEqual([
      ['SessionRevoked', 'CREDENTIALS_CHANGED'],
      ['UserUpdated', undefined],
    ]);
    expect([await isAlive(other.client), await isAlive(mover.actor)]).toEqual([false, true]);
    const stranger = await makeMover(app());
    app().clock.advance(60);
    const next = { ...mover, newEmail: `${unique('again')}@new.example` };
    expect(await codesOf(confirm(await requested(app(), next), stranger.actor))).toEqual([]);
    expect([await isAlive(mover.actor), await isAlive(stranger.actor)]).toEqual([false, true]);
    const { data } = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: mover.actor.refreshToken } });
    expect(data.refreshSession?.errors).toHaveLength(1);
  });

  test('lets open links, challenges and codes of the account die', async () => {
    const kinds: readonly OneTimeTokenKind[] = ['RESET', 'SIGN_IN_LINK', 'MFA', 'PASSWORD_CHANGE'];
    for (const kind of kinds) await issue(kind);
    await app().services.verifications.send({
      requester: 'network:192.0.2.1',
      purpose: 'SIGN_IN',
      form: 'CODE',
      channel: 'EMAIL',
      target: mover.email,
      recipient: { userId: mover.id, userName: 'Ada', locale: 'en' },
    });
    expect(await codesOf(confirm(await requested(app(), mover)))).toEqual([]);
    const open = await app().database.query(
      `select kind from one_time_tokens where user_id = $1 and used_at is null
       union all select purpose from verifications where user_id = $1 and used_at is null`,
      [mover.id],
    );
    expect(open).toEqual([]);
  });

  test('works for an account that had a user name only, and writes to nobody then', async () => {
    await app().database.query(`delete from identifiers where user_id = $1`, [mover.id]);
    await app().database.query(`update users set email = null, email_verified_at = null where id = $1`, [mover.id]);
    expect(await codesOf(confirm(await requested(app(), mover)))).toEqual([]);
    expect(await identifiersOf(mover.id)).toMatchObject([{ value: mover.newEmail }]);
    expect(await templatesTo(app(), mover.email)).not.toContain('email-changed');
    expect(await stepOf(app(), mover.newEmail)).toBe('COMPLETE');
  });

  test('writes to no old address that nobody proved or gave', async () => {
    await app().database.query(`update identifiers set exclusive = false, verified_at = null where user_id = $1`, [
      mover.id,
    ]);
    expect(await codesOf(confirm(await requested(app(), mover)))).toEqual([]);
    expect(await templatesTo(app(), mover.email)).not.toContain('email-changed');
  });

  test('frees the old address for others', async () => {
    await confirm(await requested(app(), mover));
    const id = await makePerson(app(), { email: mover.email });
    expect(await identifiersOf(id)).toMatchObject([{ value: mover.email, exclusive: true }]);
  });

  test('costs a bounded number of statements, however many sessions end', async () => {
    const few = await statementsOf(app(), async () => confirm(await issue('EMAIL_CHANGE', addressOf(mover.newEmail))));
    for (let count = 0; count < 5; count += 1) await signIn(app(), mover.newEmail);
    const next = `${unique('next')}@new.example`;
    const many = await statementsOf(app(), async () => confirm(await issue('EMAIL_CHANGE', addressOf(next))));
    expect(many).toBe(few);
    expect(few).toBeLessThanOrEqual(20);
  });
});

const addressOf = (value: string) => ({ shown: value, value });

describe('the token', () => {
  test('works once: exactly one of fifty at once succeeds', async () => {
    const token = await requested(app(), mover);
    const answers = await inParallel(50, () => codesOf(confirm(token)));
    expect(answers.filter((codes) => codes?.length === 0)).toHaveLength(1);
    expect(answers.flat()).toEqual(Array.from({ length: 49 }, () => 'TOKEN_USED'));
    expect(await refused(token)).toEqual([{ code: 'TOKEN_USED', field: ['token'] }]);
    expect((await templatesTo(app(), mover.email)).filter((name) => name === 'email-changed')).toHaveLength(1);
  });

  test('works for an hour', async () => {
    const [second, token] = [await makeMover(app()), await requested(app(), mover)];
    const late = await requested(app(), second);
    app().clock.advance(3599);
    expect(await codesOf(confirm(token))).toEqual([]);
    app().clock.advance(1);
    expect(await refused(late)).toEqual([{ code: 'TOKEN_EXPIRED', field: ['token'] }]);
  });

  test('of an older request is worthless', async () => {
    const older = await requested(app(), mover);
    app().clock.advance(60);
    const next = { ...mover, newEmail: `${unique('newer')}@new.example` };
    const newer = await requested(app(), next);
    expect(await refused(older)).toEqual([{ code: 'TOKEN_USED', field: ['token'] }]);
    expect((await confirm(newer)).data.confirmEmailChange?.email).toBe(next.newEmail);
  });

  test('is refused when it is malformed, shortened, unknown, or of another purpose', async () => {
    const token = await requested(app(), mover);
    const others = await Promise.all(
      (['RESET', 'INVITE', 'SIGN_IN_LINK', 'PASSWORD_CHANGE', 'MFA'] as const).map((kind) =>
        issue(kind, addressOf(mover.newEmail)),
      ),
    );
    for (const text of [
      '',
      token.slice(0, -1),
      token.slice(0, 17),
      token.toUpperCase(),
      `${token}0`,
      `${token} `,
      createToken('emailChange').token.reveal(),
      ...others,
      ...others.map((other) => `ghe_${other.slice(4)}`),
      mover.actor.refreshToken,
      mover.actor.accessToken,
      '\0'.repeat(66),
      'x'.repeat(100_000),
    ]) {
      expect(await refused(text)).toEqual([{ code: 'TOKEN_INVALID', field: ['token'] }]);
    }
    const swapped = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: 'violet harbour lantern' } });
    expect(swapped.data.setPasswordWithToken?.errors.map(({ code }) => code)).toEqual(['TOKEN_INVALID']);
    expect(await codesOf(confirm(token))).toEqual([]);
  });

  test('names account and address by itself: nothing beside it is taken', async () => {
    const token = await requested(app(), mover);
    for (const more of ['newEmail', 'email', 'userId', 'currentPassword']) {
      const { code } = await app()
        .anonymous()
        .run('mutation ($input: ConfirmEmailChangeInput!) { confirmEmailChange(input: $input) { email } }', {
          input: { token, [more]: 'eve@evil.example' },
        });
      expect([more, code]).toEqual([more, 'BAD_USER_INPUT']);
    }
    const eve = await makeMover(app());
    expect((await confirm(token, eve.actor)).data.confirmEmailChange?.email).toBe(mover.newEmail);
    expect(await identifiersOf(eve.id)).toMatchObject([{ value: eve.email }]);
  });

  test('dies when the account is locked or disabled, and when its password or address changes otherwise', async () => {
    const { admin } = await app().cast();
    const reason = 'matter of trust';
    const ends: readonly ((one: Mover) => Promise<unknown>)[] = [
      ({ id }) => admin.send(LockUsersDocument, { input: { ids: [id], reason } }),
      ({ id }) => admin.send(DisableUsersDocument, { input: { ids: [id], reason } }),
      ({ id, email }) => admin.send(UpdateUserDocument, { input: { id, email: `given.${email}` } }),
      ({ actor }) =>
        actor.send(ChangePasswordDocument, {
          input: { currentPassword: PASSWORD, newPassword: 'violet harbour lantern seven' },
        }),
    ];
    for (const end of ends) {
      const one = await makeMover(app());
      const token = await requested(app(), one);
      await end(one);
      expect(await refused(token)).toEqual([{ code: 'TOKEN_USED', field: ['token'] }]);
    }
  });

  test('of an account that was shut out without its tokens does nothing', async () => {
    const token = await requested(app(), mover);
    await app().database.query(`update users set status = 'DISABLED' where id = $1`, [mover.id]);
    expect(await refused(token)).toEqual([{ code: 'TOKEN_INVALID', field: ['token'] }]);
    await app().database.query(
      `update users set status = 'ACTIVE', status_reason = 'by hand', locked_until = '9999-01-01' where id = $1`,
      [mover.id],
    );
    expect(await refused(token)).toEqual([{ code: 'TOKEN_INVALID', field: ['token'] }]);
  });

  test('is tried once a request', async () => {
    const two = `mutation { a: confirmEmailChange(input: { token: "x" }) { email }
      b: confirmEmailChange(input: { token: "y" }) { email } }`;
    expect((await app().anonymous().run(two)).code).toBe('QUERY_TOO_COMPLEX');
  });
});

describe('an address that somebody proved meanwhile', () => {
  test('stays theirs; the token is not used up by that', async () => {
    const token = await requested(app(), mover);
    const holder = await makePerson(app(), { email: mover.newEmail });
    expect(await refused(token)).toEqual([{ code: 'EMAIL_IN_USE', field: ['token'] }]);
    expect(await identifiersOf(mover.id)).toMatchObject([{ value: mover.email, exclusive: true }]);
    await app().database.query('delete from users where id = $1', [holder]);
    expect(await codesOf(confirm(token))).toEqual([]);
  });

  test('is not taken by a link that was asked for while it was theirs', async () => {
    const holder = await makeMover(app());
    const answer = await requestBy(mover.actor, holder.email);
    expect(answer.data.requestEmailChange).toMatchObject({ pendingEmail: holder.email, errors: [] });
    await expect(linkTokenOf(app(), holder.email, 'email-change')).rejects.toThrow(
      `No email-change message with a link went to ${holder.email}.`,
    );
  });

  test('goes to exactly one of several who asked for it', async () => {
    const movers = [mover, await makeMover(app()), await makeMover(app())];
    const tokens: string[] = [];
    for (const one of movers) {
      expect((await requestBy(one.actor, mover.newEmail)).data.requestEmailChange?.errors).toEqual([]);
      tokens.push(await linkTokenOf(app(), mover.newEmail, 'email-change'));
    }
    expect(new Set(tokens).size).toBe(3);
    const answers = await Promise.all(tokens.map((token) => codesOf(confirm(token))));
    expect(answers.flat()).toEqual(['EMAIL_IN_USE', 'EMAIL_IN_USE']);
  });

  test('does not wait for a sign-up that proved nothing', async () => {
    const id = await makePerson(app(), { email: mover.newEmail });
    await app().database.query('update identifiers set exclusive = false, verified_at = null where user_id = $1', [id]);
    expect(await codesOf(confirm(await requested(app(), mover)))).toEqual([]);
    expect(await identifiersOf(id)).toEqual([{ value: mover.newEmail, exclusive: false, verified: false }]);
    const { data } = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: mover.newEmail, password: PASSWORD, delivery: 'BODY' } });
    expect(data.signIn?.user?.id).toBe(mover.id);
  });
});

test('no token is in the log, whatever was answered', async () => {
  app().log.length = 0;
  const token = await requested(app(), mover);
  await confirm(token.slice(0, -1));
  for (let time = 1; time <= 2; time += 1) await confirm(token);
  const text = app().log.join('\n');
  expect(text).toContain('ConfirmEmailChange');
  for (const part of [token, token.slice(17, 60), mover.newEmail]) expect(text).not.toContain(part);
});
