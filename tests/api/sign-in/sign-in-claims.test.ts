import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { describe, expect, test } from 'vitest';
import { ViewerDocument } from '../../../generated/client/graphql.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { jwtParts } from '../../support/records.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const keysOf = async (app: TestApp): Promise<JSONWebKeySet> =>
  (await (await fetch(`${app.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;

describe('the access token of signIn', () => {
  const app = useTestApp();

  test('is an at+jwt with exactly the promised claims, verifiable by the published keys alone', async () => {
    const groupId = await makeGroup(app(), 'Astronomers', ['view:users']);
    const id = await makePerson(app(), { email: 'claims@sign.example', groupIds: [MEMBERS_GROUP_ID, groupId] });
    const now = app().clock.now();
    const actor = await signIn(app(), 'claims@sign.example');
    const { header, claims } = jwtParts(actor.accessToken);
    const keys = await keysOf(app());
    expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.keys[0]?.kid });
    const { data } = await actor.send(ViewerDocument, {});
    const seconds = now.getTime() / 1000;
    expect(claims).toEqual({
      iss: 'http://localhost:4000',
      aud: 'http://localhost:4000',
      sub: id,
      sid: data.viewer?.session?.id,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      iat: seconds,
      exp: seconds + 900,
      auth_time: seconds,
      acr: 'aal1',
      amr: ['pwd'],
      pv: data.viewer?.permissionVersion,
      email: 'claims@sign.example',
      groups: expect.arrayContaining(['Members', 'Astronomers']),
    });
    expect(claims['groups']).toHaveLength(2);
    const verified = await jwtVerify(actor.accessToken, createLocalJWKSet(keys), {
      issuer: 'http://localhost:4000',
      audience: 'http://localhost:4000',
      typ: 'at+jwt',
      algorithms: ['EdDSA'],
      currentDate: now,
    });
    expect(verified.payload.sub).toBe(id);
    for (const key of keys.keys) expect(Object.keys(key)).not.toContain('d');
  });

  test('has an id of its own for each session', async () => {
    await makePerson(app(), { email: 'ids@sign.example' });
    const both = await Promise.all([signIn(app(), 'ids@sign.example'), signIn(app(), 'ids@sign.example')]);
    const ids = both.map(({ accessToken }) => jwtParts(accessToken).claims['jti']);
    expect(new Set(ids).size).toBe(2);
  });

  test.each(['ES256', 'RS256'] as const)('is signed by %s when the setting says so', async (algorithm) => {
    const other = await startTestApp({ settings: { 'tokens.algorithm': algorithm } });
    await makePerson(other, { email: 'alg@sign.example' });
    const actor = await signIn(other, 'alg@sign.example');
    const keys = await keysOf(other);
    expect(jwtParts(actor.accessToken).header).toEqual({ alg: algorithm, typ: 'at+jwt', kid: keys.keys[0]?.kid });
    await jwtVerify(actor.accessToken, createLocalJWKSet(keys), {
      algorithms: [algorithm],
      currentDate: other.clock.now(),
    });
    expect((await actor.send(ViewerDocument, {})).data.viewer?.user.email).toBe('alg@sign.example');
    await other.close();
  });

  test('leaves address and groups out, and names issuer, audience and unconstrained permissions, by setting', async () => {
    const other = await startTestApp({
      beside: app(),
      settings: {
        'tokens.claimEmail': 'false',
        'tokens.claimGroups': 'false',
        'tokens.claimScope': 'true',
        'tokens.issuer': 'https://issuer.example',
        'tokens.audience': 'https://api.example',
        'tokens.accessTtlSeconds': '5m',
      },
    });
    const groupId = await makeGroup(app(), 'Viewers of groups', ['view:groups', 'create:users']);
    await makePerson(app(), { email: 'scope@sign.example', groupIds: [groupId] });
    const { claims } = jwtParts((await signIn(other, 'scope@sign.example')).accessToken);
    expect(claims['email']).toBeUndefined();
    expect(claims['groups']).toBeUndefined();
    expect(claims['iss']).toBe('https://issuer.example');
    expect(claims['aud']).toBe('https://api.example');
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300);
    expect(String(claims['scope']).split(' ').toSorted()).toEqual(['create:users', 'view:groups']);
    await other.close();
  });

  test('writes admin:* out for routers, without the protected permissions it does not cover', async () => {
    const other = await startTestApp({ beside: app(), settings: { 'tokens.claimScope': 'true' } });
    await makePerson(app(), { email: 'all@sign.example', groupIds: [ADMINISTRATORS_GROUP_ID] });
    const scopes = String(jwtParts((await signIn(other, 'all@sign.example')).accessToken).claims['scope']).split(' ');
    expect(scopes).toEqual(expect.arrayContaining(['view:users', 'create:groups', 'delete:users']));
    expect(scopes).not.toContain('rotate:signing-keys');
    expect(scopes).not.toContain('*');
    expect(scopes.length).toBeLessThanOrEqual(100);
    await other.close();
  });
});
