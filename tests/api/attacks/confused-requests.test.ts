import { beforeAll, describe, expect, test } from 'vitest';
import {
  ChangePasswordDocument,
  ConfirmIdentityDocument,
  RequestSignInCodeDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { messagesTo } from '../../support/messages.ts';
import { enrolled, nextCode, totpCode } from '../../support/mfa.ts';
import { cookieOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

describe('a page of another site', () => {
  const app = useTestApp();
  const identifier = 'person@confused.example';
  const body = JSON.stringify({
    query: `mutation { signIn(input: { identifier: "${identifier}", password: "${PASSWORD}", delivery: COOKIE }) { step } }`,
  });
  beforeAll(() => makePerson(app(), { email: identifier }));

  test.each([
    ['text/plain', body],
    ['application/x-www-form-urlencoded', new URLSearchParams({ query: body }).toString()],
    [
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${body}\r\n--x--\r\n`,
    ],
  ])('cannot sign a browser in to an account of its choice by a form: %s', async (type, text) => {
    const before = await app().database.query('select id from sessions');
    const answer = await fetch(`${app().url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': type, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      body: text,
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await app().database.query('select id from sessions')).toHaveLength(before.length);
  });

  test('cannot sign a browser in by an address', async () => {
    const query = `mutation { signIn(input: { identifier: "${identifier}", password: "${PASSWORD}" }) { step } }`;
    const answer = await fetch(`${app().url}/graphql?query=${encodeURIComponent(query)}`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('cannot have codes sent to whoever is signed in there', async () => {
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password: PASSWORD, delivery: 'COOKIE' } });
    const client = app().anonymous({ cookie: cookieOf(begun).pair });
    const request = (by: TestClient) => by.send(RequestSignInCodeDocument, { input: { purpose: 'STEP_UP' } });
    const { answer, changed } = await changing(app(), () => request(client));
    expect(answer.code).toBe('UNAUTHENTICATED');
    expect(changed).toEqual([]);
    expect(await messagesTo(app(), identifier)).toEqual([]);
    const proved = client.with({ 'x-csrf-token': begun.data.signIn?.tokens?.csrfToken ?? '' });
    expect((await request(proved)).data.requestSignInCode?.verification).not.toBeNull();
  });
});

describe('a code of an authenticator', () => {
  const app = useTestApp();

  test('that began a session does not confirm it too, and the next one does', async () => {
    const { email, secret } = await enrolled(app());
    const mfaCode = nextCode(app(), secret);
    const { data } = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY', mfaCode } });
    const client = app().anonymous({ authorization: `Bearer ${data.signIn?.tokens?.accessToken}` });
    const confirm = async (code: string) =>
      (await client.send(ConfirmIdentityDocument, { input: { code } })).data.confirmIdentity;
    expect((await confirm(totpCode(app(), secret)))?.errors[0]?.code).toBe('MFA_CODE_INVALID');
    expect((await confirm(nextCode(app(), secret)))?.assuranceLevel).toBe('AAL2');
  });

  test('raises no session of somebody else', async () => {
    const [mallory, victim] = [await enrolled(app()), await enrolled(app())];
    const code = nextCode(app(), victim.secret);
    const { data } = await mallory.actor.send(ConfirmIdentityDocument, { input: { code } });
    expect(data.confirmIdentity?.errors[0]?.code).toBe('MFA_CODE_INVALID');
  });
});

describe('somebody who only knows an address', () => {
  const app = useTestApp();

  const guessAt = async (email: string): Promise<void> => {
    for (let time = 0; time < 5; time += 1)
      await app()
        .anonymous({ 'user-agent': 'stranger' })
        .send(SignInDocument, { input: { identifier: email, password: 'a wrong guess, really', delivery: 'BODY' } });
  };

  test('cannot keep its owner, who is signed in, from confirming the identity or changing the password', async () => {
    const email = 'owner@confused.example';
    await makePerson(app(), { email });
    const owner = await signIn(app(), email);
    await guessAt(email);
    const { data } = await owner.send(ConfirmIdentityDocument, { input: { password: PASSWORD } });
    expect(data.confirmIdentity?.errors).toEqual([]);
    // What the owner proves buys the strangers no further guesses.
    const stranger = await app()
      .anonymous({ 'user-agent': 'stranger' })
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } });
    expect(stranger.data.signIn?.step).toBe('FAILED');
    const changed = await owner.send(ChangePasswordDocument, {
      input: { currentPassword: PASSWORD, newPassword: 'violet harbour lantern seven' },
    });
    expect(changed.data.changePassword?.errors).toEqual([]);
  });

  test('cannot keep its owner, who is signed in, from confirming the identity by a code', async () => {
    const { email, actor, secret } = await enrolled(app());
    await guessAt(email);
    const { data } = await actor.send(ConfirmIdentityDocument, { input: { code: nextCode(app(), secret) } });
    expect(data.confirmIdentity?.errors).toEqual([]);
  });
});
