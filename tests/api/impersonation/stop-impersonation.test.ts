import { describe, expect, test } from 'vitest';
import {
  BannerDocument,
  EndImpersonationDocument,
  SignOutDocument,
  StartImpersonationDocument,
  StopImpersonationDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor } from '../../support/cast.ts';
import {
  codeOfUse,
  impersonate,
  makeImpersonator,
  makePair,
  makeTarget,
  startInput,
  stop,
} from '../../support/impersonation.ts';
import { cookieOf, jwtParts, recording } from '../../support/records.ts';
import { beginSession, isAlive } from '../../support/sessions.ts';
import { type TestApp, useTestApp } from '../../support/test-app.ts';
import type { Answer, TestClient } from '../../support/test-client.ts';

const app = useTestApp();

describe('by bearer token', () => {
  test('gives a fresh access token of the actor’s own session, and ends the other one at once', async () => {
    const { actor, target, acting } = await makePair(app());
    const now = app().clock.now().toISOString();
    const [answer, records] = await recording(app(), () =>
      acting.send(StopImpersonationDocument, { input: { reason: 'Found it.' } }),
    );
    const { impersonation, tokens, errors } = answer.data.stopImpersonation ?? {};
    expect(errors).toEqual([]);
    expect(impersonation).toMatchObject({ id: acting.id, endedAt: now, endedBy: { id: actor.id } });
    expect(tokens).toMatchObject({ refreshToken: null, csrfToken: null });
    const own = jwtParts(actor.accessToken).claims;
    const { claims } = jwtParts(tokens?.accessToken ?? '');
    expect([claims['sub'], claims['sid'], claims['act']]).toEqual([actor.id, own['sid'], undefined]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await codeOfUse(acting)).toBe('UNAUTHENTICATED');
    expect(await codeOfUse(actor)).toBe('OK');
    const back = app().anonymous({ authorization: `Bearer ${tokens?.accessToken}` });
    const { data } = await back.send(BannerDocument, {});
    expect(data.viewer).toMatchObject({ user: { id: actor.id }, actor: null, impersonation: null });
    expect(records.audit.map(({ action, actor_id, metadata }) => [action, actor_id, metadata])).toEqual([
      [
        'impersonation.ended',
        actor.id,
        {
          actorId: actor.id,
          targetId: target.id,
          how: 'STOPPED',
          reason: 'Found it.',
          impersonationId: acting.id,
        },
      ],
      ['session.ended', actor.id, { reason: 'IMPERSONATION_ENDED', userId: target.id, impersonationId: acting.id }],
    ]);
    expect(records.events.map(({ type, payload }) => [type, payload['impersonationId'] ?? payload['reason']])).toEqual([
      ['ImpersonationEnded', acting.id],
      ['SessionRevoked', 'IMPERSONATION_ENDED'],
    ]);
  });

  test('of fifty stops at once one ends it', async () => {
    const { acting } = await makePair(app());
    const answers = await Promise.all(Array.from({ length: 50 }, () => stop(acting)));
    const done = answers.filter(({ data }) => data?.stopImpersonation?.errors.length === 0);
    expect(done).toHaveLength(1);
    const others = answers.filter((answer) => !done.includes(answer));
    expect(
      others.every(
        ({ code, data }) =>
          code === 'UNAUTHENTICATED' || data.stopImpersonation?.errors[0]?.code === 'IMPERSONATION_ENDED',
      ),
    ).toBe(true);
    const ended = await app().database.query(
      `select from audit_events where action = 'impersonation.ended' and target_id = $1`,
      [acting.id],
    );
    expect(ended).toHaveLength(1);
  });

  test('whoever is not impersonating is told so; a note that is too long ends nothing', async () => {
    const { actor, acting } = await makePair(app());
    for (const client of [actor, (await app().cast()).member]) {
      const { data } = await stop(client);
      expect(data.stopImpersonation).toMatchObject({ tokens: null, errors: [{ code: 'IMPERSONATION_ENDED' }] });
    }
    const { data } = await acting.send(StopImpersonationDocument, { input: { reason: 'x'.repeat(201) } });
    expect(data.stopImpersonation?.errors).toMatchObject([{ code: 'TOO_LONG', field: ['reason'] }]);
    expect(await codeOfUse(acting)).toBe('OK');
    expect((await stop(app().anonymous())).code).toBe('UNAUTHENTICATED');
  });

  test('afterwards the same session may begin anew', async () => {
    const { actor, target, acting } = await makePair(app());
    await stop(acting);
    expect(await codeOfUse(await impersonate(app(), actor, target.id))).toBe('OK');
  });
});

/** The session of an actor in a browser: what it sends, and what it is made of next. */
const inBrowser = async (application: TestApp, actor: Actor): Promise<TestClient> => {
  const { client, id } = await beginSession(application, actor.email, { delivery: 'COOKIE' });
  await application.database.query(`update sessions set assurance_level = 'AAL2' where id = $1`, [id]);
  return client;
};

const browserAfter = (
  application: TestApp,
  answer: Pick<Answer<unknown>, 'headers'>,
  csrfToken: string | null | undefined,
): TestClient => application.anonymous({ cookie: cookieOf(answer).pair, 'x-csrf-token': csrfToken ?? '' });

describe('in a browser', () => {
  test('the cookie goes there and back, each with its own secret and CSRF token', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const own = await inBrowser(app(), actor);
    const started = await own.send(StartImpersonationDocument, startInput(target.id));
    const tokens = started.data.startImpersonation?.tokens;
    expect(tokens).toMatchObject({ accessToken: null, refreshToken: null });
    const { attributes } = cookieOf(started);
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Lax', 'Path=/']));
    const acting = browserAfter(app(), started, tokens?.csrfToken);
    const banner = await acting.send(BannerDocument, {});
    expect(banner.data.viewer).toMatchObject({
      user: { id: target.id },
      actor: { id: actor.id, displayName: 'Grace', email: actor.email, phone: null },
      csrfToken: tokens?.csrfToken,
    });
    expect(own.headers['cookie']).not.toBe(acting.headers['cookie']);

    const withoutCsrf = app().anonymous({ cookie: String(acting.headers['cookie']) });
    expect((await stop(withoutCsrf)).code).not.toBe('OK');
    const withOther = acting.with({ 'x-csrf-token': String(own.headers['x-csrf-token']) });
    expect((await stop(withOther)).code).not.toBe('OK');
    expect(await isAlive(acting)).toBe(true);

    const stopped = await stop(acting);
    const csrfToken = stopped.data.stopImpersonation?.tokens?.csrfToken;
    const back = browserAfter(app(), stopped, csrfToken);
    const { data } = await back.send(BannerDocument, {});
    expect(data.viewer).toMatchObject({ user: { id: actor.id }, actor: null, csrfToken });
    expect(await isAlive(acting)).toBe(false);
    expect(await isAlive(own), 'the cookie that was replaced').toBe(false);
    const signedOut = await back.send(SignOutDocument, { input: {} });
    expect(signedOut.data.signOut?.errors).toEqual([]);
    expect(await isAlive(back)).toBe(false);
  });

  test('a cookie session that acts by bearer token keeps its cookie', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const own = await inBrowser(app(), actor);
    const acting = await impersonate(app(), own, target.id);
    const stopped = await stop(acting);
    expect(stopped.data.stopImpersonation).toMatchObject({ tokens: null, errors: [] });
    expect(stopped.headers.getSetCookie()).toEqual([]);
    expect(await isAlive(own)).toBe(true);
  });

  test('a bearer session that acts by cookie gets an access token, and the cookie is taken away', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const started = await actor.send(StartImpersonationDocument, startInput(target.id, { delivery: 'COOKIE' }));
    const acting = browserAfter(app(), started, started.data.startImpersonation?.tokens?.csrfToken);
    const stopped = await stop(acting);
    const token = stopped.data.stopImpersonation?.tokens?.accessToken;
    expect(jwtParts(token ?? '').claims['sub']).toBe(actor.id);
    expect(cookieOf(stopped).value).toBe('');
  });
});

describe('signing out while impersonating', () => {
  test('ends the impersonation; by bearer token the actor’s session goes on', async () => {
    const { actor, acting } = await makePair(app());
    const [answer, records] = await recording(app(), () => acting.send(SignOutDocument, { input: {} }));
    expect(answer.data.signOut?.errors).toEqual([]);
    expect(await codeOfUse(acting)).toBe('UNAUTHENTICATED');
    expect(await codeOfUse(actor)).toBe('OK');
    expect(records.audit.map(({ action, metadata }) => [action, metadata['how'] ?? metadata['reason']])).toEqual([
      ['impersonation.ended', 'SIGNED_OUT'],
      ['session.ended', 'SIGNED_OUT'],
    ]);
    expect(records.events.map(({ type }) => type)).toEqual(['ImpersonationEnded', 'SessionRevoked']);
  });

  test('in a browser the actor’s session ends, too, since nobody has its cookie any more', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const own = await inBrowser(app(), actor);
    const started = await own.send(StartImpersonationDocument, startInput(target.id));
    const acting = browserAfter(app(), started, started.data.startImpersonation?.tokens?.csrfToken);
    expect(await isAlive(own)).toBe(true);
    const signedOut = await acting.send(SignOutDocument, { input: {} });
    expect(cookieOf(signedOut).value).toBe('');
    expect(await isAlive(own)).toBe(false);
    expect(await codeOfUse(actor), 'another session of theirs').toBe('OK');
  });
});

test('an impersonation that was ended by somebody else cannot be stopped any more', async () => {
  const { acting } = await makePair(app());
  const admin = (await app().cast()).admin;
  await admin.send(EndImpersonationDocument, { input: { id: acting.id } });
  const answer = await stop(acting);
  expect([answer.status, answer.code]).toEqual([401, 'UNAUTHENTICATED']);
});
