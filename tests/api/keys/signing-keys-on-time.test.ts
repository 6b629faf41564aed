import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RotateSigningKeyDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import { signIn } from '../../support/cast.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const ORIGIN = systemOrigin('test');

const states = async (app: TestApp): Promise<readonly string[]> =>
  (
    await app.database.query<{ state: string }>(
      `select status || ' ' || algorithm as state from signing_keys order by created_at, id`,
    )
  ).map(({ state }) => state);

const kidOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;

describe('the schedule of signing keys', () => {
  const app = useTestApp({ settings: { 'keys.rotationSeconds': '1d' } });

  test('publishes the next key at once, lets it sign on time, and retires the one before', async () => {
    const { signingKeys, housekeeping } = app().services;
    expect(await states(app())).toEqual(['ACTIVE EdDSA']);
    await Promise.all(Array.from({ length: 5 }, () => signingKeys.maintain()));
    expect(await states(app())).toEqual(['ACTIVE EdDSA', 'PUBLISHED EdDSA']);
    app().clock.advance(86_400 - 1);
    await signingKeys.maintain();
    expect(await states(app())).toEqual(['ACTIVE EdDSA', 'PUBLISHED EdDSA']);
    app().clock.advance(1);
    await signingKeys.maintain();
    expect(await states(app())).toEqual(['RETIRING EdDSA', 'ACTIVE EdDSA', 'PUBLISHED EdDSA']);
    app().clock.advance(901 + 60);
    await housekeeping.run();
    expect((await states(app()))[0]).toBe('RETIRED EdDSA');
    const lines = await app().database.query<{ action: string; actor_id: string | null }>(
      `select action, actor_id from audit_events where action like 'signing-key.%' order by at, id`,
    );
    expect(lines).toEqual(
      ['published', 'rotated', 'published'].map((what) => ({ action: `signing-key.${what}`, actor_id: null })),
    );
  });

  test('costs one short statement where nothing is due', async () => {
    const { signingKeys } = app().services;
    await signingKeys.maintain();
    const before = app().database.statements.count;
    await signingKeys.maintain();
    expect(app().database.statements.count - before).toBe(2); // reading the keys, and asking whether one is due
  });

  test('follows a setting that became shorter, and does nothing where there is none', async () => {
    const never = await startTestApp({ beside: app(), settings: { 'keys.rotationSeconds': '0' } });
    const before = await states(app());
    await never.services.signingKeys.maintain();
    expect(await states(app())).toEqual(before);
    const sooner = await startTestApp({ beside: app(), settings: { 'keys.rotationSeconds': '2h' } });
    await sooner.services.signingKeys.maintain();
    app().clock.advance(7200);
    await sooner.services.signingKeys.maintain();
    expect((await states(app())).filter((state) => state.startsWith('RETIRING'))).toHaveLength(1);
    await Promise.all([never.close(), sooner.close()]);
  });
});

describe('a key that leaked', () => {
  const app = useTestApp();

  test('is replaced at once and taken out of use: no token that it signed counts any more, remembered or not', async () => {
    const { signingKeys } = app().services;
    const replica = await startTestApp({ beside: app() });
    const { admin } = await app().cast();
    const { accessToken } = await signIn(app(), admin.email);
    const look = async (at: TestApp) =>
      (await at.anonymous({ authorization: `Bearer ${accessToken}` }).send(ViewerDocument, {})).code;
    expect([await look(app()), await look(replica)]).toEqual(['OK', 'OK']);
    const leaked = String(kidOf(accessToken));
    expect(await signingKeys.retire(ORIGIN, leaked)).toBe('ACTIVE');
    const { signingKey } = await signingKeys.rotate(ORIGIN, {
      algorithm: null,
      overlapSeconds: null,
      immediately: true,
    });
    expect(signingKey.status).toBe('ACTIVE');
    expect([await look(app()), await look(replica)]).toEqual(['OK', 'OK']);
    expect(await signingKeys.retire(ORIGIN, leaked)).toBe('RETIRED');
    expect(await look(app())).toBe('UNAUTHENTICATED');
    await replica.services.signingKeys.maintain();
    expect(await look(replica)).toBe('UNAUTHENTICATED');
    expect(kidOf((await signIn(replica, admin.email)).accessToken)).toBe(signingKey.kid);
    expect(await signingKeys.retire(ORIGIN, 'nobody')).toBeNull();
    const jwks = await (await fetch(`${app().url}/.well-known/jwks.json`)).text();
    expect(jwks).not.toContain(leaked);
    await replica.close();
  });
});

describe('mounted signing keys', () => {
  let directory: string;
  const pem = (type: 'ed25519' | 'ec'): string =>
    (type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')).privateKey
      .export({ format: 'pem', type: 'pkcs8' })
      .toString();
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-mounted-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('sign from the first start on, and their private halves are nowhere in the database', async () => {
    const settings = { 'keys.signingKeyFiles': await file('first.pem', pem('ec')) };
    const app = await startTestApp({ settings });
    const { admin } = await app.cast();
    expect(await states(app)).toEqual(['ACTIVE ES256']);
    expect((await admin.send(ViewerDocument, {})).code).toBe('OK');
    expect(await app.database.query('select sealed_private_jwk from signing_keys')).toEqual([
      { sealed_private_jwk: null },
    ]);
    const { data } = await admin.send(RotateSigningKeyDocument, { input: {} });
    expect(data.rotateSigningKey?.errors).toMatchObject([{ code: 'DISABLED_BY_SETTING' }]);
    await app.services.signingKeys.maintain();
    expect(await states(app)).toEqual(['ACTIVE ES256']);
    await app.close();
  });

  test('take over from a key of the database without a failed token, and a replaced file from the one before', async () => {
    const app = await startTestApp();
    const { admin } = await app.cast();
    const path = await file('replaced.pem', pem('ec'));
    const mounting = await startTestApp({ beside: app, settings: { 'keys.signingKeyFiles': path } });
    expect(await states(app)).toEqual(['ACTIVE EdDSA', 'PUBLISHED ES256']);
    expect(
      (await mounting.anonymous({ authorization: `Bearer ${admin.accessToken}` }).send(ViewerDocument, {})).code,
    ).toBe('OK');
    app.clock.advance(900);
    const byFile = await signIn(mounting, admin.email);
    expect(await states(app)).toEqual(['RETIRING EdDSA', 'ACTIVE ES256']);
    // A server that was not told of the file goes on with the key before, as long as that verifies.
    const byOther = await signIn(app, admin.email);
    expect(kidOf(byOther.accessToken)).not.toBe(kidOf(byFile.accessToken));
    for (const at of [app, mounting])
      for (const { accessToken } of [byFile, byOther])
        expect((await at.anonymous({ authorization: `Bearer ${accessToken}` }).send(ViewerDocument, {})).code).toBe(
          'OK',
        );
    const before = await readFile(path, 'utf8');
    await file('replaced.pem', `${pem('ed25519')}${before}`);
    await mounting.services.signingKeys.maintain();
    expect(kidOf((await signIn(mounting, admin.email)).accessToken)).toBe(kidOf(byFile.accessToken));
    app.clock.advance(900);
    expect(kidOf((await signIn(mounting, admin.email)).accessToken)).not.toBe(kidOf(byFile.accessToken));
    await mounting.close();
    await app.close();
  });

  test('are needed to start where one of them signs, and a start without says so', async () => {
    const settings = { 'keys.signingKeyFiles': await file('needed.pem', pem('ec')) };
    const app = await startTestApp({ settings });
    await expect(startTestApp({ beside: app })).rejects.toThrow(/mounted elsewhere and not here/);
    await expect(
      startTestApp({ beside: app, settings: { 'keys.signingKeyFiles': join(directory, 'missing.pem') } }),
    ).rejects.toThrow(/missing\.pem of SIGNING_KEY_FILES cannot be read \(ENOENT\)/);
    await file('needed.pem', 'half a ke');
    await expect(app.services.signingKeys.maintain()).rejects.toThrow(/holds no private key/);
    expect((await signIn(app, (await app.cast()).admin.email)).accessToken).not.toBe('');
    await app.close();
  });

  test('vouch for the audit log, long after they were taken out, and nobody else does who has the database', async () => {
    const [first, second] = [pem('ec'), pem('ed25519')];
    const app = await startTestApp({ settings: { 'keys.signingKeyFiles': await file('audited.pem', first) } });
    const { admin } = await app.cast();
    const { auditChain, auditVerification, signingKeys } = app.services;
    await auditChain.run();
    expect(await auditVerification.verify()).toMatchObject({ checkpoints: 1, broken: null });
    await file('audited.pem', `${second}${first}`);
    await signingKeys.maintain();
    app.clock.advance(3600);
    await signIn(app, admin.email);
    await file('audited.pem', second);
    await auditChain.run();
    expect(await states(app)).toEqual(['RETIRING ES256', 'ACTIVE EdDSA']);
    expect(await auditVerification.verify()).toMatchObject({ checkpoints: 2, broken: null });
    const marks = 'select kid, sealed_public_jwk as mark from signing_keys order by kid';
    const [one, two] = await app.database.query<{ kid: string; mark: string }>(marks);
    await app.database.query('update signing_keys set sealed_public_jwk = null');
    expect((await auditVerification.verify()).broken).toMatch(/^the checkpoint at place \d+ has no valid signature/);
    // The mark of one key is none for another.
    await app.database.query(
      'update signing_keys set sealed_public_jwk = case kid when $1 then $3 when $2 then $4 end',
      [one?.kid, two?.kid, two?.mark, one?.mark],
    );
    expect((await auditVerification.verify()).broken).not.toBeNull();
    await app.close();
  });

  test('that were taken in by a release that marked none are marked by the next start', async () => {
    const settings = { 'keys.signingKeyFiles': await file('unmarked.pem', pem('ec')) };
    const app = await startTestApp({ settings });
    await app.cast();
    const { auditChain, auditVerification } = app.services;
    await auditChain.run();
    await app.database.query('update signing_keys set sealed_public_jwk = null');
    expect((await auditVerification.verify()).broken).not.toBeNull();
    await (await startTestApp({ beside: app, settings })).close();
    expect(await auditVerification.verify()).toMatchObject({ checkpoints: 1, broken: null });
    await app.close();
  });
});
