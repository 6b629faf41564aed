import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExchangeTokenDocument, IdentitiesOfDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { Actor, makePerson } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { OTHER_CLIENT, startProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { cookieOf, jwtParts } from '../../support/records.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from './provider-settings.ts';

let provider: TestProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startProvider();
  provider.people.set('ada', { email: 'ada@people.example', emailVerified: true, name: 'Ada Lovelace', locale: 'it' });
  provider.people.set('grace', { email: 'grace@people.example', emailVerified: false, name: 'Grace' });
  app = await startTestApp({
    settings: issuers(issuerEntry(provider.issuer, { jitUsers: true, trustEmail: true })),
  });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const exchange = (subjectToken: string, more: Readonly<Record<string, unknown>> = {}) =>
  app.anonymous().send(ExchangeTokenDocument, {
    input: { issuer: provider.issuer, subjectToken, subjectTokenType: 'ACCESS_TOKEN', delivery: 'BODY', ...more },
  });

const exchanged = async (subjectToken: string, more: Readonly<Record<string, unknown>> = {}) =>
  (await exchange(subjectToken, more)).data.exchangeToken;

const idToken = { subjectTokenType: 'ID_TOKEN' };

const actorOf = async (subject: string): Promise<Actor> => {
  const { accessToken } = await provider.tokensFor(subject);
  const payload = await exchanged(accessToken);
  return new Actor(`${app.url}/graphql`, {
    id: payload?.user?.id as Actor['id'],
    email: payload?.user?.email ?? '',
    accessToken: payload?.tokens?.accessToken ?? '',
    refreshToken: payload?.tokens?.refreshToken ?? '',
  });
};

describe('exchangeToken', () => {
  test('makes an account for somebody new and signs in, then finds it again', async () => {
    const { accessToken } = await provider.tokensFor('ada');
    const { answer, audit, events } = await recording(app, () => exchange(accessToken));
    const payload = answer.data.exchangeToken;
    expect(payload).toMatchObject({
      step: 'COMPLETE',
      created: true,
      errors: [],
      challenge: null,
      user: {
        email: 'ada@people.example',
        displayName: 'Ada Lovelace',
        locale: 'it',
        status: 'ACTIVE',
      },
    });
    const userId = payload?.user?.id ?? '';
    const { claims } = jwtParts(payload?.tokens?.accessToken ?? '');
    expect(claims).toMatchObject({ sub: userId, iss: 'http://localhost:4000', acr: 'aal1', amr: ['fed'] });
    expect(audit.map(({ action, result, metadata }) => [action, result, metadata['issuer']])).toEqual([
      ['identity.linked', 'SUCCESS', provider.issuer],
      ['session.started', 'SUCCESS', provider.issuer],
      ['user.created', 'SUCCESS', provider.issuer],
    ]);
    expect(audit[1]?.metadata).toEqual({ method: 'EXTERNAL_PROVIDER', issuer: provider.issuer });
    expect(events.map(({ type }) => type)).toEqual(['UserRegistered', 'IdentityLinked', 'SessionStarted']);
    expect(JSON.stringify([audit, events, app.log])).not.toContain(accessToken);

    const [row] = await app.database.query('select source, external_id from users where id = $1', [userId]);
    expect(row).toEqual({ source: provider.issuer, external_id: 'ada' });
    const groups = await app.database.query(
      'select g.name from memberships m join groups g on g.id = m.group_id where m.user_id = $1',
      [userId],
    );
    expect(groups).toEqual([{ name: 'Members' }]);

    const again = await exchanged((await provider.tokensFor('ada')).accessToken);
    expect([again?.step, again?.created, again?.user?.id]).toEqual(['COMPLETE', false, userId]);
    const { data } = await app
      .anonymous({ authorization: `Bearer ${again?.tokens?.accessToken ?? ''}` })
      .send(IdentitiesOfDocument, { id: userId });
    expect(data.user?.identities).toEqual([
      {
        id: expect.any(String) as string,
        issuer: provider.issuer,
        providerName: 'Test provider',
        subject: 'ada',
        email: 'ada@people.example',
        linkedAt: app.clock.now().toISOString(),
        lastUsedAt: app.clock.now().toISOString(),
      },
    ]);
  });

  test('hands the session over in a cookie', async () => {
    const { accessToken } = await provider.tokensFor('ada');
    const answer = await exchange(accessToken, { delivery: 'COOKIE' });
    expect(answer.data.exchangeToken?.tokens).toMatchObject({ accessToken: null, refreshToken: null });
    const { data } = await app.anonymous({ cookie: cookieOf(answer).pair }).send(ViewerDocument, {});
    expect(data.viewer?.user.email).toBe('ada@people.example');
    expect(data.viewer?.session?.signInMethod).toBe('EXTERNAL_PROVIDER');
  });

  test('takes an ID token once, also when it comes fifty times at once, on two replicas', async () => {
    const replica = await startTestApp({ beside: app, settings: issuers(issuerEntry(provider.issuer)) });
    const { idToken: token } = await provider.tokensFor('ada');
    const answers = await inParallel(50, async (index) => {
      const client = index % 2 === 0 ? app : replica;
      const { data } = await client.anonymous().send(ExchangeTokenDocument, {
        input: { issuer: provider.issuer, subjectToken: token, subjectTokenType: 'ID_TOKEN', delivery: 'BODY' },
      });
      return data.exchangeToken;
    });
    await replica.close();
    expect(answers.filter((payload) => payload?.step === 'COMPLETE')).toHaveLength(1);
    const refused = answers.filter((payload) => payload?.step === 'FAILED');
    expect(refused.map((payload) => payload?.errors.map(({ code }) => code))).toEqual(
      Array.from({ length: 49 }, () => ['SUBJECT_TOKEN_INVALID']),
    );
    const { answer, audit } = await recording(app, () => exchange(token, idToken));
    expect(answer.data.exchangeToken).toMatchObject({ step: 'FAILED', user: null, tokens: null, created: false });
    expect(audit).toMatchObject([
      {
        action: 'session.started',
        result: 'FAILURE',
        metadata: { method: 'EXTERNAL_PROVIDER', issuer: provider.issuer, reason: 'REPLAYED' },
      },
    ]);
  });

  test('makes one account of twenty first sign-ins at once', async () => {
    provider.people.set('many', { name: 'Many', email: 'many@people.example', emailVerified: true });
    const { accessToken } = await provider.tokensFor('many');
    const answers = await inParallel(20, () => exchanged(accessToken));
    expect(answers.map((payload) => payload?.step)).toEqual(Array.from({ length: 20 }, () => 'COMPLETE'));
    expect(new Set(answers.map((payload) => payload?.user?.id)).size).toBe(1);
    expect(answers.filter((payload) => payload?.created === true)).toHaveLength(1);
    const rows = await app.database.query('select id from users where external_id = $1', ['many']);
    expect(rows).toHaveLength(1);
  });

  test('never finds an account by its address, and leaves the address to whom it belongs', async () => {
    const owner = await makePerson(app, { email: 'owner@people.example' });
    provider.people.set('thief', { name: 'Thief', email: 'Owner@people.example', emailVerified: true });
    const payload = await exchanged((await provider.tokensFor('thief')).accessToken);
    expect(payload).toMatchObject({ step: 'COMPLETE', created: true, user: { email: null, displayName: 'Thief' } });
    expect(payload?.user?.id).not.toBe(owner);
    const rows = await app.database.query('select user_id from identifiers where value = $1', ['owner@people.example']);
    expect(rows).toEqual([{ user_id: owner }]);
  });

  test('shows no address that the provider does not call verified', async () => {
    const payload = await exchanged((await provider.tokensFor('grace')).accessToken);
    expect(payload).toMatchObject({ step: 'COMPLETE', user: { email: null, displayName: 'Grace' } });
    const rows = await app.database.query('select 1 from identifiers where value = $1', ['grace@people.example']);
    expect(rows).toEqual([]);
  });

  test("refuses what another client was given: ID tokens by audience, access tokens' kind by kind", async () => {
    const other = await provider.tokensFor('ada', { client: OTHER_CLIENT });
    const own = await provider.tokensFor('ada');
    const opaque = await provider.tokensFor('ada', { resource: null });
    const { answer, changed } = await changing(app, async () => [
      await exchanged(other.idToken, idToken),
      await exchanged(own.idToken), // an ID token is no access token
      await exchanged(own.accessToken, idToken), // nor the other way round
      await exchanged(opaque.accessToken), // opaque tokens are refused unless the settings say how to ask
      await exchanged(`${own.accessToken}x`),
      await exchanged(''),
      await exchanged('x'.repeat(20_000)),
    ]);
    expect(answer.map((payload) => payload?.errors)).toEqual(
      answer.map(() => [
        { code: 'SUBJECT_TOKEN_INVALID', field: ['subjectToken'], message: expect.any(String), targetId: null },
      ]),
    );
    expect(changed).toEqual(['audit_events']);
  });

  test.each(['https://unknown.example', '', 'http://127.0.0.1:1/'])('answers UNKNOWN_ISSUER for %j', async (issuer) => {
    const { accessToken } = await provider.tokensFor('ada');
    const { answer, changed } = await changing(app, () => exchanged(accessToken, { issuer }));
    expect(answer).toMatchObject({ step: 'FAILED', errors: [{ code: 'UNKNOWN_ISSUER', field: ['issuer'] }] });
    expect(changed).toEqual([]);
  });

  test('compares the issuer as text', async () => {
    const { accessToken } = await provider.tokensFor('ada');
    const payload = await exchanged(accessToken, { issuer: `${provider.issuer}/` });
    expect(payload?.errors).toMatchObject([{ code: 'UNKNOWN_ISSUER' }]);
  });

  test('refuses accounts that may not sign in as every sign-in does', async () => {
    const actor = await actorOf('grace');
    await app.database.query(`update users set status = 'DISABLED', status_reason = 'Left.' where id = $1`, [actor.id]);
    const { accessToken } = await provider.tokensFor('grace');
    const { answer, audit } = await recording(app, () => exchange(accessToken));
    expect(answer.data.exchangeToken).toMatchObject({ step: 'FAILED', errors: [{ code: 'INVALID_CREDENTIALS' }] });
    expect(audit).toMatchObject([{ action: 'session.started', result: 'FAILURE', metadata: { reason: 'DISABLED' } }]);
    await app.database.query(`update users set status = 'ACTIVE', status_reason = null where id = $1`, [actor.id]);
  });

  test('costs five statements for somebody known, by keys that are held', async () => {
    const { accessToken } = await provider.tokensFor('ada');
    await exchange(accessToken);
    const asked = provider.requests.length;
    const { answer, statements } = await statementsOf(app, () => exchange(accessToken));
    expect(answer.data.exchangeToken?.step).toBe('COMPLETE');
    expect(provider.requests.length).toBe(asked);
    expect(statements).toBe(5);
  });

  test('goes on while the provider is away, by the keys that were read', async () => {
    const { accessToken } = await provider.tokensFor('ada');
    expect((await exchanged(accessToken))?.step).toBe('COMPLETE');
    provider.away = true;
    app.clock.advance(400); // past the five minutes that keys count as fresh
    const payload = await exchanged(accessToken);
    expect([payload?.step, payload?.errors]).toEqual(['COMPLETE', []]);
    provider.away = false;
  });
});

describe('without accounts made just in time', () => {
  test('answers ACCOUNT_NOT_PROVISIONED, and leaves nothing but a line in the log', async () => {
    const closed = await startTestApp({ settings: issuers(issuerEntry(provider.issuer)) });
    const { accessToken } = await provider.tokensFor('ada');
    const { answer, changed } = await changing(closed, () =>
      closed.anonymous().send(ExchangeTokenDocument, {
        input: { issuer: provider.issuer, subjectToken: accessToken, delivery: 'BODY' },
      }),
    );
    expect(answer.data.exchangeToken).toMatchObject({
      step: 'FAILED',
      user: null,
      created: false,
      errors: [{ code: 'ACCOUNT_NOT_PROVISIONED' }],
    });
    expect(changed).toEqual(['audit_events']);
    await closed.close();
  });
});

describe('opaque access tokens', () => {
  test('are taken by introspection, for the client and audience of the settings alone', async () => {
    const asking = await startTestApp({
      settings: issuers(issuerEntry(provider.issuer, { jitUsers: true, opaqueTokens: 'introspection' })),
    });
    const send = async (subjectToken: string) =>
      (
        await asking
          .anonymous()
          .send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken, delivery: 'BODY' } })
      ).data.exchangeToken;
    const own = await provider.tokensFor('ada', { resource: null });
    const other = await provider.tokensFor('ada', { resource: null, client: OTHER_CLIENT });
    expect(await send(own.accessToken)).toMatchObject({ step: 'COMPLETE', user: { displayName: 'Ada Lovelace' } });
    expect(await send(other.accessToken)).toMatchObject({ errors: [{ code: 'SUBJECT_TOKEN_INVALID' }] });
    expect(await send('made-up')).toMatchObject({ errors: [{ code: 'SUBJECT_TOKEN_INVALID' }] });
    provider.away = true;
    const away = await asking
      .anonymous()
      .send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken: own.accessToken } });
    expect(away.code).toBe('SERVICE_UNAVAILABLE');
    provider.away = false;
    await asking.close();
  });

  test('are taken by userinfo where the settings accept what any client was given', async () => {
    const asking = await startTestApp({
      settings: issuers(issuerEntry(provider.issuer, { jitUsers: true, opaqueTokens: 'userinfo' })),
    });
    const { accessToken } = await provider.tokensFor('ada', { resource: null, client: OTHER_CLIENT });
    const { data } = await asking
      .anonymous()
      .send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken: accessToken, delivery: 'BODY' } });
    expect(data.exchangeToken).toMatchObject({ step: 'COMPLETE', created: true });
    expect(asking.config.warnings.join('\n')).toContain('opaqueTokens is userinfo');
    await asking.close();
  });
});
