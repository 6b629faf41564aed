import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  RefreshSessionDocument,
  RevokeSessionsDocument,
  RevokeUserSessionsDocument,
  SignOutDocument,
} from '../../../generated/client/graphql.ts';
import { sql } from '../../../src/database/sql.ts';
import { newId, type SessionId, type UserId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makePerson } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { cookieOf } from '../../support/records.ts';
import { addSessions, beginSession, isAlive } from '../../support/sessions.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const person = async (groupIds = [MEMBERS_GROUP_ID]) => {
  const email = `${unique('person')}@revoke.example`;
  return { email, id: await makePerson(app(), { email, groupIds }) };
};

const revoke = async (client: TestClient, ids: readonly string[]) => {
  const { data, code } = await client.send(RevokeSessionsDocument, { input: { ids: [...ids] } });
  return { ...data?.revokeSessions, denied: code };
};

/** The codes and targets of a refusal. */
const problemsOf = async (client: TestClient, ids: readonly string[]) => {
  const { errors, sessions } = await revoke(client, ids);
  expect(sessions).toEqual([]);
  return errors?.map(({ code, field, targetId }) => ({ code, field, targetId }));
};

const refreshCode = async (refreshToken: string) => {
  const { data } = await app().anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
  return data.refreshSession?.errors[0]?.code ?? 'OK';
};

describe('revokeSessions', () => {
  test('ends them at once in every replica: by token, by cookie and to refresh; the others go on', async () => {
    const replica = await startTestApp({ beside: app() });
    const { email, id } = await person();
    const kept = await beginSession(app(), email);
    const bearer = await beginSession(app(), email);
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    for (const session of [bearer, browser]) expect(await isAlive(session.at(replica))).toBe(true);
    const now = app().clock.now().toISOString();
    const { answer, audit, events } = await recording(app(), () => revoke(kept.client, [browser.id, bearer.id]));
    expect(answer.errors).toEqual([]);
    expect(answer.sessions?.map((one) => [one.id, one.endedAt, one.endReason, one.current])).toEqual([
      [browser.id, now, 'REVOKED', false],
      [bearer.id, now, 'REVOKED', false],
    ]);
    for (const at of [replica, app()]) {
      for (const session of [bearer, browser]) expect(await isAlive(session.at(at))).toBe(false);
      expect(await isAlive(kept.at(at))).toBe(true);
    }
    expect(await refreshCode(bearer.refreshToken)).toBe('TOKEN_EXPIRED');
    expect(await refreshCode(kept.refreshToken)).toBe('OK');
    const ended = [bearer.id, browser.id].toSorted();
    expect(audit).toMatchObject(
      ended.map((sessionId) => ({
        action: 'session.ended',
        result: 'SUCCESS',
        actor: { type: 'User', id, label: email },
        target: { type: 'Session', id: sessionId, label: email },
        metadata: { reason: 'REVOKED', userId: id },
      })),
    );
    expect(events.map(({ type, payload }) => [type, payload])).toEqual(
      expect.arrayContaining(
        ended.map((sessionId) => ['SessionRevoked', { sessionId, userId: id, reason: 'REVOKED' }]),
      ),
    );
    expect(events).toHaveLength(2);
    await replica.close();
  });

  test('ends the very session it is sent in, and takes its cookie back', async () => {
    const { email } = await person();
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    const answer = await browser.client.send(RevokeSessionsDocument, { input: { ids: [browser.id] } });
    expect(answer.data.revokeSessions).toMatchObject({
      sessions: [{ id: browser.id, endReason: 'REVOKED', current: true }],
      errors: [],
    });
    expect(cookieOf(answer).value).toBe('');
    expect(await isAlive(browser.client)).toBe(false);
  });

  test('leaves a session that is over as it was, and repeats without another line in the log', async () => {
    const { email } = await person();
    const [gone, here] = [await beginSession(app(), email), await beginSession(app(), email)];
    await gone.client.send(SignOutDocument, { input: {} });
    const endedAt = app().clock.now().toISOString();
    app().clock.advance(1);
    const { answer, audit } = await recording(app(), () => revoke(here.client, [gone.id, gone.id]));
    expect(answer.errors).toEqual([]);
    expect(answer.sessions).toMatchObject([{ id: gone.id, endedAt, endReason: 'SIGNED_OUT' }]);
    expect(audit).toEqual([]);
  });

  test('takes 100 ids, and refuses 101 and none', async () => {
    const { email, id } = await person();
    const { client } = await beginSession(app(), email);
    const ids = await addSessions(app(), id, 101);
    expect(await problemsOf(client, ids)).toMatchObject([{ code: 'TOO_MANY_ITEMS', field: ['ids'] }]);
    expect(await problemsOf(client, [])).toMatchObject([{ code: 'REQUIRED', field: ['ids'] }]);
    const { answer, statements } = await statementsOf(app(), () => revoke(client, ids.slice(0, 100)));
    expect(answer.sessions?.map((one) => one.id)).toEqual(ids.slice(0, 100));
    expect(new Set(answer.sessions?.map((one) => one.endReason))).toEqual(new Set(['REVOKED']));
    // Who calls, whether others are concerned, lock, end, record.
    expect(statements).toBe(5);
    const open = await app().database.query<{ id: string }>(
      'select id from sessions where user_id = $1 and ended_at is null',
      [id],
    );
    expect(open).toHaveLength(2);
  });

  test('is all or nothing', async () => {
    const { email } = await person();
    const [one, other] = [await beginSession(app(), email), await beginSession(app(), email)];
    const unknown = newId<SessionId>();
    const { answer, changed } = await changing(app(), () => problemsOf(one.client, [other.id, unknown, one.id]));
    expect(answer).toEqual([{ code: 'TARGET_NOT_FOUND', field: ['ids'], targetId: unknown }]);
    expect(changed).toEqual([]);
    expect(await isAlive(other.client)).toBe(true);
  });

  test('tells a member the same of a session of somebody else as of none', async () => {
    const { email } = await person();
    const { email: victimEmail } = await person();
    const attacker = await beginSession(app(), email);
    const victim = await beginSession(app(), victimEmail);
    const asked = [victim.id, newId<SessionId>(), victim.id.toUpperCase(), 'nonsense', '', '\0', 'f'.repeat(500)];
    for (const id of asked) {
      const { answer, changed } = await changing(app(), () => revoke(attacker.client, [id]));
      expect(answer.denied).toBe('OK');
      expect(answer.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['ids'] }]);
      expect(answer.errors?.[0]?.targetId?.length).toBeLessThanOrEqual(100);
      expect(answer.errors?.[0]?.message).toBe(
        'An id inside the input names nothing visible to the caller; see `targetId`.',
      );
      expect(changed).toEqual([]);
    }
    expect(await isAlive(victim.client)).toBe(true);
  });

  test('of others needs revoke:sessions; whoever may only see them is told so', async () => {
    const { email } = await person();
    const target = await beginSession(app(), email);
    const seeing = await holderOf(app(), ['view:sessions', 'view:users']);
    const blind = await holderOf(app(), ['revoke:sessions']);
    const denied = await changing(app(), () => seeing.send(RevokeSessionsDocument, { input: { ids: [target.id] } }));
    expect([denied.answer.code, denied.answer.errors[0]?.extensions.missing]).toEqual([
      'FORBIDDEN',
      ['revoke:sessions'],
    ]);
    expect(denied.changed).toEqual([]);
    // Without view:users nobody else is there to be seen.
    expect(await problemsOf(blind, [target.id])).toMatchObject([{ code: 'TARGET_NOT_FOUND' }]);
    expect(await isAlive(target.client)).toBe(true);
    const { support } = cast();
    const { answer, audit } = await recording(app(), () => revoke(support, [target.id]));
    expect(answer.errors).toEqual([]);
    expect(audit).toMatchObject([{ actor: { id: support.id }, target: { id: target.id } }]);
    expect(await isAlive(target.client)).toBe(false);
  });

  test('spares whoever may do more than the caller: Support cannot throw an administrator out', async () => {
    const { email } = await person([ADMINISTRATORS_GROUP_ID]);
    const { email: memberEmail } = await person();
    const boss = await beginSession(app(), email);
    const other = await beginSession(app(), memberEmail);
    const { answer, changed } = await changing(app(), () => problemsOf(cast().support, [other.id, boss.id]));
    expect(answer).toEqual([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['ids'], targetId: boss.id }]);
    expect(changed).toEqual([]);
    for (const session of [boss, other]) expect(await isAlive(session.client)).toBe(true);
    expect((await revoke(cast().admin, [other.id, boss.id])).errors).toEqual([]);
    for (const session of [boss, other]) expect(await isAlive(session.client)).toBe(false);
  });

  test('counts what the caller may do now, not what they could when the request began', async () => {
    const { email } = await person();
    const target = await beginSession(app(), email);
    const holder = await holderOf(app(), ['revoke:sessions', 'view:users']);
    const { waiting } = await app().database.transaction(async (em) => {
      await sql(em, 'select epoch from permission_epoch for update');
      const request = revoke(holder, [target.id]);
      // It waits for the lock of access changes; meanwhile its right goes.
      await setTimeout(300);
      await sql(em, 'delete from memberships where group_id = $1', [holder.groupId]);
      return { waiting: request };
    });
    expect((await waiting).denied).toBe('FORBIDDEN');
    expect(await isAlive(target.client)).toBe(true);
  });

  test('ends once, with one line in the log, when fifty callers do it at once', async () => {
    const { email, id } = await person();
    const { client } = await beginSession(app(), email);
    const ids = await addSessions(app(), id, 5);
    const { answer, audit, events } = await recording(app(), () =>
      inParallel(50, (index) => revoke(client, index % 2 === 0 ? ids : ids.toReversed())),
    );
    expect(answer.flatMap(({ errors }) => errors)).toEqual([]);
    expect(answer.every(({ sessions }) => sessions?.every((one) => one.endReason === 'REVOKED'))).toBe(true);
    expect(audit.map(({ target }) => target.id)).toEqual(ids);
    expect(events).toHaveLength(5);
  });

  test('is refused to a session that was revoked itself, and to nobody', async () => {
    const { email } = await person();
    const [stale, other] = [await beginSession(app(), email), await beginSession(app(), email)];
    await revoke(other.client, [stale.id]);
    const { answer, changed } = await changing(app(), () => revoke(stale.client, [other.id]));
    expect(answer.denied).toBe('UNAUTHENTICATED');
    expect(changed).toEqual([]);
    expect((await revoke(app().anonymous(), [other.id])).denied).toBe('UNAUTHENTICATED');
    expect(await isAlive(other.client)).toBe(true);
  });

  test('by cookie needs the CSRF token', async () => {
    const { email } = await person();
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    const forged = app().anonymous({ cookie: browser.client.headers['cookie'] ?? '' });
    const { changed } = await changing(app(), () => revoke(forged, [browser.id]));
    expect(changed).toEqual([]);
    expect(await isAlive(browser.client)).toBe(true);
  });
});

describe('revokeUserSessions', () => {
  const revokeAll = async (client: TestClient, userId: string) => {
    const answer = await client.send(RevokeUserSessionsDocument, { input: { userId } });
    return { ...answer.data?.revokeUserSessions, denied: answer.code, headers: answer.headers };
  };

  test('ends all sessions of a user in every replica, and nobody else’s', async () => {
    const replica = await startTestApp({ beside: app() });
    const { email, id } = await person();
    const bearer = await beginSession(app(), email);
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    const { email: bystanderEmail } = await person();
    const bystander = await beginSession(app(), bystanderEmail);
    const { support } = cast();
    const { answer, audit, events } = await recording(app(), () => revokeAll(support, id));
    expect([answer.endedSessionCount, answer.errors]).toEqual([2, []]);
    for (const session of [bearer, browser]) expect(await isAlive(session.at(replica))).toBe(false);
    expect(await refreshCode(bearer.refreshToken)).toBe('TOKEN_EXPIRED');
    expect(await isAlive(bystander.client)).toBe(true);
    expect(audit.map(({ action, actor, metadata }) => [action, actor.id, metadata])).toEqual(
      Array.from({ length: 2 }, () => ['session.ended', support.id, { reason: 'REVOKED', userId: id }]),
    );
    expect(events).toHaveLength(2);
    expect((await revokeAll(support, id)).endedSessionCount).toBe(0);
    await replica.close();
  });

  test('is for oneself without any permission, and takes the cookie back', async () => {
    const { email, id } = await person([]);
    const bearer = await beginSession(app(), email);
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    const answer = await revokeAll(browser.client, id.toUpperCase());
    expect([answer.endedSessionCount, answer.errors]).toEqual([2, []]);
    expect(cookieOf(answer).value).toBe('');
    for (const session of [bearer, browser]) expect(await isAlive(session.client)).toBe(false);
  });

  test('is refused to members for anybody else, real or not, in the same way', async () => {
    const { member, admin } = cast();
    for (const userId of [admin.id, newId<UserId>(), 'nonsense', '']) {
      const answer = await member.send(RevokeUserSessionsDocument, { input: { userId } });
      expect([answer.code, answer.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['revoke:sessions']]);
    }
  });

  test('spares whoever may do more, and tells the same of hidden and missing users', async () => {
    const { email, id } = await person([ADMINISTRATORS_GROUP_ID]);
    const boss = await beginSession(app(), email);
    const refused = await changing(app(), () => revokeAll(cast().support, id));
    expect(refused.answer.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['userId'], targetId: id }]);
    expect(refused.changed).toEqual([]);
    expect(await isAlive(boss.client)).toBe(true);
    const blind = await holderOf(app(), ['revoke:sessions']);
    for (const target of [id, newId<UserId>(), 'nonsense', '\0']) {
      const { answer, changed } = await changing(app(), () => revokeAll(blind, target));
      expect(answer.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['userId'], targetId: target }]);
      expect(changed).toEqual([]);
    }
  });
});
