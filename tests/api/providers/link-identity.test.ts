import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ExchangeTokenDocument,
  IdentitiesOfDocument,
  LinkIdentityDocument,
  UnlinkIdentityDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, signIn } from '../../support/cast.ts';
import { makeKey } from '../../support/api-keys.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { messagesTo } from '../../support/messages.ts';
import { unique } from '../../support/holder.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from './provider-settings.ts';

let provider: LyingProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startLyingProvider(); // honest here: tokens without a whole sign-in at a server
  app = await startTestApp({ settings: issuers(issuerEntry(provider.issuer, { jitUsers: true })) });
  provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const person = async (): Promise<Actor> => {
  const email = `${unique('person')}@link.example`;
  await makePerson(app, { email });
  return signIn(app, email);
};

const tokenOf = (subject: string): Promise<string> =>
  provider.accessToken({ sub: subject, email: `${subject}@there.example` });

const link = (actor: Pick<Actor, 'send'>, subjectToken: string, more: object = {}) =>
  actor.send(LinkIdentityDocument, { input: { issuer: provider.issuer, subjectToken, ...more } });

const linked = async (actor: Actor, subject: string): Promise<string> => {
  const { data } = await link(actor, await tokenOf(subject));
  expect(data.linkIdentity?.errors).toEqual([]);
  return data.linkIdentity?.identity?.id ?? '';
};

const unlink = async (actor: Pick<Actor, 'send'>, id: string) =>
  (await actor.send(UnlinkIdentityDocument, { input: { id } })).data.unlinkIdentity;

const exchange = async (subjectToken: string) =>
  (
    await app
      .anonymous()
      .send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken, delivery: 'BODY' } })
  ).data.exchangeToken;

const withoutPassword = (actor: Actor) =>
  app.database.query(`delete from credentials where user_id = $1 and type = 'PASSWORD'`, [actor.id]);

test('what lets somebody in, or does no more, is told to the proved address; nobody else hears of it', async () => {
  const actor = await person();
  const told = async () =>
    (await messagesTo(app, actor.email)).map(({ template, variables }) => [template, variables['change']]);
  const id = await linked(actor, 'told');
  expect(await told()).toEqual([['access-changed', 'IDENTITY_LINKED']]);
  await link(actor, await tokenOf('told'));
  expect((await unlink(actor, id))?.errors).toEqual([]);
  await makeKey(app, actor);
  expect(await told()).toEqual([
    ['access-changed', 'IDENTITY_LINKED'],
    ['access-changed', 'IDENTITY_UNLINKED'],
    ['access-changed', 'API_KEY_MADE'],
  ]);
  await app.database.query('update users set email_verified_at = null where id = $1', [actor.id]);
  await makeKey(app, actor);
  expect(await told()).toHaveLength(3);
});

describe('linkIdentity', () => {
  test('ties an identity to the caller, who can sign in with it from then on', async () => {
    const actor = await person();
    const { answer, audit, events } = await recording(app, async () => link(actor, await tokenOf('first')));
    expect(answer.data.linkIdentity).toMatchObject({
      identity: {
        issuer: provider.issuer,
        providerName: 'Test provider',
        subject: 'first',
        email: 'first@there.example',
        linkedAt: app.clock.now().toISOString(),
        lastUsedAt: null,
      },
      errors: [],
    });
    const id = answer.data.linkIdentity?.identity?.id;
    expect(audit).toMatchObject([
      {
        action: 'identity.linked',
        result: 'SUCCESS',
        actor: { id: actor.id },
        target: { type: 'ExternalIdentity', id },
        metadata: { issuer: provider.issuer },
      },
    ]);
    expect(events).toMatchObject([
      { type: 'IdentityLinked', payload: { userId: actor.id, identityId: id, issuer: provider.issuer } },
    ]);
    const signedIn = await exchange(await tokenOf('first'));
    expect([signedIn?.step, signedIn?.created, signedIn?.user?.id]).toEqual(['COMPLETE', false, actor.id]);
    expect(signedIn?.user?.email).toBe(actor.email); // the provider's address is for showing only
  });

  test('once more is no change; by somebody else it is refused', async () => {
    const [actor, other] = [await person(), await person()];
    const id = await linked(actor, 'twice');
    const token = await tokenOf('twice');
    const { answer, changed } = await changing(app, () => link(actor, token));
    expect([answer.data.linkIdentity?.identity?.id, changed]).toEqual([id, []]);
    const refused = await changing(app, () => link(other, token));
    expect(refused.answer.data.linkIdentity).toMatchObject({
      identity: null,
      errors: [{ code: 'IDENTITY_IN_USE', field: ['subjectToken'] }],
    });
    expect(refused.changed).toEqual([]);
  });

  test('of fifty people who link one identity at once, one has it', async () => {
    const people = [await person(), await person(), await person()];
    const token = await tokenOf('wanted');
    const answers = await inParallel(51, (index) => link(people[index % 3] as Actor, token));
    const owners = answers.filter(({ data }) => data.linkIdentity?.errors.length === 0);
    const rows = await app.database.query<{ user_id: string }>(
      `select user_id from external_identities where subject = 'wanted'`,
    );
    expect(rows).toHaveLength(1);
    expect(owners).toHaveLength(17);
    const codes = answers.flatMap(({ data }) => data.linkIdentity?.errors.map(({ code }) => code) ?? []);
    expect(codes).toEqual(Array.from({ length: 34 }, () => 'IDENTITY_IN_USE'));
  });

  test('takes an ID token once, for linking or for signing in', async () => {
    const actor = await person();
    const token = await provider.idToken({ sub: 'once' });
    const idToken = { subjectTokenType: 'ID_TOKEN' };
    expect((await link(actor, token, idToken)).data.linkIdentity?.errors).toEqual([]);
    expect((await link(actor, token, idToken)).data.linkIdentity?.errors).toMatchObject([
      { code: 'SUBJECT_TOKEN_INVALID' },
    ]);
  });

  test('holds at most twenty, also when more come at once', async () => {
    const actor = await person();
    const tokens = await Promise.all(Array.from({ length: 25 }, (_unused, index) => tokenOf(`many-${index}`)));
    const answers = await Promise.all(tokens.map((token) => link(actor, token)));
    const codes = answers.map(({ data }) => data.linkIdentity?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual([
      ...Array.from({ length: 20 }, () => 'OK'),
      ...Array.from({ length: 5 }, () => 'TOO_MANY_ITEMS'),
    ]);
  });

  test('needs a session that was confirmed within ten minutes', async () => {
    const actor = await person();
    app.clock.advance(601);
    const token = await tokenOf('stale');
    const { answer, changed } = await changing(app, () => link(actor, token));
    expect([answer.code, changed]).toEqual(['STEP_UP_REQUIRED', []]);
    expect((await link(app.anonymous(), token)).code).toBe('UNAUTHENTICATED');
    const removed = await actor.send(UnlinkIdentityDocument, { input: { id: actor.id } });
    expect(removed.code).toBe('STEP_UP_REQUIRED');
  });

  test('refuses what the provider did not sign, and issuers that nobody configured', async () => {
    const actor = await person();
    const forged = `${(await tokenOf('forged')).slice(0, -8)}AAAAAAAA`;
    const { answer, audit } = await recording(app, () => link(actor, forged));
    expect(answer.data.linkIdentity?.errors).toMatchObject([{ code: 'SUBJECT_TOKEN_INVALID' }]);
    expect(audit).toMatchObject([
      {
        action: 'identity.linked',
        result: 'FAILURE',
        actor: { id: actor.id },
        metadata: { issuer: provider.issuer, reason: 'SIGNATURE' },
      },
    ]);
    const unknown = await link(actor, await tokenOf('x'), { issuer: 'https://login.example.org' });
    expect(unknown.data.linkIdentity?.errors).toMatchObject([{ code: 'UNKNOWN_ISSUER', field: ['issuer'] }]);
  });
});

describe('unlinkIdentity', () => {
  test('takes an identity away, and ends what began with it', async () => {
    const actor = await person();
    const id = await linked(actor, 'leaving');
    const token = await tokenOf('leaving');
    const signedIn = await exchange(token);
    const session = app.anonymous({ authorization: `Bearer ${signedIn?.tokens?.accessToken ?? ''}` });
    expect((await session.send(ViewerDocument, {})).data.viewer?.user.email).toBe(actor.email);
    const { answer, audit, events } = await recording(app, () => unlink(actor, id));
    expect(answer).toEqual({ identityId: id, errors: [] });
    expect(audit.map(({ action, metadata }) => [action, metadata['issuer'] ?? metadata['reason']])).toEqual([
      ['identity.unlinked', provider.issuer],
      ['session.ended', 'CREDENTIALS_CHANGED'],
    ]);
    expect(events.map(({ type }) => type)).toEqual(['IdentityUnlinked', 'SessionRevoked']);
    expect((await session.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    expect((await actor.send(ViewerDocument, {})).data.viewer?.user.email).toBe(actor.email);
    const again = await exchange(token); // the provider's person is now somebody new
    expect([again?.step, again?.created, again?.user?.id === actor.id]).toEqual(['COMPLETE', true, false]);
  });

  test('keeps the present session, though it began with that identity', async () => {
    const first = await exchange(await tokenOf('present'));
    const client = app.anonymous({ authorization: `Bearer ${first?.tokens?.accessToken ?? ''}` });
    await link(client, await tokenOf('present-2'));
    const { data } = await client.send(IdentitiesOfDocument, { id: first?.user?.id ?? '' });
    const own = data.user?.identities?.find(({ subject }) => subject === 'present')?.id ?? '';
    expect(await unlink(client, own)).toEqual({ identityId: own, errors: [] });
    expect((await client.send(ViewerDocument, {})).data.viewer).not.toBeNull();
    const again = await exchange(await tokenOf('present')); // and nothing leads back to the old account
    expect([again?.created, again?.user?.id === first?.user?.id]).toEqual([true, false]);
  });

  test('never takes the last way in: a verified address is none', async () => {
    const signedIn = await exchange(await tokenOf('only'));
    const client = app.anonymous({ authorization: `Bearer ${signedIn?.tokens?.accessToken ?? ''}` });
    const { data } = await client.send(IdentitiesOfDocument, { id: signedIn?.user?.id ?? '' });
    const id = data.user?.identities?.[0]?.id ?? '';
    const { answer, changed } = await changing(app, () => unlink(client, id));
    expect(answer).toMatchObject({ identityId: null, errors: [{ code: 'LAST_SIGN_IN_METHOD' }] });
    expect(changed).toEqual([]);
    expect((await exchange(await tokenOf('only')))?.user?.id).toBe(signedIn?.user?.id);
  });

  test('an identity of an issuer that is no longer configured is no way in either', async () => {
    const actor = await person();
    const id = await linked(actor, 'left');
    await app.database.query(
      `insert into external_identities (id, user_id, issuer, subject, linked_at) values ($1, $2, 'https://gone.example', 'x', now())`,
      ['01890000-0000-7000-8000-00000000cccc', actor.id],
    );
    await withoutPassword(actor);
    expect(await unlink(actor, id)).toMatchObject({ errors: [{ code: 'LAST_SIGN_IN_METHOD' }] });
    expect((await unlink(actor, '01890000-0000-7000-8000-00000000cccc'))?.errors).toEqual([]);
    const { data } = await actor.send(IdentitiesOfDocument, { id: actor.id });
    expect(data.user?.identities?.map(({ subject }) => subject)).toEqual(['left']);
  });

  test('fifty at once leave one', async () => {
    const actor = await person();
    const ids: string[] = [];
    for (let index = 0; index < 10; index += 1) ids.push(await linked(actor, `parallel-${actor.id}-${index}`));
    await withoutPassword(actor);
    const answers = await inParallel(50, (index) => unlink(actor, ids[index % 10] ?? ''));
    expect(answers.filter((payload) => payload?.errors.length === 0)).toHaveLength(9);
    const left = await app.database.query('select id from external_identities where user_id = $1', [actor.id]);
    expect(left).toHaveLength(1);
  });

  test("answers the same for somebody else's identity and for none", async () => {
    const [actor, other] = [await person(), await person()];
    const id = await linked(other, 'theirs');
    for (const wrong of [id, '01890000-0000-7000-8000-00000000dddd', 'x', '']) {
      const { answer, changed } = await changing(app, () => unlink(actor, wrong));
      expect(answer).toMatchObject({ identityId: null, errors: [{ code: 'TARGET_NOT_FOUND', field: ['id'] }] });
      expect(changed).toEqual([]);
    }
  });
});

describe('User.identities', () => {
  test('are read for a page of users by one statement, and by nobody else', async () => {
    const { admin, member } = await app.cast();
    const query = '{ users(first: 50) { nodes { id identities { id issuer } } } }';
    const plain = await statementsOf(app, () => admin.run('{ users(first: 50) { nodes { id } } }'));
    const full = await statementsOf(app, () => admin.run<{ users: { nodes: { identities: unknown[] }[] } }>(query));
    expect(full.statements - plain.statements).toBe(1);
    expect(full.answer.data.users.nodes.some(({ identities }) => identities.length > 0)).toBe(true);
    const other = await member.run('query ($id: ID!) { user(id: $id) { identities { id } } }', { id: admin.id });
    expect(other.code).toBe('FORBIDDEN');
  });
});
