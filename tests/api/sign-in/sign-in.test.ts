import { beforeAll, describe, expect, test } from 'vitest';
import { SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { PasswordHasher } from '../../../src/crypto/password-hasher.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { cookieOf, recording, signInState, statementsOf } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const inSeconds = (from: Date, seconds: number): string => new Date(from.getTime() + seconds * 1000).toISOString();

describe('signIn', () => {
  const app = useTestApp();
  const send = (identifier: string, more: Record<string, unknown> = {}) =>
    app()
      .anonymous({ 'user-agent': 'Telescope/1' })
      .send(SignInDocument, { input: { identifier, password: PASSWORD, delivery: 'BODY', ...more } });

  test('hands over an access and a refresh token in the body, and keeps address, agent and names of the client', async () => {
    const id = await makePerson(app(), { email: 'body@sign.example', displayName: 'Body' });
    const now = app().clock.now();
    const client = { deviceName: 'Desk', clientName: 'Console' };
    const [answer, { audit, events }] = await recording(app(), () => send('body@sign.example', { client }));
    const payload = answer.data.signIn;
    expect(answer.errors).toEqual([]);
    expect(payload).toMatchObject({ step: 'COMPLETE', challenge: null, errors: [] });
    expect(payload?.user).toMatchObject({ id, status: 'ACTIVE', lastSignInAt: now.toISOString() });
    expect(payload?.tokens).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      accessTokenExpiresAt: inSeconds(now, 900),
      refreshToken: expect.stringMatching(/^ghr_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/),
      refreshTokenExpiresAt: inSeconds(now, 7 * 86_400),
      csrfToken: null,
    });
    expect(answer.headers.getSetCookie()).toEqual([]);
    const [session] = await app().database.query<Record<string, unknown>>(
      'select id, ip_address, user_agent, client_name, device_name, delivery, cookie_hash from sessions where user_id = $1',
      [id],
    );
    expect(session).toMatchObject({
      ip_address: '127.0.0.1',
      user_agent: 'Telescope/1',
      client_name: 'Console',
      device_name: 'Desk',
      delivery: 'BODY',
      cookie_hash: null,
    });
    expect(audit).toEqual([
      {
        action: 'session.started',
        result: 'SUCCESS',
        actor_id: id,
        target_type: 'Session',
        target_id: session?.['id'],
        metadata: { method: 'PASSWORD' },
      },
    ]);
    expect(events).toEqual([
      { type: 'SessionStarted', payload: { sessionId: session?.['id'], userId: id, method: 'PASSWORD' } },
    ]);
  });

  test('sets one opaque host-only cookie out of reach of scripts, and no JWT, with COOKIE delivery, the default', async () => {
    await makePerson(app(), { email: 'cookie@sign.example' });
    const now = app().clock.now();
    const answer = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'cookie@sign.example', password: PASSWORD } });
    const cookie = cookieOf(answer);
    expect(cookie.name).toBe('gatehouse');
    expect(cookie.value).toMatch(/^ghx_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    const expires = new Date(now.getTime() + 30 * 86_400_000).toUTCString();
    expect(cookie.attributes.toSorted()).toEqual(
      ['HttpOnly', 'Path=/', 'SameSite=Lax', `Expires=${expires}`].toSorted(),
    );
    expect(answer.data.signIn?.tokens).toEqual({
      accessToken: null,
      accessTokenExpiresAt: null,
      refreshToken: null,
      refreshTokenExpiresAt: null,
      csrfToken: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(JSON.stringify(answer.data)).not.toContain(cookie.value);
    const { data } = await app().anonymous({ cookie: cookie.pair }).send(ViewerDocument, {});
    expect(data.viewer?.user.email).toBe('cookie@sign.example');
    expect(data.viewer?.csrfToken).toBe(answer.data.signIn?.tokens?.csrfToken);
  });

  test('binds the cookie to the host by its name, and to TLS, behind an https base URL', async () => {
    const secure = await startTestApp({ beside: app(), settings: { 'server.baseUrl': 'https://id.example' } });
    await makePerson(app(), { email: 'tls@sign.example' });
    const answer = await secure
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'tls@sign.example', password: PASSWORD, delivery: 'COOKIE' } });
    const cookie = cookieOf(answer);
    expect(cookie.name).toBe('__Host-gatehouse');
    expect(cookie.attributes).toEqual(expect.arrayContaining(['Secure', 'HttpOnly', 'Path=/', 'SameSite=Lax']));
    expect(cookie.attributes.filter((text) => text.startsWith('Domain'))).toEqual([]);
    const { data } = await secure.anonymous({ cookie: cookie.pair }).send(ViewerDocument, {});
    expect(data.viewer?.user.email).toBe('tls@sign.example');
    await secure.close();
  });

  test('finds the account by address in any case, by phone number in any spelling, and by user name', async () => {
    const id = await makePerson(app(), { email: 'Many.Names@sign.example' });
    await app().database.query(
      `insert into identifiers (id, user_id, kind, value, exclusive, created_at) values
         (gen_random_uuid(), $1, 'PHONE', '+390612345678', true, now()), (gen_random_uuid(), $1, 'USERNAME', 'many.names', true, now())`,
      [id],
    );
    for (const typed of [
      'many.names@sign.example',
      'MANY.NAMES@SIGN.EXAMPLE',
      '  many.names@sign.example ',
      '+390612345678',
      '+39 06 1234 5678',
      'Many.Names',
    ]) {
      const { data } = await send(typed);
      expect([typed, data.signIn?.user?.id]).toEqual([typed, id]);
    }
  });

  test('sends two SQL statements, with either delivery', async () => {
    await makePerson(app(), { email: 'count@sign.example' });
    await send('count@sign.example');
    expect(await statementsOf(app(), () => send('count@sign.example'))).toBe(2);
    expect(await statementsOf(app(), () => send('count@sign.example', { delivery: 'COOKIE' }))).toBe(2);
  });

  test('hashes the password anew when the parameters were changed, and only then', async () => {
    const weak = new PasswordHasher({
      parameters: { memoryKib: 1024, iterations: 3, parallelism: 1 },
      implementation: 'auto',
      concurrency: 1,
      limit: 8,
    });
    const id = await makePerson(app(), { email: 'rehash@sign.example' });
    const old = await weak.hash(new Secret(PASSWORD));
    await app().database.query('update credentials set secret = $2 where user_id = $1', [id, old]);
    const read = async () =>
      (
        await app().database.query<{ secret: string; version: number }>(
          'select secret, version from credentials where user_id = $1',
          [id],
        )
      )[0];
    expect((await send('rehash@sign.example', { password: 'not the right one' })).data.signIn?.step).toBe('FAILED');
    expect((await read())?.secret).toBe(old);
    expect(await statementsOf(app(), () => send('rehash@sign.example'))).toBe(2);
    const stored = await read();
    expect(stored?.secret).toContain('m=1024,');
    expect(stored?.secret).toContain('t=1,');
    expect((await send('rehash@sign.example')).data.signIn?.step).toBe('COMPLETE');
    expect(await read()).toEqual(stored);
  });

  test('makes a session of its own for each of twenty sign-ins at once: right ones never lock each other out', async () => {
    const id = await makePerson(app(), { email: 'many@sign.example' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('many@sign.example')));
    expect(new Set(answers.map(({ data }) => data.signIn?.step))).toEqual(new Set(['COMPLETE']));
    expect(new Set(answers.map(({ data }) => data.signIn?.tokens?.refreshToken)).size).toBe(20);
    expect(await app().database.query('select id from sessions where user_id = $1', [id])).toHaveLength(20);
  });

  describe('refuses input that no form sends', () => {
    beforeAll(async () => {
      await makePerson(app(), { email: 'bad@sign.example' });
      await makePerson(app(), { email: 'client@sign.example' });
    });

    test.each([
      ['an empty identifier', { identifier: '' }],
      ['an empty password', { password: '' }],
      ['a NUL in the identifier', { identifier: 'bad@sign.example\0' }],
      ['a NUL after the right password', { password: `${PASSWORD}\0` }],
      ['a lone surrogate in the password', { password: '\ud800' }],
      ['an identifier of 200,000 characters', { identifier: 'a'.repeat(200_000) }],
      ['a password of 200,000 characters', { password: 'p'.repeat(200_000) }],
    ])('%s: as wrong credentials', async (_what, change) => {
      await app().database.query(`update users set failed_sign_in_count = 0, locked_until = null`);
      const before = await signInState(app());
      const { data, errors } = await send('bad@sign.example', change);
      expect(errors).toEqual([]);
      expect(data.signIn).toMatchObject({ step: 'FAILED', user: null, tokens: null });
      expect(data.signIn?.errors.map(({ code }) => code)).toEqual(['INVALID_CREDENTIALS']);
      expect(await signInState(app())).toEqual(before);
    });

    test.each([
      ['a name of 101 characters', { clientName: 'n'.repeat(101) }, 'TOO_LONG'],
      ['a control character', { clientName: 'a\u0000b' }, 'INVALID_VALUE'],
      ['a lone surrogate', { clientName: '\udc00' }, 'INVALID_VALUE'],
    ])('%s in the name of the client: with its field', async (_what, client, code) => {
      const before = await signInState(app());
      const { data } = await send('client@sign.example', { client });
      expect(data.signIn).toMatchObject({ step: 'FAILED', errors: [{ code, field: ['client', 'clientName'] }] });
      expect(await signInState(app())).toEqual(before);
    });

    test.each([
      ['a number as identifier', { identifier: 7 }],
      ['a list as password', { password: [PASSWORD] }],
      ['null as password', { password: null }],
      ['an unknown delivery', { delivery: 'HEADER' }],
      ['an unknown field', { userId: 'x' }],
      // Refused by the parser of JSON already, before GraphQL sees it.
      ['a prototype key', JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>],
    ])('%s: 400 before anything runs', async (_what, change) => {
      const input = Object.assign(Object.create(null) as object, { identifier: 'a@b.example', password: PASSWORD });
      for (const key of Reflect.ownKeys(change)) {
        Object.defineProperty(input, key, { value: Reflect.get(change, key) as unknown, enumerable: true });
      }
      const before = app().database.statements.count;
      const answer = await app()
        .anonymous()
        .post({ query: 'mutation($input: SignInInput!) { signIn(input: $input) { step } }', variables: { input } });
      expect(answer.status).toBe(400);
      expect(answer.code).toBe(Object.hasOwn(change, '__proto__') ? 'BAD_REQUEST' : 'BAD_USER_INPUT');
      expect(JSON.stringify(answer.errors)).not.toContain(PASSWORD);
      expect(app().database.statements.count).toBe(before);
    });

    test('a body of one megabyte: 413, without a look at it', async () => {
      const answer = await send('big@sign.example', { password: 'p'.repeat(1_048_576) });
      expect(answer.status).toBe(413);
    });
  });

  test('allows one look at a password in a document, under aliases and fragments too', async () => {
    await makePerson(app(), { email: 'alias@sign.example' });
    const input = `{ identifier: "alias@sign.example", password: "${PASSWORD}" }`;
    const before = await signInState(app());
    for (const query of [
      `mutation { a: signIn(input: ${input}) { step } b: signIn(input: ${input}) { step } }`,
      `mutation { a: signIn(input: ${input}) { step } ...F } fragment F on Mutation { b: signIn(input: ${input}) { step } }`,
      `mutation { signIn(input: ${input}) { step } confirmIdentity(input: { password: "x" }) { freshUntil } }`,
    ]) {
      const answer = await app().anonymous().run(query);
      expect(answer.code).toBe('QUERY_TOO_COMPLEX');
    }
    const batch = await app()
      .anonymous()
      .post([{ query: '{ viewer { csrfToken } }' }]);
    expect(batch.status).toBe(400);
    expect(await signInState(app())).toEqual(before);
  });
});
