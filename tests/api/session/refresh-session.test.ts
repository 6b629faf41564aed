import { beforeEach, describe, expect, test } from 'vitest';
import { RefreshSessionDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { createToken, parseToken, tokenFromSecret } from '../../../src/crypto/opaque-token.ts';
import { type Actor, makePerson, signIn } from '../../support/cast.ts';
import { messagesTo } from '../../support/messages.ts';
import { jwtParts, recording, signInState, statementsOf } from '../../support/records.ts';
import { beginSession } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;

describe('refreshSession', () => {
  const app = useTestApp();
  let number = 0;
  let actor: Actor;

  beforeEach(async () => {
    number += 1;
    const email = `person${number}@refresh.example`;
    await makePerson(app(), { email });
    actor = await signIn(app(), email);
  });

  const send = (refreshToken: string) => app().anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
  const refresh = async (refreshToken: string) => (await send(refreshToken)).data.refreshSession;
  const tokensOf = async (refreshToken: string) => {
    const payload = await refresh(refreshToken);
    expect(payload?.errors).toEqual([]);
    return { accessToken: payload?.tokens?.accessToken ?? '', refreshToken: payload?.tokens?.refreshToken ?? '' };
  };
  const codesOf = async (refreshToken: string) => (await refresh(refreshToken))?.errors.map(({ code }) => code);
  const viewerBy = async (accessToken: string) =>
    (
      await app()
        .anonymous({ authorization: `Bearer ${accessToken}` })
        .send(ViewerDocument, {})
    ).code;
  const sessionRow = async () => {
    const [row] = await app().database.query<{ id: string; refresh_hash: Buffer; end_reason: string | null }>(
      'select id, refresh_hash, end_reason from sessions where user_id = $1',
      [actor.id],
    );
    if (row === undefined) throw new Error('The session is missing.');
    return row;
  };

  test('gives another refresh token of the same family and a new access token of the same session', async () => {
    app().clock.advance(60);
    const now = app().clock.now();
    const [answer, { audit, events }] = await recording(app(), () => send(actor.refreshToken));
    const tokens = answer.data.refreshSession?.tokens;
    expect(tokens?.refreshToken).toMatch(/^ghr_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(tokens?.refreshToken).not.toBe(actor.refreshToken);
    expect(tokens?.refreshToken?.slice(0, 16)).toBe(actor.refreshToken.slice(0, 16));
    expect(tokens?.accessTokenExpiresAt).toBe(new Date(now.getTime() + 900_000).toISOString());
    expect(tokens?.refreshTokenExpiresAt).toBe(new Date(now.getTime() + 7 * DAY * 1000).toISOString());
    expect(tokens?.csrfToken).toBeNull();
    const [old, fresh] = [actor.accessToken, tokens?.accessToken ?? ''].map((token) => jwtParts(token).claims);
    expect(fresh?.['sid']).toBe(old?.['sid']);
    expect(fresh?.['auth_time']).toBe(old?.['auth_time']);
    expect(Number(fresh?.['iat']) - Number(old?.['iat'])).toBe(60);
    expect(fresh?.['jti']).not.toBe(old?.['jti']);
    expect(await viewerBy(tokens?.accessToken ?? '')).toBe('OK');
    expect({ audit, events }).toEqual({ audit: [], events: [] });
  });

  test('stores no clear text: only the hash of the present secret and of its parent', async () => {
    const next = await tokensOf(actor.refreshToken);
    const [row] = await app().database.query('select row_to_json(s)::text as line from sessions s where user_id = $1', [
      actor.id,
    ]);
    for (const token of [actor.refreshToken, next.refreshToken]) {
      expect(JSON.stringify(row)).not.toContain(token.slice(17));
    }
    const { refresh_hash: stored } = await sessionRow();
    expect(parseToken('refresh', next.refreshToken)?.secretHash.equals(stored)).toBe(true);
  });

  test('sends one statement, and two for a replay', async () => {
    expect(await statementsOf(app(), () => send(actor.refreshToken))).toBe(1);
    expect(await statementsOf(app(), () => send(actor.refreshToken))).toBe(2);
  });

  test('gives fifty calls at once with one token literally one refresh token and one access token', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(actor.refreshToken)));
    expect(answers.flatMap((answer) => answer?.errors ?? [])).toEqual([]);
    expect(new Set(answers.map((answer) => answer?.tokens?.refreshToken)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer?.tokens?.accessToken)).size).toBe(1);
    const rows = await app().database.query('select refresh_generation from sessions where user_id = $1', [actor.id]);
    expect(rows).toEqual([{ refresh_generation: 1 }]);
    expect(await viewerBy(answers[0]?.tokens?.accessToken ?? '')).toBe('OK');
  });

  test('repeats the same pair for ten seconds after the first rotation', async () => {
    const first = await tokensOf(actor.refreshToken);
    app().clock.advance(10);
    expect(await tokensOf(actor.refreshToken)).toEqual(first);
    expect(await codesOf(first.refreshToken)).toEqual([]);
  });

  test('takes a token that comes back after eleven seconds for stolen: the whole session ends at once', async () => {
    const { accessToken, refreshToken } = await tokensOf(actor.refreshToken);
    expect(await viewerBy(accessToken)).toBe('OK');
    app().clock.advance(11);
    await app().database.query(`update devices set name = 'Old phone' where user_id = $1`, [actor.id]);
    const [codes, { audit, events }] = await recording(app(), () => codesOf(actor.refreshToken));
    expect(codes).toEqual(['REFRESH_TOKEN_REUSED']);
    expect(await viewerBy(accessToken)).toBe('UNAUTHENTICATED');
    expect(await viewerBy(actor.accessToken)).toBe('UNAUTHENTICATED');
    expect(await codesOf(refreshToken)).toEqual(['TOKEN_EXPIRED']);
    expect(await codesOf(actor.refreshToken)).toEqual(['TOKEN_EXPIRED']);
    const { id, end_reason: reason } = await sessionRow();
    expect(reason).toBe('REFRESH_TOKEN_REUSED');
    expect(audit).toMatchObject([
      { action: 'refresh-token.reused', result: 'FAILURE', target_type: 'Session', target_id: id },
      { action: 'session.ended', result: 'SUCCESS', target_id: id, metadata: { reason: 'REFRESH_TOKEN_REUSED' } },
    ]);
    const [named] = await app().database.query<{ label: string }>(
      `select v.values ->> 'targetLabel' as label from audit_personal_values v join audit_events e on e.id = v.event_id
       where e.action = 'refresh-token.reused' and e.target_id = $1`,
      [id],
    );
    expect(named?.label).toBe('Old phone');
    expect(events).toEqual([
      { type: 'RefreshTokenReused', payload: { sessionId: id, userId: actor.id } },
      { type: 'SessionRevoked', payload: { sessionId: id, userId: actor.id, reason: 'REFRESH_TOKEN_REUSED' } },
    ]);
  });

  test('names the device of a stolen token in the log and in a mail to its owner, once', async () => {
    const { refreshToken } = await beginSession(app(), actor.email, { userAgent: 'ShopApp/2.1' });
    await tokensOf(refreshToken);
    app().clock.advance(60);
    const thief = app().anonymous({ 'user-agent': 'curl/8.5.0' });
    await Promise.all(
      Array.from({ length: 20 }, () => thief.send(RefreshSessionDocument, { input: { refreshToken } })),
    );
    const [line, ...others] = await app().database.query<{ label: string; metadata: Record<string, unknown> }>(
      `select v.values ->> 'targetLabel' as label, e.metadata from audit_personal_values v
       join audit_events e on e.id = v.event_id
       where e.action = 'refresh-token.reused' and e.metadata ->> 'userId' = $1`,
      [actor.id],
    );
    const [device] = await app().database.query<{ id: string }>(
      `select id from devices where user_id = $1 and name = 'ShopApp'`,
      [actor.id],
    );
    expect(others).toEqual([]);
    expect(line).toEqual({ label: 'ShopApp', metadata: { userId: actor.id, deviceId: device?.id } });
    const mails = (await messagesTo(app(), actor.email)).filter(({ template }) => template === 'session-reuse');
    expect(mails).toMatchObject([
      {
        userId: actor.id,
        locale: 'en',
        variables: { device: 'ShopApp', ipAddress: '127.0.0.1', at: app().clock.now().toISOString() },
      },
    ]);
  });

  test('writes to no address that nobody has proved', async () => {
    await app().database.query('update users set email_verified_at = null where id = $1', [actor.id]);
    await tokensOf(actor.refreshToken);
    app().clock.advance(60);
    expect(await codesOf(actor.refreshToken)).toEqual(['REFRESH_TOKEN_REUSED']);
    expect(await messagesTo(app(), actor.email)).toEqual([]);
  });

  test('takes a parent for stolen even at once when its successor was used already', async () => {
    const first = await tokensOf(actor.refreshToken);
    await tokensOf(first.refreshToken);
    expect(await codesOf(actor.refreshToken)).toEqual(['REFRESH_TOKEN_REUSED']);
    expect((await sessionRow()).end_reason).toBe('REFRESH_TOKEN_REUSED');
  });

  test('knows an ancestor of many rotations ago', async () => {
    let { refreshToken } = actor;
    for (let time = 0; time < 12; time += 1) ({ refreshToken } = await tokensOf(refreshToken));
    expect(await codesOf(actor.refreshToken)).toEqual(['REFRESH_TOKEN_REUSED']);
    expect(await codesOf(refreshToken)).toEqual(['TOKEN_EXPIRED']);
  });

  test('records one reuse when a stolen token comes back twenty times at once', async () => {
    await tokensOf(actor.refreshToken);
    app().clock.advance(60);
    const [answers, { events }] = await recording(app(), () =>
      Promise.all(Array.from({ length: 20 }, () => codesOf(actor.refreshToken))),
    );
    for (const codes of answers) expect(['REFRESH_TOKEN_REUSED', 'TOKEN_EXPIRED']).toContain(codes?.[0]);
    expect(events.filter(({ type }) => type === 'SessionRevoked')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'RefreshTokenReused')).toHaveLength(1);
  });

  test('does not end a family for a well-formed token with its selector and a made-up secret', async () => {
    const selector = actor.refreshToken.slice(4, 16);
    const other = parseToken('refresh', createToken('refresh').token.reveal())?.secret ?? Buffer.alloc(32);
    const before = await signInState(app());
    expect(await codesOf(tokenFromSecret('refresh', selector, other).reveal())).toEqual(['TOKEN_INVALID']);
    expect(await signInState(app())).toEqual(before);
    app().clock.advance(60);
    expect(await codesOf(actor.refreshToken)).toEqual([]);
  });

  test.each<[string, (token: string) => string]>([
    ['an empty text', () => ''],
    ['a token shortened by one character', (token) => token.slice(0, -1)],
    ['a token shortened at its beginning', (token) => token.slice(1)],
    ['a token with one character more', (token) => `${token}0`],
    ['a token in capitals', (token) => token.toUpperCase()],
    ['a token with a blank behind it', (token) => `${token} `],
    [
      'a token with one digit changed',
      (token) => `${token.slice(0, 30)}${token[30] === 'a' ? 'b' : 'a'}${token.slice(31)}`,
    ],
    ['a token of another kind', () => createToken('session').token.reveal()],
    ['a token that nobody was given', () => createToken('refresh').token.reveal()],
    ['an access token', () => actor.accessToken],
    ['a NUL', () => '\0'],
    ['100,000 characters', () => 'g'.repeat(100_000)],
  ])('refuses %s with TOKEN_INVALID and changes nothing', async (_what, spoil) => {
    const before = await signInState(app());
    const answer = await send(spoil(actor.refreshToken));
    expect(answer.data.refreshSession).toMatchObject({
      tokens: null,
      errors: [{ code: 'TOKEN_INVALID', field: ['refreshToken'] }],
    });
    expect(await signInState(app())).toEqual(before);
  });

  test('ends after seven days without use, and slides on with each use', async () => {
    app().clock.advance(7 * DAY - 1);
    const { refreshToken } = await tokensOf(actor.refreshToken);
    app().clock.advance(7 * DAY - 1);
    const next = await tokensOf(refreshToken);
    app().clock.advance(7 * DAY);
    expect(await codesOf(next.refreshToken)).toEqual(['TOKEN_EXPIRED']);
  });

  test('ends thirty days after sign-in whatever the use, and no access token outlives that', async () => {
    const end = app().clock.now().getTime() + 30 * DAY * 1000;
    let { refreshToken } = actor;
    for (let week = 0; week < 4; week += 1) {
      app().clock.advance(6 * DAY);
      ({ refreshToken } = await tokensOf(refreshToken));
    }
    app().clock.advance(6 * DAY - 60);
    const last = (await refresh(refreshToken))?.tokens;
    expect(last?.refreshTokenExpiresAt).toBe(new Date(end).toISOString());
    expect(last?.accessTokenExpiresAt).toBe(new Date(end).toISOString());
    app().clock.advance(60);
    expect(await codesOf(last?.refreshToken ?? '')).toEqual(['TOKEN_EXPIRED']);
    expect(await viewerBy(last?.accessToken ?? '')).toBe('UNAUTHENTICATED');
  });

  test.each([
    ['disabled', `update users set status = 'DISABLED' where id = $1`, 'TOKEN_EXPIRED'],
    [
      'locked by hand',
      `update users set locked_until = '9999-01-01', status_reason = 'x' where id = $1`,
      'TOKEN_EXPIRED',
    ],
    ['signed out', 'update sessions set ended_at = now() where user_id = $1', 'TOKEN_EXPIRED'],
    ['deleted', 'delete from users where id = $1', 'TOKEN_INVALID'],
  ])('is refused when the account was %s meanwhile', async (_what, change, code) => {
    await app().database.query(change, [actor.id]);
    expect(await codesOf(actor.refreshToken)).toEqual([code]);
  });

  test('works whatever else the request presents: an old cookie, but never a bad Authorization header', async () => {
    const withCookie = app().anonymous({ cookie: `gatehouse=${createToken('session').token.reveal()}` });
    const answer = await withCookie.send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } });
    expect(answer.data.refreshSession?.errors).toEqual([]);
    const bad = app().anonymous({ authorization: 'Bearer expired' });
    expect((await bad.send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } })).status).toBe(401);
  });
});
