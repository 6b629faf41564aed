import { describe, expect, test } from 'vitest';
import { RefreshSessionDocument, RevokeSessionsDocument, SessionsDocument } from '../../../generated/client/graphql.ts';
import { makePerson } from '../../support/cast.ts';
import { recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { type BegunSession, beginSession, isAlive } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';

const HOUR = 3600;

/** Sessions of an hour's idleness and three hours in all; access tokens of five minutes. */
const app = useTestApp({
  settings: {
    'tokens.sessionIdleSeconds': '1h',
    'tokens.sessionAbsoluteSeconds': '3h',
    'tokens.accessTtlSeconds': '5m',
  },
});

const person = async () => {
  const email = `${unique('person')}@limits.example`;
  await makePerson(app(), { email });
  return email;
};

const refresh = async (refreshToken: string) => {
  const { data } = await app().anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
  const payload = data.refreshSession;
  return { code: payload?.errors[0]?.code ?? 'OK', tokens: payload?.tokens ?? null };
};

const bearer = (accessToken: string | null | undefined) =>
  app().anonymous({ authorization: `Bearer ${accessToken ?? ''}` });

/** A session as the list of its owner, signed in anew, shows it. */
const listed = async (email: string, id: string) => {
  const { client } = await beginSession(app(), email, { userAgent: 'curl/8.5.0' });
  const page = async (active: boolean | null) =>
    (await client.send(SessionsDocument, { filter: { active } })).data.sessions?.nodes.find((node) => node.id === id);
  return { client, all: await page(null), active: await page(true), over: await page(false) };
};

const use = async (session: BegunSession) => {
  const alive = await isAlive(session.client);
  await app().services.activity.flush();
  return alive;
};

describe('the limits of a session, by setting', () => {
  test('idleness ends a cookie session to the second, and use moves it on', async () => {
    const email = await person();
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    app().clock.advance(HOUR - 1);
    expect(await use(browser)).toBe(true);
    const usedAt = app().clock.now().getTime();
    app().clock.advance(HOUR - 1);
    expect(await isAlive(browser.client)).toBe(true);
    app().clock.advance(1);
    expect(await use(browser)).toBe(false);
    const end = new Date(usedAt + HOUR * 1000).toISOString();
    const { all, active, over } = await listed(email, browser.id);
    expect(all).toMatchObject({ endedAt: end, expiresAt: end, endReason: 'IDLE' });
    expect([active, over]).toEqual([undefined, all]);
  });

  test('idleness ends refresh and access token alike', async () => {
    const email = await person();
    const session = await beginSession(app(), email);
    app().clock.advance(HOUR - 1);
    const { tokens } = await refresh(session.refreshToken);
    expect(await isAlive(bearer(tokens?.accessToken))).toBe(true);
    app().clock.advance(HOUR - 1);
    const last = await refresh(tokens?.refreshToken ?? '');
    expect(last.code).toBe('OK');
    expect(last.tokens?.refreshTokenExpiresAt).toBe(new Date(app().clock.now().getTime() + HOUR * 1000).toISOString());
    app().clock.advance(HOUR);
    expect((await refresh(last.tokens?.refreshToken ?? '')).code).toBe('TOKEN_EXPIRED');
    expect(await isAlive(bearer(last.tokens?.accessToken))).toBe(false);
    expect((await listed(email, session.id)).all?.endReason).toBe('IDLE');
  });

  test('the absolute limit ends a session in full use, with all its tokens', async () => {
    const email = await person();
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    const session = await beginSession(app(), email);
    const end = new Date(app().clock.now().getTime() + 3 * HOUR * 1000).toISOString();
    let { refreshToken } = session;
    for (let half = 0; half < 5; half += 1) {
      app().clock.advance(HOUR / 2);
      expect(await use(browser)).toBe(true);
      ({ refreshToken } = { refreshToken: (await refresh(refreshToken)).tokens?.refreshToken ?? '' });
    }
    app().clock.advance(HOUR / 2 - 60);
    const last = await refresh(refreshToken);
    expect([last.tokens?.refreshTokenExpiresAt, last.tokens?.accessTokenExpiresAt]).toEqual([end, end]);
    expect(await use(browser)).toBe(true);
    app().clock.advance(59);
    expect(await isAlive(bearer(last.tokens?.accessToken))).toBe(true);
    expect(await isAlive(browser.client)).toBe(true);
    app().clock.advance(1);
    expect(app().clock.now().toISOString()).toBe(end);
    expect(await isAlive(bearer(last.tokens?.accessToken))).toBe(false);
    expect(await isAlive(browser.client)).toBe(false);
    expect((await refresh(last.tokens?.refreshToken ?? '')).code).toBe('TOKEN_EXPIRED');
    for (const id of [browser.id, session.id]) {
      expect((await listed(email, id)).over).toMatchObject({ endedAt: end, endReason: 'EXPIRED' });
    }
  });

  test('a late mark of use brings no session back', async () => {
    const email = await person();
    const browser = await beginSession(app(), email, { delivery: 'COOKIE' });
    app().clock.advance(HOUR - 1);
    expect(await isAlive(browser.client)).toBe(true);
    app().clock.advance(1);
    await app().services.activity.flush();
    expect(await isAlive(browser.client)).toBe(false);
  });

  test('one that is out of time says why, the same before and after housekeeping and when it is revoked', async () => {
    const email = await person();
    const [swept, revoked] = [await beginSession(app(), email), await beginSession(app(), email)];
    const end = new Date(app().clock.now().getTime() + HOUR * 1000).toISOString();
    app().clock.advance(2 * HOUR);
    const { client, all: before } = await listed(email, revoked.id);
    const { answer, audit, events } = await recording(app(), () =>
      client.send(RevokeSessionsDocument, { input: { ids: [revoked.id] } }),
    );
    expect(answer.data.revokeSessions).toEqual({ sessions: [before], errors: [] });
    expect([audit, events]).toEqual([[], []]);
    await app().services.housekeeping.run();
    for (const id of [swept.id, revoked.id]) {
      expect((await listed(email, id)).all).toMatchObject({ endedAt: end, endReason: 'IDLE' });
    }
    const rows = await app().database.query<{ end_reason: string }>(
      'select end_reason from sessions where id = any($1::uuid[])',
      [[swept.id, revoked.id]],
    );
    expect(rows).toEqual([{ end_reason: 'IDLE' }, { end_reason: 'IDLE' }]);
  });
});
