import { createPublicKey } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { SignInDocument, SigningKeysDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { generateSigningKey, importSigningKey } from '../../../src/crypto/signing-keys.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { cookieOf, jwtParts, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a request with an Authorization header', () => {
  const app = useTestApp();
  let actor: Actor;
  let other: Actor;
  let cookie: string;

  beforeAll(async () => {
    await makePerson(app(), { email: 'one@bearer.example' });
    await makePerson(app(), { email: 'other@bearer.example' });
    actor = await signIn(app(), 'one@bearer.example');
    other = await signIn(app(), 'other@bearer.example');
    const answer = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'other@bearer.example', password: PASSWORD } });
    cookie = cookieOf(answer).pair;
  });

  const viewer = (authorization: string, headers: Record<string, string> = {}) =>
    app()
      .anonymous({ ...headers, authorization })
      .send(ViewerDocument, {});

  /** The actor's own claims, changed, signed by the key that really signs. */
  const signed = async (
    change: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
  ): Promise<string> => {
    const { kid, privateKey, algorithm } = await app().services.signingKeys.active();
    return new SignJWT({ ...jwtParts(actor.accessToken).claims, ...change })
      .setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt', ...header })
      .sign(privateKey);
  };

  const forgedKey = async (kid: string | undefined) => {
    const generated = await generateSigningKey('EdDSA');
    const { privateKey } = await importSigningKey(generated);
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: kid ?? generated.kid, jwk: { ...generated.publicJwk } };
    return new SignJWT(jwtParts(actor.accessToken).claims).setProtectedHeader(header).sign(privateKey);
  };

  const publicPem = async (): Promise<Uint8Array> => {
    const keys = (await app().anonymous().send(SigningKeysDocument, {})).data.signingKeys ?? [];
    return Buffer.from(String(createPublicKey(keys[0]?.publicKeyPem ?? '').export({ type: 'spki', format: 'pem' })));
  };

  const kid = (): string => String(jwtParts(actor.accessToken).header['kid']);
  const spoilt = (at: number): string => {
    const parts = actor.accessToken.split('.');
    const part = parts[at] ?? '';
    parts[at] = `${part.slice(0, 10)}${part[10] === 'A' ? 'B' : 'A'}${part.slice(11)}`;
    return parts.join('.');
  };

  test('is who the token names, and control: a re-signed token of the same claims works', async () => {
    expect((await viewer(`Bearer ${actor.accessToken}`)).data.viewer?.user.id).toBe(actor.id);
    expect((await viewer(`bearer ${await signed()}`)).data.viewer?.user.id).toBe(actor.id);
  });

  test.each<[string, () => string | Promise<string>]>([
    ['nothing', () => ''],
    ['the Basic scheme', () => `Basic ${Buffer.from(`one@bearer.example:${PASSWORD}`).toString('base64')}`],
    ['no token', () => 'Bearer '],
    ['a token without a scheme', () => actor.accessToken],
    ['two tokens with a comma', () => `Bearer ${actor.accessToken}, Bearer ${actor.accessToken}`],
    ['two tokens with a blank', () => `Bearer ${actor.accessToken} ${other.accessToken}`],
    ['rubbish', () => 'Bearer x.y.z'],
    ['a refresh token', () => `Bearer ${actor.refreshToken}`],
    ['12,000 characters', () => `Bearer ${'a'.repeat(12_000)}`],
    ['a token without its last character', () => `Bearer ${actor.accessToken.slice(0, -1)}`],
    ['a token without its signature', () => `Bearer ${actor.accessToken.split('.').slice(0, 2).join('.')}.`],
    ['a changed header', () => `Bearer ${spoilt(0)}`],
    ['changed claims', () => `Bearer ${spoilt(1)}`],
    ['a changed signature', () => `Bearer ${spoilt(2)}`],
    [
      'the signature of another token',
      () => `Bearer ${actor.accessToken.replace(/[^.]+$/, other.accessToken.split('.')[2] ?? '')}`,
    ],
    ['algorithm none', () => `Bearer ${new UnsecuredJWT(jwtParts(actor.accessToken).claims).encode()}`],
    [
      'HS256 under the public key',
      async () =>
        `Bearer ${await new SignJWT(jwtParts(actor.accessToken).claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: kid() }).sign(await publicPem())}`,
    ],
    ['an unknown key, which it brings along', async () => `Bearer ${await forgedKey(undefined)}`],
    ['a foreign key under a known name', async () => `Bearer ${await forgedKey(kid())}`],
    ['no key id', async () => `Bearer ${await signed({}, { kid: undefined })}`],
    ['type JWT', async () => `Bearer ${await signed({}, { typ: 'JWT' })}`],
    ['no type', async () => `Bearer ${await signed({}, { typ: undefined })}`],
    ['another issuer', async () => `Bearer ${await signed({ iss: 'http://elsewhere.example' })}`],
    ['another audience', async () => `Bearer ${await signed({ aud: 'http://elsewhere.example' })}`],
    ['several audiences', async () => `Bearer ${await signed({ aud: ['http://localhost:4000', 'x'] })}`],
    ['no expiry', async () => `Bearer ${await signed({ exp: undefined })}`],
    ['an expiry in the past', async () => `Bearer ${await signed({ exp: 1_000_000 })}`],
    ['an unknown session', async () => `Bearer ${await signed({ sid: newId() })}`],
    ['a session that is no id', async () => `Bearer ${await signed({ sid: "x' or true --" })}`],
    [
      'the session of somebody else',
      async () => `Bearer ${await signed({ sid: jwtParts(other.accessToken).claims['sid'] })}`,
    ],
    ['another subject on the own session', async () => `Bearer ${await signed({ sub: other.id })}`],
    ['no subject', async () => `Bearer ${await signed({ sub: undefined })}`],
  ])('that holds %s is refused with 401, whatever cookie comes with it', async (_what, header) => {
    const authorization = await header();
    for (const headers of [{}, { cookie }]) {
      const answer = await viewer(authorization, headers);
      expect(answer.status).toBe(401);
      expect(answer.code).toBe('UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(answer.data).toBeUndefined();
    }
  });

  test('ignores the cookie beside a good token: the bearer is who calls, without a CSRF token', async () => {
    const { data } = await viewer(`Bearer ${actor.accessToken}`, { cookie });
    expect(data.viewer?.user.id).toBe(actor.id);
    expect(data.viewer?.csrfToken).toBeNull();
  });

  test('never lets a cookie session be named by a token', async () => {
    const rows = await app().database.query<{ id: string }>(
      `select id from sessions where user_id = $1 and delivery = 'COOKIE'`,
      [other.id],
    );
    const token = await signed({ sid: rows[0]?.id, sub: other.id });
    expect((await viewer(`Bearer ${token}`)).status).toBe(401);
  });

  test('asks the database once for a good token, and not at all for a forged one', async () => {
    await viewer(`Bearer ${actor.accessToken}`);
    expect(await statementsOf(app(), () => viewer(`Bearer ${actor.accessToken}`))).toBe(1);
    expect(await statementsOf(app(), () => viewer(`Bearer ${spoilt(2)}`))).toBe(0);
  });

  test('is refused from the fifteenth minute on, a few seconds of clock difference aside', async () => {
    await makePerson(app(), { email: 'late@bearer.example' });
    const late = await signIn(app(), 'late@bearer.example');
    app().clock.advance(899);
    expect((await late.send(ViewerDocument, {})).status).toBe(200);
    app().clock.advance(6);
    expect((await late.send(ViewerDocument, {})).status).toBe(401);
  });

  test('is refused at once when the account is disabled or deleted', async () => {
    const gone = [
      await makePerson(app(), { email: 'disabled@bearer.example' }),
      await makePerson(app(), { email: 'deleted@bearer.example' }),
    ];
    const actors = [await signIn(app(), 'disabled@bearer.example'), await signIn(app(), 'deleted@bearer.example')];
    for (const one of actors) expect((await one.send(ViewerDocument, {})).status).toBe(200);
    await app().database.query(`update users set status = 'DISABLED' where id = $1`, [gone[0]]);
    await app().database.query('delete from users where id = $1', [gone[1]]);
    for (const one of actors) expect((await one.send(ViewerDocument, {})).status).toBe(401);
  });
});

describe('a request without an Authorization header', () => {
  const app = useTestApp();

  test.each([
    ['an unknown cookie', 'gatehouse=ghx_AAAAAAAAAAAA_AAAA'],
    ['an empty cookie', 'gatehouse='],
    ['a cookie of 8,000 characters', `gatehouse=${'x'.repeat(8000)}`],
    ['a cookie under the name for TLS', '__Host-gatehouse=ghx_AAAAAAAAAAAA_AAAA'],
  ])('and with %s is nobody, not an error', async (_what, cookie) => {
    const answer = await app().anonymous({ cookie }).send(ViewerDocument, {});
    expect([answer.status, answer.data, answer.errors]).toEqual([200, { viewer: null }, []]);
  });

  test('and with a cookie that lacks one character, or has one changed, is nobody', async () => {
    await makePerson(app(), { email: 'cookie@bearer.example' });
    const signedIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'cookie@bearer.example', password: PASSWORD } });
    const { pair } = cookieOf(signedIn);
    for (const cookie of [pair.slice(0, -1), pair.slice(0, 40) + (pair[40] === 'a' ? 'b' : 'a') + pair.slice(41)]) {
      expect((await app().anonymous({ cookie }).send(ViewerDocument, {})).data).toEqual({ viewer: null });
    }
    expect((await app().anonymous({ cookie: pair }).send(ViewerDocument, {})).data.viewer).not.toBeNull();
  });

  test('and with the cookie of a session that is over by idleness is nobody; use moves the end on', async () => {
    await makePerson(app(), { email: 'idle@bearer.example' });
    const signedIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'idle@bearer.example', password: PASSWORD } });
    const client = app().anonymous({ cookie: cookieOf(signedIn).pair });
    app().clock.advance(7 * 86_400 - 1);
    expect((await client.send(ViewerDocument, {})).data.viewer).not.toBeNull();
    await app().services.activity.flush();
    app().clock.advance(7 * 86_400 - 1);
    expect((await client.send(ViewerDocument, {})).data.viewer).not.toBeNull();
    await app().services.activity.flush();
    app().clock.advance(7 * 86_400);
    expect((await client.send(ViewerDocument, {})).data).toEqual({ viewer: null });
  });
});
