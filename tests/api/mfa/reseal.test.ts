import { describe, expect, test } from 'vitest';
import { RotateSigningKeyDocument, SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { createServices } from '../../../src/composition/services.ts';
import { PASSWORD, signIn } from '../../support/cast.ts';
import { recording } from '../../support/evidence.ts';
import { enrolled, nextCode } from '../../support/mfa.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const OLD = { version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }; // as testMasterKeys
const NEW = { version: 2, secret: new Secret(Buffer.alloc(32, 9).toString('base64url')) };
const both = (): MasterKeys => new MasterKeys([NEW, OLD]);
const newOnly = (): MasterKeys => new MasterKeys([NEW]);

/** How many sealed values lie under which version. */
const versions = async (app: TestApp): Promise<Readonly<Record<string, readonly string[]>>> => {
  const rows = await app.database.query<{ what: string; version: string }>(
    `select distinct 'totp' as what, split_part(secret, '.', 1) as version from credentials where type in ('TOTP', 'TOTP_PENDING')
     union all select distinct 'signing', split_part(sealed_private_jwk, '.', 1) from signing_keys
     union all select distinct 'messages', split_part(sealed_variables, '.', 1) from messages where sealed_variables is not null
     order by 1, 2`,
  );
  return Object.fromEntries(
    [...Map.groupBy(rows, ({ what }) => what)].map(([what, found]) => [what, found.map(({ version }) => version)]),
  );
};

describe('sealing everything again under a newer master key', () => {
  const app = useTestApp();
  const signInBy = async (server: TestApp, identifier: string, mfaCode: string) =>
    (
      await server
        .anonymous()
        .send(SignInDocument, { input: { identifier, password: PASSWORD, mfaCode, delivery: 'BODY' } })
    ).data.signIn?.step;

  test('counts first, then moves TOTP secrets, signing keys and messages, while servers run, and can be repeated', async () => {
    const people = await Promise.all(Array.from({ length: 3 }, () => enrolled(app())));
    const { admin } = await app().cast();
    await admin.send(RotateSigningKeyDocument, { input: {} });
    expect(await versions(app())).toEqual({ messages: ['v1'], signing: ['v1'], totp: ['v1'] });

    const rotated = await startTestApp({ beside: app(), masterKeys: both() });
    const { reseal } = rotated.services;
    const dry = await reseal.reseal({ dryRun: true });
    const found = (what: string) => dry.columns.find((column) => column.what === what)?.outdated;
    expect([found('TOTP secrets'), found('private signing keys')]).toEqual([3, 2]);
    expect(dry.columns.every(({ resealed, unreadable }) => resealed + unreadable === 0)).toBe(true);
    expect(dry.bound.recoveryCodes).toBe(30);
    expect(dry.bound.sessions).toBeGreaterThan(0);
    expect(await versions(app())).toEqual({ messages: ['v1'], signing: ['v1'], totp: ['v1'] });

    const { answer: done, audit } = await recording(app(), () => reseal.reseal({ dryRun: false }));
    expect(done.columns.map(({ outdated, resealed, unreadable }) => [outdated - resealed, unreadable])).toEqual(
      dry.columns.map(() => [0, 0]),
    );
    expect(await versions(app())).toEqual({ messages: ['v2'], signing: ['v2'], totp: ['v2'] });
    expect(audit).toMatchObject([
      {
        action: 'master-keys.resealed',
        actor: { type: 'System', label: 'command line' },
        metadata: { version: 2, 'TOTP secrets': 3, 'private signing keys': 2 },
      },
    ]);
    const again = await recording(app(), () => reseal.reseal({ dryRun: false }));
    expect(again.answer.columns.every(({ outdated }) => outdated === 0)).toBe(true);
    expect(again.audit).toEqual([]);

    const [ada] = people;
    if (ada === undefined) throw new Error('Nobody is enrolled.');
    expect(await signInBy(rotated, ada.email, nextCode(app(), ada.secret))).toBe('COMPLETE');
    expect(await signInBy(rotated, ada.email, ada.recoveryCodes[0] ?? '')).toBe('COMPLETE');
    await rotated.close();

    // Without the old key: what was sealed again works; recovery codes, which only their owners know, do not.
    const alone = await startTestApp({ beside: app(), masterKeys: newOnly() });
    expect(await signInBy(alone, ada.email, nextCode(app(), ada.secret))).toBe('COMPLETE');
    expect(await signInBy(alone, ada.email, ada.recoveryCodes[1] ?? '')).toBe('FAILED');
    const actor = await signIn(alone, admin.email);
    expect((await actor.send(ViewerDocument, {})).data.viewer?.user.email).toBe(admin.email);
    await alone.close();
  });

  test('leaves what cannot be opened as it is, and says how much that is', async () => {
    const keys = new MasterKeys([{ version: 3, secret: NEW.secret }]);
    const { reseal } = createServices({ ...app(), masterKeys: keys, log: () => undefined });
    const before = await versions(app());
    const report = await reseal.reseal({ dryRun: false });
    for (const { outdated, resealed, unreadable } of report.columns)
      expect([resealed, unreadable]).toEqual([0, outdated]);
    expect(report.columns.some(({ unreadable }) => unreadable > 0)).toBe(true);
    expect(await versions(app())).toEqual(before);
  });

  test('walks through more rows than one batch, and passes over values that change meanwhile', async () => {
    const { actor } = await enrolled(app());
    const keys = both();
    const ids = await app().database.query<{ id: string }>(
      `insert into credentials (id, user_id, type, secret, created_at, updated_at)
       select gen_random_uuid(), $1, 'RECOVERY_CODE', 'v1.x', now(), now() from generate_series(1, 600) returning id`,
      [actor.id],
    );
    expect(ids).toHaveLength(600);
    const people = `insert into users (id, version, kind, display_name, locale, status, failed_sign_in_count,
      password_change_required, created_at, updated_at)
      select id, 1, 'PERSON', 'Row', 'en', 'ACTIVE', 0, false, now(), now() from credentials where secret = 'v1.x'`;
    await app().database.query(people);
    await app().database.query(`delete from credentials where secret = 'v1.x'`);
    const { secondFactors } = createServices({ ...app(), masterKeys: new MasterKeys([OLD]), log: () => undefined });
    const sealed = ids.map(({ id }) =>
      secondFactors.sealSecret(id as never, new Secret('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')),
    );
    await app().database.query(
      `insert into credentials (id, user_id, type, secret, created_at, updated_at)
       select id, id, 'TOTP', secret, now(), now() from unnest($1::uuid[], $2::text[]) as t(id, secret)`,
      [ids.map(({ id }) => id), sealed],
    );
    const { reseal } = createServices({ ...app(), masterKeys: keys, log: () => undefined });
    const reports = await Promise.all([reseal.reseal({ dryRun: false }), reseal.reseal({ dryRun: false })]);
    const moved = reports.map(({ columns }) => columns[0]?.resealed ?? 0);
    expect(moved.reduce((sum, count) => sum + count, 0)).toBe(601);
    expect((await versions(app()))['totp']).toEqual(['v2']);
  });
});
