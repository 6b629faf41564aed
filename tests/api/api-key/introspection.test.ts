import { beforeAll, describe, expect, test } from 'vitest';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { type KeyHolder, makeKey, makeService } from '../../support/api-keys.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { jwtParts, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

type Facts = Readonly<Record<string, unknown>>;

const post = (
  authorization: string | null,
  body: string,
  type = 'application/x-www-form-urlencoded',
): Promise<Response> =>
  fetch(`${app().url}/oauth/introspect`, {
    method: 'POST',
    headers: { 'content-type': type, ...(authorization === null ? {} : { authorization }) },
    body,
  });

const ask = async (key: KeyHolder, parameters: Readonly<Record<string, string>>): Promise<Facts> => {
  const response = await post(`Bearer ${key.secret}`, new URLSearchParams(parameters).toString());
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  return (await response.json()) as Facts;
};

const INACTIVE = { active: false };

describe('POST /oauth/introspect', () => {
  let server: KeyHolder;
  let person: Actor;

  beforeAll(async () => {
    server = await makeKey(app(), cast().admin, { permissions: grants('view:sessions') });
    person = await holderOf(app(), ['view:stats']);
  });

  test('tells a resource server of an access token what it may rely on, as it is now', async () => {
    const { claims } = jwtParts(person.accessToken);
    const facts = await ask(server, { token: person.accessToken, token_type_hint: 'access_token' });
    expect(facts).toEqual({
      active: true,
      sub: person.id,
      token_type: 'Bearer',
      iss: claims['iss'],
      aud: claims['aud'],
      scope: 'create-own:api-keys view:stats',
      pv: expect.any(String),
      sid: claims['sid'],
      jti: claims['jti'],
      iat: claims['iat'],
      exp: claims['exp'],
      amr: claims['amr'],
      acr: 'aal1',
      auth_time: claims['auth_time'],
    });
  });

  test('tells of an API key whose it is and what it may do', async () => {
    const key = await makeKey(app(), person, { permissions: grants('view:stats') });
    const facts = await ask(server, { token: key.secret });
    expect(facts).toMatchObject({
      active: true,
      sub: person.id,
      client_id: key.keyId,
      scope: 'view:stats',
      token_type: 'Bearer',
    });
    expect(facts).not.toHaveProperty('sid');
    expect(Number(facts['exp']) - Number(facts['iat'])).toBe(365 * 86_400);
  });

  test('does not mark what is asked about as used, and counts none of its requests', async () => {
    const key = await makeKey(app(), person, { rateLimitPerMinute: 1 });
    await app().services.apiKeyUse.flush();
    for (let count = 0; count < 3; count += 1)
      expect(await ask(server, { token: key.secret })).toMatchObject({ active: true });
    await app().services.apiKeyUse.flush();
    const [row] = await app().database.query('select last_used_at from api_keys where id = $1', [key.keyId]);
    expect(row).toEqual({ last_used_at: null });
    app().clock.advance(61);
    await ask(server, { token: person.accessToken });
    expect(await statementsOf(app(), () => app().services.activity.flush())).toBe(0);
  });

  test('costs three statements: who asks, what is asked about, and whether they may know', async () => {
    expect(await statementsOf(app(), () => ask(server, { token: person.accessToken }))).toBe(3);
  });

  test('says nothing but `active: false` of whatever does not work', async () => {
    const email = `${unique('over')}@example.com`;
    await makePerson(app(), { email });
    const over = await signIn(app(), email);
    const revoked = await makeKey(app(), over);
    await over.run(`mutation { revokeApiKey(input: { id: "${revoked.keyId}" }) { errors { code } } }`);
    await over.run('mutation { signOut(input: {}) { errors { code } } }');
    const tokens = [
      over.accessToken,
      revoked.secret,
      person.refreshToken,
      createToken('apiKey').token.reveal(),
      createToken('session').token.reveal(),
      `${person.accessToken}x`,
      'ghk_',
      'x'.repeat(5000),
    ];
    for (const token of tokens) expect(await ask(server, { token })).toEqual(INACTIVE);
  });

  test('ends with the lock of its owner', async () => {
    const email = `${unique('locked')}@example.com`;
    const id = await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    const key = await makeKey(app(), actor);
    await cast().admin.run(`mutation { lockUsers(input: { ids: ["${id}"], reason: "x" }) { errors { code } } }`);
    for (const token of [actor.accessToken, key.secret]) expect(await ask(server, { token })).toEqual(INACTIVE);
  });

  test('of a key bound to networks needs the address it came from', async () => {
    const key = await makeKey(app(), person, { networks: ['192.0.2.0/24'] });
    expect(await ask(server, { token: key.secret })).toEqual(INACTIVE);
    expect(await ask(server, { token: key.secret, client_ip: '198.51.100.1' })).toEqual(INACTIVE);
    expect(await ask(server, { token: key.secret, client_ip: '192.0.2.7' })).toMatchObject({ active: true });
    expect(await ask(server, { token: key.secret, client_ip: '::ffff:192.0.2.7' })).toMatchObject({ active: true });
  });

  test('tells only of users within the reach of the caller', async () => {
    const organizationId = await makeOrganization(app());
    const group = await makeGroup(app(), unique('sessions'), ['view:sessions'], 'LISTED');
    const service = await makeService(app());
    await joinOrganization(app(), service, organizationId, [group]);
    const within = await makeKey(app(), cast().admin, { ownerId: service });
    expect(await ask(within, { token: person.accessToken })).toEqual(INACTIVE);
    expect(await ask(within, { token: server.secret })).toEqual(INACTIVE);
    await joinOrganization(app(), person.id, organizationId);
    expect(await ask(within, { token: person.accessToken })).toMatchObject({ active: true, sub: person.id });
  });

  test('is for API keys that carry `view:sessions` alone', async () => {
    const body = new URLSearchParams({ token: person.accessToken }).toString();
    const weak = await makeKey(app(), cast().admin, { permissions: grants('view:users') });
    const bound = await makeKey(app(), cast().admin, {
      documents: ['{ users { nodes { sessions { totalCount } } } }'],
      bindToDocuments: true,
    });
    const before = await databaseState(app());
    const callers: readonly (readonly [string | null, number])[] = [
      [null, 401],
      ['Basic eDp5', 401],
      [`Bearer ${createToken('apiKey').token.reveal()}`, 401],
      [`Bearer ${person.accessToken}`, 403],
      [`Bearer ${cast().admin.accessToken}`, 403],
      [`Bearer ${weak.secret}`, 403],
      [`Bearer ${bound.secret}`, 403],
    ];
    for (const [authorization, status] of callers) {
      const response = await post(authorization, body);
      const text = await response.text();
      expect([authorization, response.status]).toEqual([authorization, status]);
      expect(text).not.toContain(person.id);
      expect(response.headers.has('www-authenticate')).toBe(status === 401);
    }
    expect(await databaseState(app())).toEqual(before);
  });

  test('takes a form with one token, and nothing from the address', async () => {
    const authorization = `Bearer ${server.secret}`;
    const statusOf = async (body: string, type?: string): Promise<number> =>
      (await post(authorization, body, type)).status;
    expect(await statusOf('')).toBe(400);
    expect(await statusOf('token=')).toBe(400);
    expect(await statusOf('token=a&token=b')).toBe(400);
    expect(await statusOf('token=a&client_ip=nowhere')).toBe(400);
    expect(await statusOf(JSON.stringify({ token: 'a' }), 'application/json')).toBe(415);
    expect(await statusOf('token=a', 'text/plain')).toBe(415);
    expect(await statusOf(`token=${'a'.repeat(20_000)}`)).toBe(413);
    const get = await fetch(`${app().url}/oauth/introspect?token=${person.accessToken}`, {
      headers: { authorization },
    });
    expect(get.status).toBe(404);
  });

  test('counts against the limit of the key that asks', async () => {
    const limited = await makeKey(app(), cast().admin, { permissions: grants('view:sessions'), rateLimitPerMinute: 1 });
    const body = new URLSearchParams({ token: person.accessToken }).toString();
    expect((await post(`Bearer ${limited.secret}`, body)).status).toBe(200);
    const second = await post(`Bearer ${limited.secret}`, body);
    expect([second.status, Number(second.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });

  test('leaves no token in the log', async () => {
    await ask(server, { token: person.accessToken });
    expect(app().log.some((line) => line.includes(person.accessToken.slice(-20)))).toBe(false);
  });
});
