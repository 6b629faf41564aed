import { describe, expect, test } from 'vitest';
import {
  RefreshSessionDocument,
  SignInDocument,
  SignOutDocument,
  SignOutEverywhereDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { cookieOf, recording, signInState } from '../../support/records.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();

const bearerAt = (at: TestApp, actor: Actor): TestClient =>
  at.anonymous({ authorization: `Bearer ${actor.accessToken}` });

const cookieClient = async (identifier: string): Promise<TestClient> => {
  const answer = await app()
    .anonymous()
    .send(SignInDocument, { input: { identifier, password: PASSWORD } });
  return app().anonymous({
    cookie: cookieOf(answer).pair,
    'x-csrf-token': answer.data.signIn?.tokens?.csrfToken ?? '',
  });
};

const refreshCode = async (actor: Actor) => {
  const { data } = await app()
    .anonymous()
    .send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } });
  return data.refreshSession?.errors[0]?.code ?? 'OK';
};

describe('signOut', () => {
  test('ends the session at once: bearer and refresh token, here and in every replica', async () => {
    const replica = await startTestApp({ beside: app() });
    const id = await makePerson(app(), { email: 'bearer@out.example' });
    const actor = await signIn(app(), 'bearer@out.example');
    expect((await bearerAt(replica, actor).send(ViewerDocument, {})).code).toBe('OK');
    const sessionId = (await actor.send(ViewerDocument, {})).data.viewer?.session?.id;
    const [answer, { audit, events }] = await recording(app(), () =>
      actor.send(SignOutDocument, { input: { reason: ' going home ' } }),
    );
    expect(answer.data.signOut).toEqual({ sessionId, errors: [] });
    for (const at of [app(), replica]) {
      const refused = await bearerAt(at, actor).send(ViewerDocument, {});
      expect([refused.status, refused.code]).toEqual([401, 'UNAUTHENTICATED']);
    }
    expect(await refreshCode(actor)).toBe('TOKEN_EXPIRED');
    expect(audit).toEqual([
      {
        action: 'session.ended',
        result: 'SUCCESS',
        actor_id: id,
        target_type: 'Session',
        target_id: sessionId,
        metadata: { reason: 'SIGNED_OUT', userId: id, note: 'going home' },
      },
    ]);
    expect(events).toEqual([{ type: 'SessionRevoked', payload: { sessionId, userId: id, reason: 'SIGNED_OUT' } }]);
    await replica.close();
  });

  test('takes the cookie back, and a kept copy of it is nobody, in every replica', async () => {
    const replica = await startTestApp({ beside: app() });
    await makePerson(app(), { email: 'cookie@out.example' });
    const client = await cookieClient('cookie@out.example');
    const answer = await client.send(SignOutDocument, { input: {} });
    const cleared = cookieOf(answer);
    expect([cleared.name, cleared.value]).toEqual(['gatehouse', '']);
    expect(cleared.attributes).toEqual(
      expect.arrayContaining(['Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Path=/', 'HttpOnly']),
    );
    for (const at of [app(), replica]) {
      const after = await at.anonymous(client.headers).send(ViewerDocument, {});
      expect([after.status, after.data]).toEqual([200, { viewer: null }]);
    }
    await replica.close();
  });

  test('leaves the other sessions of the person alone', async () => {
    await makePerson(app(), { email: 'others@out.example' });
    const [one, other] = [await signIn(app(), 'others@out.example'), await signIn(app(), 'others@out.example')];
    await one.send(SignOutDocument, { input: {} });
    expect((await other.send(ViewerDocument, {})).code).toBe('OK');
    expect(await refreshCode(other)).toBe('OK');
  });

  test('records one end when it is called ten times at once', async () => {
    await makePerson(app(), { email: 'ten@out.example' });
    const actor = await signIn(app(), 'ten@out.example');
    const [answers, { events }] = await recording(app(), () =>
      Promise.all(Array.from({ length: 10 }, () => actor.send(SignOutDocument, { input: {} }))),
    );
    for (const answer of answers) expect(['OK', 'UNAUTHENTICATED']).toContain(answer.code);
    expect(events).toHaveLength(1);
  });

  test.each([
    ['201 characters', 'r'.repeat(201), 'TOO_LONG'],
    ['a NUL', 'a\0b', 'INVALID_VALUE'],
    ['a lone surrogate', '\ud800', 'INVALID_VALUE'],
  ])('refuses a reason of %s and keeps the session', async (what, reason, code) => {
    const email = `${what.replaceAll(/\W/g, '')}@out.example`;
    await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    const before = await signInState(app());
    const { data, errors } = await actor.send(SignOutDocument, { input: { reason } });
    expect(errors).toEqual([]);
    expect(data.signOut).toMatchObject({ sessionId: null, errors: [{ code, field: ['reason'] }] });
    expect(await signInState(app())).toEqual(before);
    expect((await actor.send(ViewerDocument, {})).code).toBe('OK');
  });

  test('is for signed-in callers', async () => {
    expect((await app().anonymous().send(SignOutDocument, { input: {} })).code).toBe('UNAUTHENTICATED');
  });
});

describe('signOutEverywhere', () => {
  test('ends every session of the caller, of either delivery, and nobody else', async () => {
    const replica = await startTestApp({ beside: app() });
    const id = await makePerson(app(), { email: 'all@out.example' });
    await makePerson(app(), { email: 'bystander@out.example' });
    const bystander = await signIn(app(), 'bystander@out.example');
    const [one, other] = [await signIn(app(), 'all@out.example'), await signIn(app(), 'all@out.example')];
    const browser = await cookieClient('all@out.example');
    const [answer, { audit, events }] = await recording(app(), () =>
      one.send(SignOutEverywhereDocument, { input: {} }),
    );
    expect(answer.data.signOutEverywhere).toEqual({ endedSessionCount: 3, errors: [] });
    for (const actor of [one, other]) {
      expect((await bearerAt(replica, actor).send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
      expect(await refreshCode(actor)).toBe('TOKEN_EXPIRED');
    }
    expect((await replica.anonymous(browser.headers).send(ViewerDocument, {})).data).toEqual({ viewer: null });
    expect((await bystander.send(ViewerDocument, {})).code).toBe('OK');
    expect(audit.map(({ action, actor_id: actor }) => [action, actor])).toEqual(
      Array.from({ length: 3 }, () => ['session.ended', id]),
    );
    expect(events.map(({ type }) => type)).toEqual(['SessionRevoked', 'SessionRevoked', 'SessionRevoked']);
    await replica.close();
  });

  test('keeps the session of the request when told so, its cookie included', async () => {
    await makePerson(app(), { email: 'keep@out.example' });
    const other = await signIn(app(), 'keep@out.example');
    const browser = await cookieClient('keep@out.example');
    const answer = await browser.send(SignOutEverywhereDocument, { input: { exceptCurrent: true } });
    expect(answer.data.signOutEverywhere).toEqual({ endedSessionCount: 1, errors: [] });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await browser.send(ViewerDocument, {})).data.viewer?.user.email).toBe('keep@out.example');
    expect((await other.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    const again = await browser.send(SignOutEverywhereDocument, { input: { exceptCurrent: true } });
    expect(again.data.signOutEverywhere).toEqual({ endedSessionCount: 0, errors: [] });
    const last = await browser.send(SignOutEverywhereDocument, { input: {} });
    expect(cookieOf(last).value).toBe('');
  });
});
