import { beforeEach, describe, expect, test } from 'vitest';
import { SignInDocument, VerifySignInCodeDocument, ViewerByApiKeyDocument } from '../../../generated/client/graphql.ts';
import { proveAddress } from '../../../src/services/address-proof.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { type KeyHolder, makeKey } from '../../support/api-keys.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { enrol } from '../../support/mfa.ts';
import { codeTo, linkTokenOf } from '../../support/messages.ts';
import { recording } from '../../support/records.ts';
import { addDevices, isAlive } from '../../support/sessions.ts';
import { askForCode } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

/** An account whose address nobody proved, with everything that a stranger could have put there. */
describe('the first proof of an address', () => {
  const app = useTestApp();
  let email = '';
  let id: UserId;
  let stranger: Actor;
  let key: KeyHolder;

  beforeEach(async () => {
    email = `${unique('unproved')}@example.com`;
    id = await makePerson(app(), { email });
    await app().database.query(`update identifiers set verified_at = null where user_id = $1`, [id]);
    await app().database.query(`update users set email_verified_at = null where id = $1`, [id]);
    stranger = await signIn(app(), email);
    await enrol(app(), stranger);
    await addDevices(app(), id, 2);
    await app().database.query(
      `insert into credentials (id, version, user_id, type, secret, external_id, created_at, updated_at)
       values ($1, 1, $2, 'PASSKEY', '', $3, now(), now())`,
      [newId(), id, newId()],
    );
    key = await makeKey(app(), stranger);
    await app().database.query(
      `insert into external_identities (id, user_id, issuer, subject, linked_at) values ($1, $2, 'https://issuer.example', $3, now())`,
      [newId(), id, newId()],
    );
  });

  const left = async () => {
    const [row] = await app().database.query<Record<string, number | boolean>>(
      `select (select count(*)::int from credentials where user_id = $1) as credentials,
         (select count(*)::int from external_identities where user_id = $1) as identities,
         (select count(*)::int from sessions where user_id = $1 and ended_at is null) as sessions,
         (select count(*)::int from one_time_tokens where user_id = $1 and used_at is null) as tokens,
         mfa_enabled_at is not null as mfa, email_verified_at is not null as shown,
         (select verified_at is not null from identifiers i where i.user_id = u.id and i.kind = 'EMAIL') as proved
       from users u where u.id = $1`,
      [id],
    );
    return row;
  };
  const CLEAN = { credentials: 0, identities: 0, sessions: 1, tokens: 0, mfa: false, shown: true, proved: true };

  test('by code drops password, second factors, passkeys, identities, devices and sessions from before', async () => {
    const token = await askForCode(app(), email);
    const code = await codeTo(app(), email);
    const [answer, records] = await recording(app(), () =>
      app()
        .anonymous()
        .send(VerifySignInCodeDocument, { input: { verificationToken: token, code, delivery: 'BODY' } }),
    );
    // No second factor is asked for: it was the stranger's.
    expect(answer.data.verifySignInCode).toMatchObject({ step: 'COMPLETE', user: { email } });
    expect(await left()).toEqual(CLEAN);
    expect(await isAlive(stranger)).toBe(false);
    expect((await key.send(ViewerByApiKeyDocument, {})).status).toBe(401);
    const again = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    expect(again.data.signIn?.errors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }]);
    expect(records.audit.map(({ action }) => action)).toEqual([
      'address.proved',
      'api-key.revoked',
      'identity.unlinked',
      'mfa.reset',
      'session.ended',
      'session.started',
    ]);
    expect(records.events.map(({ type }) => type)).toEqual([
      'ApiKeyRevoked',
      'IdentityUnlinked',
      'MfaChanged',
      'SessionRevoked',
      'SessionStarted',
      'UserUpdated',
    ]);
  });

  test('by link does the same', async () => {
    await askForCode(app(), email, 'LINK');
    const linkToken = await linkTokenOf(app(), email, 'sign-in-link');
    const answer = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { linkToken, delivery: 'BODY' } });
    expect(answer.data.verifySignInCode?.step).toBe('COMPLETE');
    expect(await left()).toEqual(CLEAN);
    expect(await isAlive(stranger)).toBe(false);
  });

  test('a second proof drops nothing', async () => {
    await app().database.query(`update identifiers set verified_at = now() where user_id = $1`, [id]);
    // The challenge would ask for it, and this one has no key.
    await app().database.query(`delete from credentials where user_id = $1 and type = 'PASSKEY'`, [id]);
    const before = await left();
    await askForCode(app(), email, 'LINK');
    const linkToken = await linkTokenOf(app(), email, 'sign-in-link');
    const answer = await app().anonymous().send(VerifySignInCodeDocument, { input: { linkToken } });
    expect(answer.data.verifySignInCode?.step).toBe('MFA_REQUIRED');
    expect(await left()).toMatchObject({ credentials: before?.['credentials'], identities: 1, mfa: true, sessions: 1 });
    expect(await isAlive(stranger)).toBe(true);
    expect((await key.send(ViewerByApiKeyDocument, {})).status).toBe(200);
  });

  test('of a further address, after another one was proved, drops nothing and goes around no second factor', async () => {
    const phone = '+390461123456';
    await app().database.query(`update users set email_verified_at = now(), phone = $2 where id = $1`, [id, phone]);
    await app().database.query(
      `insert into identifiers (id, user_id, kind, value, exclusive, created_at) values ($1, $2, 'PHONE', $3, true, now())`,
      [newId(), id, phone],
    );
    await app().database.query(`delete from credentials where user_id = $1 and type = 'PASSKEY'`, [id]);
    const before = await left();
    const verificationToken = await askForCode(app(), phone);
    const code = await codeTo(app(), phone);
    const [answer, records] = await recording(app(), () =>
      app()
        .anonymous()
        .send(VerifySignInCodeDocument, { input: { verificationToken, code, delivery: 'BODY' } }),
    );
    expect(answer.data.verifySignInCode).toMatchObject({ step: 'MFA_REQUIRED', tokens: null });
    expect(await left()).toMatchObject({ ...before, tokens: 1 });
    expect(await isAlive(stranger)).toBe(true);
    expect(records.audit.map(({ action }) => action)).toEqual(['address.proved', 'mfa.required']);
    const [row] = await app().database.query(
      `select phone_verified_at is not null as shown, i.verified_at is not null as proved
       from users u join identifiers i on i.user_id = u.id and i.kind = 'PHONE' where u.id = $1`,
      [id],
    );
    expect(row).toEqual({ shown: true, proved: true });
  });

  test('an address that the account shows as proved counts as such', async () => {
    await app().database.query(`update users set email_verified_at = now() where id = $1`, [id]);
    const user = { id, email, phone: null, username: null, displayName: 'Somebody' };
    const proof = await app().database.transaction((em) => proveAddress(em, user, 'EMAIL', { now: app().clock.now() }));
    expect(proof).toEqual({ known: true, first: false, happenings: [] });
    expect(await left()).toMatchObject({ mfa: true, proved: true });
  });

  test('of parallel proofs one is the first; a password that was set with the proof stays', async () => {
    const user = { id, email, phone: null, username: null, displayName: 'Somebody' };
    const facts = { now: app().clock.now(), keepPassword: true };
    const proofs = await Promise.all(
      Array.from({ length: 10 }, () => app().database.transaction((em) => proveAddress(em, user, 'EMAIL', facts))),
    );
    expect(proofs.filter(({ first }) => first)).toHaveLength(1);
    expect(await left()).toEqual({ ...CLEAN, credentials: 1, sessions: 0 });
    const other = { ...facts, value: 'other@example.com' };
    const foreign = await app().database.transaction((em) => proveAddress(em, user, 'EMAIL', other));
    expect(foreign).toMatchObject({ known: false, first: false });
  });
});
