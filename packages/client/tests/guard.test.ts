import Fastify from 'fastify';
import { beforeAll, describe, expect, test } from 'vitest';
import { guardOf } from '../src/apollo.ts';
import { DecisionClient, type Decisions } from '../src/decision-client.ts';
import { guardRequests, statusOf } from '../src/fastify.ts';
import { Guard } from '../src/guard.ts';
import { CannedDecisions, TestIssuer } from '../src/testing.ts';
import { TokenVerifier } from '../src/token-verifier.ts';

const userId = '01890000-0000-7000-8000-000000000001';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await TestIssuer.create();
});

const guardFor = async (allowed: ConstructorParameters<typeof CannedDecisions>[0]) =>
  new Guard(await issuer.verifier.verify(await issuer.sign({ userId })), new CannedDecisions(allowed));

describe('a guard', () => {
  test('lets pass what is allowed, and says what is missing', async () => {
    const guard = await guardFor(['view:shop.purchases']);
    expect(await guard.may('view', 'shop.purchases')).toBe(true);
    expect(await guard.require('view', 'shop.purchases')).toMatchObject({ userId });
    await expect(guard.require('cancel', 'shop.purchases', { rowId: '7' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      extensions: { missing: ['cancel:shop.purchases'], reason: 'NO_GRANT' },
    });
  });

  test('keeps the rows that are allowed, in their order', async () => {
    const guard = await guardFor(({ attributes }) => Number(attributes?.['amount']) <= 10);
    const rows = [{ amount: 5 }, { amount: 50 }, { amount: 10 }];
    expect(await guard.filter('view', 'shop.purchases', rows, (row) => ({ attributes: row }))).toEqual([
      rows[0],
      rows[2],
    ]);
  });

  test('allows nobody anything', async () => {
    const nobody = new Guard(null, new CannedDecisions(() => true));
    expect(await nobody.may('view', 'shop.purchases')).toBe(false);
    await expect(nobody.require('view', 'shop.purchases')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await nobody.filter('view', 'shop.purchases', [{}], () => ({}))).toEqual([]);
  });
});

describe('Fastify', () => {
  const serve = (verifier: TokenVerifier) => {
    const app = Fastify();
    guardRequests(app, { verifier, decisions: new CannedDecisions(['view:shop.purchases']) });
    app.setErrorHandler((error, _request, reply) => reply.code(statusOf(error) ?? 500).send({}));
    app.get<{ Querystring: { action: string } }>('/', async (request) => {
      const { guard } = request as unknown as { guard: Guard };
      const { userId: id } = await guard.require(request.query.action, 'shop.purchases');
      return { id };
    });
    return app;
  };

  test('answers 200, 403 and 401 as the guard says, and 503 without keys', async () => {
    const app = serve(issuer.verifier);
    const authorization = `Bearer ${await issuer.sign({ userId })}`;
    const statusFor = async (action: string, headers: Record<string, string>) =>
      (await app.inject({ url: `/?action=${action}`, headers })).statusCode;
    expect(await statusFor('view', { authorization })).toBe(200);
    expect(await statusFor('cancel', { authorization })).toBe(403);
    expect(await statusFor('view', {})).toBe(401);
    const bad = await app.inject({ url: '/?action=view', headers: { authorization: 'Bearer nonsense' } });
    expect([bad.statusCode, bad.headers['www-authenticate']]).toEqual([401, expect.stringContaining('invalid_token')]);
    const cut = serve(new TokenVerifier({ issuer: 'https://a.test', audience: 'b', jwksUrl: 'http://127.0.0.1:1/' }));
    const unavailable = await cut.inject({ url: '/?action=view', headers: { authorization } });
    expect(unavailable.statusCode).toBe(503);
    expect(unavailable.json()).toMatchObject({ error: 'temporarily_unavailable' });
  });
});

describe('Fastify without an error handler of one’s own', () => {
  const statusWith = async (decisions: Decisions, headers: Record<string, string>) => {
    const app = Fastify();
    guardRequests(app, { verifier: issuer.verifier, decisions });
    app.get('/', async (request) => {
      const { guard } = request as unknown as { guard: Guard };
      return guard.require('cancel', 'shop.purchases');
    });
    const { statusCode, body } = await app.inject({ url: '/', headers });
    return { statusCode, code: (JSON.parse(body) as { code?: string }).code };
  };

  test('answers denials with 401 and 403, and 503 when nobody decides', async () => {
    const authorization = `Bearer ${await issuer.sign({ userId })}`;
    const nothing = new CannedDecisions([]);
    expect(await statusWith(nothing, {})).toEqual({ statusCode: 401, code: 'UNAUTHENTICATED' });
    expect(await statusWith(nothing, { authorization })).toEqual({ statusCode: 403, code: 'FORBIDDEN' });
    const away = new DecisionClient({ url: 'http://127.0.0.1:1/graphql' });
    expect(await statusWith(away, { authorization })).toEqual({ statusCode: 503, code: 'SERVICE_UNAVAILABLE' });
    await expect(away.decide('mine', [{ action: 'view', resource: 'shop.purchases' }])).rejects.toSatisfy(
      (error) => statusOf(error) === 503,
    );
  });
});

describe('Apollo Server', () => {
  test('gets a guard from the request, or an error with the status that belongs to it', async () => {
    const context = guardOf({ verifier: issuer.verifier, decisions: new CannedDecisions([]) });
    expect((await context({ headers: {} })).caller).toBeNull();
    const authorization = `Bearer ${await issuer.sign({ userId })}`;
    expect((await context({ headers: { authorization } })).caller).toMatchObject({ userId });
    await expect(context({ headers: { authorization: 'Bearer nonsense' } })).rejects.toMatchObject({
      extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
    });
  });
});
