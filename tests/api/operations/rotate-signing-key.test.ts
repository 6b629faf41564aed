import { describe, expect, test } from 'vitest';
import { RotateSigningKeyDocument, SigningKeysDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { signIn } from '../../support/cast.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('rotateSigningKey', () => {
  const app = useTestApp();

  test('lets another key sign while tokens of the old one go on to work, in every replica, until the overlap is over', async () => {
    const replica = await startTestApp({ beside: app() });
    const { admin } = await app().cast();
    const [old] = (await admin.send(SigningKeysDocument, {})).data.signingKeys ?? [];
    const { data, errors } = await admin.send(RotateSigningKeyDocument, {
      input: { algorithm: 'ES256', overlapSeconds: 1800 },
    });
    expect(errors).toEqual([]);
    expect(data.rotateSigningKey?.signingKey).toMatchObject({ algorithm: 'ES256', status: 'ACTIVE' });
    expect(data.rotateSigningKey?.retiringKey).toEqual({ kid: old?.kid, status: 'RETIRING' });
    expect((await admin.send(ViewerDocument, {})).data.viewer?.user.email).toBe(admin.email);
    app().clock.advance(6);
    const fresh = await signIn(app(), admin.email);
    const header: unknown = JSON.parse(Buffer.from(fresh.accessToken.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toMatchObject({ alg: 'ES256', kid: data.rotateSigningKey?.signingKey?.kid });
    const elsewhere = replica.anonymous({ authorization: `Bearer ${fresh.accessToken}` });
    expect((await elsewhere.send(ViewerDocument, {})).data.viewer?.user.email).toBe(admin.email);
    const jwks = (await (await fetch(`${app().url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
    expect(jwks.keys.map(({ kid }) => kid)).toEqual([data.rotateSigningKey?.signingKey?.kid, old?.kid]);
    app().clock.advance(1800);
    await app().services.housekeeping.run();
    const left = (await admin.with({ authorization: '' }).run('{ signingKeys { kid status } }')).data;
    expect(left).toBeUndefined();
    const keys = (await app().anonymous().send(SigningKeysDocument, {})).data.signingKeys;
    expect(keys?.map(({ kid, status }) => [kid, status])).toEqual([[data.rotateSigningKey?.signingKey?.kid, 'ACTIVE']]);
    await replica.close();
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
      `select action, actor_id from audit_events where action = 'signing-key.rotated' order by at desc, id desc limit 1`,
    );
    expect(event).toEqual({ action: 'signing-key.rotated', actor_id: admin.id });
  });

  test('refuses an overlap shorter than the life of an access token, and changes nothing', async () => {
    const { admin } = await app().cast();
    const before = await app().database.query('select kid from signing_keys order by kid');
    const { data } = await admin.send(RotateSigningKeyDocument, { input: { overlapSeconds: 899 } });
    expect(data.rotateSigningKey?.errors).toMatchObject([{ code: 'INVALID_VALUE', field: ['overlapSeconds'] }]);
    expect(await app().database.query('select kid from signing_keys order by kid')).toEqual(before);
  });

  test('leaves exactly one active key after ten rotations at once', async () => {
    const { admin } = await app().cast();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => admin.send(RotateSigningKeyDocument, { input: {} })),
    );
    expect(answers.map((answer) => answer.code)).toEqual(Array.from({ length: 10 }, () => 'OK'));
    const active = await app().database.query(`select kid from signing_keys where status = 'ACTIVE'`);
    expect(active).toHaveLength(1);
  });
});
