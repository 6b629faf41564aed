import { describe, expect, test } from 'vitest';
import { RotateSigningKeyDocument, SigningKeysDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { signIn } from '../../support/cast.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const headerOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());

describe('rotateSigningKey', () => {
  const app = useTestApp();

  const kidsOf = (data: { signingKeys?: readonly { kid: string; status: string }[] | null | undefined }) =>
    data.signingKeys?.map(({ kid, status }) => [kid, status]);

  test('publishes another key, lets it sign when verifiers know it, and the old one verify until the overlap is over', async () => {
    const replica = await startTestApp({ beside: app() });
    const { admin } = await app().cast();
    const [old] = (await admin.send(SigningKeysDocument, {})).data.signingKeys ?? [];
    const { data, errors } = await admin.send(RotateSigningKeyDocument, {
      input: { algorithm: 'ES256', overlapSeconds: 1800 },
    });
    const kid = data.rotateSigningKey?.signingKey?.kid ?? '';
    expect(errors).toEqual([]);
    expect(data.rotateSigningKey?.signingKey).toMatchObject({ algorithm: 'ES256', status: 'PUBLISHED' });
    expect(data.rotateSigningKey?.retiringKey).toEqual({ kid: old?.kid, status: 'ACTIVE' });
    expect(kidsOf((await admin.send(SigningKeysDocument, {})).data)).toEqual([
      [old?.kid, 'ACTIVE'],
      [kid, 'PUBLISHED'],
    ]);
    expect(headerOf((await signIn(app(), admin.email)).accessToken)).toMatchObject({ kid: old?.kid });
    app().clock.advance(15 * 60);
    const fresh = await signIn(app(), admin.email);
    expect(headerOf(fresh.accessToken)).toMatchObject({ alg: 'ES256', kid });
    const elsewhere = replica.anonymous({ authorization: `Bearer ${fresh.accessToken}` });
    expect((await elsewhere.send(ViewerDocument, {})).data.viewer?.user.email).toBe(admin.email);
    const jwks = (await (await fetch(`${app().url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
    expect(jwks.keys.map((key) => key.kid)).toEqual([kid, old?.kid]);
    app().clock.advance(1800 + 60);
    await app().services.housekeeping.run();
    expect(kidsOf((await app().anonymous().send(SigningKeysDocument, {})).data)).toEqual([[kid, 'ACTIVE']]);
    await replica.close();
  });

  test('lets a key that was published long ago sign at once', async () => {
    const { admin } = await app().cast();
    const before = (await admin.send(RotateSigningKeyDocument, { input: {} })).data.rotateSigningKey;
    app().clock.advance(10 * 60);
    const again = (await admin.send(RotateSigningKeyDocument, { input: {} })).data.rotateSigningKey;
    expect(again?.signingKey).toMatchObject({ kid: before?.signingKey?.kid, status: 'PUBLISHED' });
    app().clock.advance(5 * 60);
    const { admin: later } = await app().cast();
    const keys = kidsOf((await later.send(SigningKeysDocument, {})).data);
    expect(keys?.[0]).toEqual([before?.signingKey?.kid, 'ACTIVE']);
    expect(keys).toContainEqual([before?.retiringKey?.kid, 'RETIRING']);
  });

  test('keeps private keys sealed in the database and writes what happened', async () => {
    const { admin } = await app().cast();
    await admin.send(RotateSigningKeyDocument, { input: {} });
    const rows = await app().database.query<{ sealed_private_jwk: string }>(
      'select sealed_private_jwk from signing_keys',
    );
    for (const row of rows) expect(row.sealed_private_jwk).toMatch(/^v1\./);
    expect(JSON.stringify(rows)).not.toContain('"d"');
    const [event] = await app().database.query<{ action: string; actor_id: string }>(
      `select action, actor_id from audit_events where action like 'signing-key.%' order by at desc, id desc limit 1`,
    );
    expect(event).toEqual({ action: 'signing-key.published', actor_id: admin.id });
  });

  test('refuses an overlap shorter than the life of an access token or longer than a week, and changes nothing', async () => {
    const { admin } = await app().cast();
    const before = await app().database.query('select kid from signing_keys order by kid');
    for (const overlapSeconds of [899, 604_801, 2_147_483_647]) {
      const { data } = await admin.send(RotateSigningKeyDocument, { input: { overlapSeconds } });
      expect(data.rotateSigningKey?.errors).toMatchObject([{ code: 'INVALID_VALUE', field: ['overlapSeconds'] }]);
    }
    expect(await app().database.query('select kid from signing_keys order by kid')).toEqual(before);
  });

  test('leaves exactly one active and one published key after ten rotations at once', async () => {
    const { admin } = await app().cast();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => admin.send(RotateSigningKeyDocument, { input: {} })),
    );
    expect(answers.map((answer) => answer.code)).toEqual(Array.from({ length: 10 }, () => 'OK'));
    const keys = await app().database.query<{ status: string }>(
      `select status from signing_keys where status in ('ACTIVE', 'PUBLISHED') order by status`,
    );
    expect(keys.map(({ status }) => status)).toEqual(['ACTIVE', 'PUBLISHED']);
  });
});
