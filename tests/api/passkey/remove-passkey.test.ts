import { describe, expect, test } from 'vitest';
import {
  OwnPasskeysDocument,
  RemovePasskeyDocument,
  RenamePasskeyDocument,
  VerifySignInCodeDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { newId } from '../../../src/ids.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { makePerson, signIn } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { askForRegistration, makePasskeyHolder, registerPasskey, signInByPasskey } from '../../support/passkeys.ts';
import { statementsOf } from '../../support/records.ts';
import { askForCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const remove = async (client: TestClient, id: string) =>
  (await client.send(RemovePasskeyDocument, { input: { id } })).data.removePasskey;

const removePassword = (app: TestApp, userId: string) =>
  app.database.query(`delete from credentials where user_id = $1 and type = 'PASSWORD'`, [userId]);

describe('removePasskey', () => {
  const app = useTestApp();

  test('removes it, writes the log, publishes an event and tells the owner; it proves nothing from then on', async () => {
    const { actor, key, passkeyId } = await makePasskeyHolder(app());
    const { answer, audit, events } = await recording(app(), () => remove(actor, passkeyId));
    expect(answer).toEqual({ passkeyId, mfa: { enabled: false, passkeys: [] }, errors: [] });
    expect(audit).toMatchObject([
      {
        action: 'passkey.removed',
        result: 'SUCCESS',
        actor: { id: actor.id },
        target: { type: 'User', id: actor.id },
        metadata: { passkeyId },
        changes: [{ field: 'passkeyName', before: 'Laptop', after: null }],
      },
    ]);
    expect(events).toMatchObject([{ type: 'MfaChanged', payload: { userId: actor.id, change: 'PASSKEY_REMOVED' } }]);
    const messages = await messagesTo(app(), actor.email);
    expect(messages.map(({ variables }) => variables['change'])).toEqual(['PASSKEY_ADDED', 'PASSKEY_REMOVED']);
    expect(await signInByPasskey(app(), key)).toMatchObject({ step: 'FAILED', errors: [{ code: 'PASSKEY_INVALID' }] });
    expect(await remove(actor, passkeyId)).toMatchObject({
      passkeyId: null,
      mfa: null,
      errors: [{ code: 'TARGET_NOT_FOUND', field: ['id'], targetId: passkeyId }],
    });
  });

  test('ends the other sessions that rest on it, and no other', async () => {
    const { actor, key, passkeyId } = await makePasskeyHolder(app());
    const second = new SoftwarePasskey();
    await registerPasskey(actor, second);
    const [lost, kept] = [await signInByPasskey(app(), key), await signInByPasskey(app(), second)];
    const byPassword = await signIn(app(), actor.email);
    const { audit } = await recording(app(), () => remove(actor, passkeyId));
    expect(audit).toMatchObject([
      { action: 'passkey.removed' },
      { action: 'session.ended', metadata: { reason: 'CREDENTIALS_CHANGED' } },
    ]);
    const viewerOf = async (token: string | null | undefined) =>
      (
        await app()
          .anonymous({ authorization: `Bearer ${token}` })
          .send(ViewerDocument, {})
      ).status;
    expect(await viewerOf(lost?.tokens?.accessToken)).toBe(401);
    expect(await viewerOf(kept?.tokens?.accessToken)).toBe(200);
    expect(await viewerOf(byPassword.accessToken)).toBe(200);
    expect(await viewerOf(actor.accessToken)).toBe(200);
  });

  test('keeps the last way to sign in', async () => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    await removePassword(app(), actor.id);
    const { answer, changed } = await changing(app(), () => remove(actor, passkeyId));
    expect(answer).toMatchObject({ passkeyId: null, errors: [{ code: 'LAST_SIGN_IN_METHOD' }] });
    expect(changed).toEqual([]);
    await app().database.query(
      `insert into external_identities (id, user_id, issuer, subject, linked_at) values ($1, $2, 'https://issuer.example', 'subject', now())`,
      [newId(), actor.id],
    );
    // The settings name no such issuer: nobody comes in by it.
    expect(await remove(actor, passkeyId)).toMatchObject({ errors: [{ code: 'LAST_SIGN_IN_METHOD' }] });
    const secret = await app().services.hasher.hash(new Secret('a password of their own again'));
    await app().database.query(
      `insert into credentials (id, user_id, type, secret, created_at, updated_at) values ($1, $2, 'PASSWORD', $3, now(), now())`,
      [newId(), actor.id, secret],
    );
    expect(await remove(actor, passkeyId)).toMatchObject({ passkeyId, errors: [] });
  });

  test('keeps the last one beside a password that nobody can sign in by', async () => {
    const other = await startTestApp({ settings: { 'signIn.methods': 'CODE,LINK' } });
    const email = 'coded@passkey.example';
    await makePerson(other, { email });
    const verificationToken = await askForCode(other, email);
    const code = await codeTo(other, email);
    const input = { verificationToken, code, delivery: 'BODY' } as const;
    const { data } = await other.anonymous().send(VerifySignInCodeDocument, { input });
    const actor = other.anonymous({ authorization: `Bearer ${data.verifySignInCode?.tokens?.accessToken}` });
    const first = await registerPasskey(actor, new SoftwarePasskey());
    expect(await remove(actor, first)).toMatchObject({ passkeyId: null, errors: [{ code: 'LAST_SIGN_IN_METHOD' }] });
    await registerPasskey(actor, new SoftwarePasskey());
    expect(await remove(actor, first)).toMatchObject({ passkeyId: first, errors: [] });
    await other.close();
  });

  test('leaves one of many when all are removed at once', async () => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    const ids = [passkeyId];
    for (let count = 1; count < 10; count += 1) ids.push(await registerPasskey(actor, new SoftwarePasskey()));
    await removePassword(app(), actor.id);
    const payloads = await Promise.all(ids.map((id) => remove(actor, id)));
    expect(payloads.filter((payload) => payload?.passkeyId != null)).toHaveLength(9);
    expect(payloads.flatMap((payload) => payload?.errors.map(({ code }) => code) ?? [])).toEqual([
      'LAST_SIGN_IN_METHOD',
    ]);
    const { data } = await actor.send(OwnPasskeysDocument, {});
    expect(data.viewer?.user.mfa?.passkeys).toHaveLength(1);
  });

  test('costs a fixed number of statements', async () => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    // Principal, lock, removal, what is left, sessions by it, log with event, mail, the answer: second factors and passkeys.
    expect(await statementsOf(app(), () => remove(actor, passkeyId))).toBe(10);
  });
});

describe('renamePasskey', () => {
  const app = useTestApp();
  const rename = async (client: TestClient, id: string, name: string) =>
    (await client.send(RenamePasskeyDocument, { input: { id, name } })).data.renamePasskey;

  test('changes the name, writes the log with the former one, publishes an event and tells the owner', async () => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    const { answer, audit, events } = await recording(app(), () => rename(actor, passkeyId, ' Phone '));
    expect(answer).toMatchObject({ passkey: { id: passkeyId, name: 'Phone' }, errors: [] });
    expect(audit).toMatchObject([
      {
        action: 'passkey.renamed',
        target: { type: 'User', id: actor.id },
        metadata: { passkeyId },
        changes: [{ field: 'passkeyName', before: 'Laptop', after: 'Phone' }],
      },
    ]);
    expect(events).toMatchObject([{ type: 'MfaChanged', payload: { userId: actor.id, change: 'PASSKEY_RENAMED' } }]);
    const messages = await messagesTo(app(), actor.email);
    expect(messages.map(({ variables }) => variables['change'])).toEqual(['PASSKEY_ADDED', 'PASSKEY_RENAMED']);
  });

  test.each([
    ['', 'REQUIRED'],
    ['x'.repeat(101), 'TOO_LONG'],
    ['a\u0000b', 'INVALID_VALUE'],
  ])('refuses the name %j', async (name, code) => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    const { answer, changed } = await changing(app(), () => rename(actor, passkeyId, name));
    expect(answer).toMatchObject({ passkey: null, errors: [{ code, field: ['name'] }] });
    expect(changed).toEqual([]);
  });
});

describe('the passkeys of somebody else', () => {
  const app = useTestApp();

  test('and ids that are none look alike, and nothing happens to them', async () => {
    const { actor } = await makePasskeyHolder(app());
    const { passkeyId: foreign, actor: victim } = await makePasskeyHolder(app());
    const [password] = await app().database.query<{ id: string }>(
      `select id from credentials where user_id = $1 and type = 'PASSWORD'`,
      [actor.id],
    );
    const { answer, changed } = await changing(app(), async () => {
      const payloads = [];
      for (const id of [foreign, newId(), password?.id ?? '', 'no id', '']) {
        payloads.push((await actor.send(RenamePasskeyDocument, { input: { id, name: 'Mine' } })).data.renamePasskey);
        payloads.push(await remove(actor, id));
      }
      return payloads;
    });
    for (const payload of answer) expect(payload?.errors.map(({ code }) => code)).toEqual(['TARGET_NOT_FOUND']);
    expect(changed).toEqual([]);
    const { data } = await victim.send(OwnPasskeysDocument, {});
    expect(data.viewer?.user.mfa?.passkeys).toMatchObject([{ id: foreign, name: 'Laptop' }]);
  });

  test('changes need a confirmed session', async () => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    app().clock.advance(601);
    const removed = await actor.send(RemovePasskeyDocument, { input: { id: passkeyId } });
    const renamed = await actor.send(RenamePasskeyDocument, { input: { id: passkeyId, name: 'x' } });
    expect([removed.code, renamed.code]).toEqual(['STEP_UP_REQUIRED', 'STEP_UP_REQUIRED']);
    const anonymous = await app()
      .anonymous()
      .send(RemovePasskeyDocument, { input: { id: passkeyId } });
    expect(anonymous.code).toBe('UNAUTHENTICATED');
    const { data } = await actor.send(OwnPasskeysDocument, {});
    expect(data.viewer?.user.mfa?.passkeys).toHaveLength(1);
  });

  test('read for a page of people cost one statement', async () => {
    const { admin } = await app().cast();
    await askForRegistration(admin);
    const query = '{ users(first: 10) { nodes { id mfa { passkeys { id name } } } } }';
    const few = await statementsOf(app(), () => admin.run(query));
    await makePasskeyHolder(app());
    await makePasskeyHolder(app());
    expect(await statementsOf(app(), () => admin.run(query))).toBe(few);
  });
});
