import { describe, expect, test } from 'vitest';
import { OwnSecondFactorsDocument, SignInDocument } from '../../../generated/client/graphql.ts';
import { PASSWORD } from '../../support/cast.ts';
import { inParallel, statementsOf } from '../../support/evidence.ts';
import { somebody } from '../../support/holder.ts';
import { enrolled, nextCode, totpCode, wrongCode } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

/** Looked at one by one: with a lock after five failures most of fifty parallel tries would not be looked at at all. */
const settings = { 'lockout.maximumFailures': '100' };

describe('a second factor', () => {
  const app = useTestApp({ settings });
  const signInBy = (identifier: string, mfaCode: string) =>
    app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password: PASSWORD, mfaCode, delivery: 'BODY' } });
  const stepOf = async (identifier: string, mfaCode: string) => (await signInBy(identifier, mfaCode)).data.signIn?.step;
  const stepsOf = async (identifier: string, mfaCode: string) =>
    (await inParallel(50, async () => String(await stepOf(identifier, mfaCode)))).toSorted();
  const ONE_OF_FIFTY = ['COMPLETE', ...Array.from({ length: 49 }, () => 'FAILED')];

  test('by TOTP signs in once: of 50 sign-ins at once with one code exactly one succeeds', async () => {
    const { email, secret } = await enrolled(app());
    expect(await stepsOf(email, nextCode(app(), secret))).toEqual(ONE_OF_FIFTY);
  });

  test('by recovery code signs in once: of 50 sign-ins at once exactly one succeeds, and nine codes are left', async () => {
    const { actor, email, recoveryCodes } = await enrolled(app());
    expect(await stepsOf(email, recoveryCodes[4] ?? '')).toEqual(ONE_OF_FIFTY);
    const { data } = await actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa?.recoveryCodesLeft).toBe(9);
    expect(await stepOf(email, recoveryCodes[4] ?? '')).toBe('FAILED');
  });

  test('never comes back: a save of the account brings no used code to life', async () => {
    const { actor, email, recoveryCodes } = await enrolled(app());
    expect(await stepOf(email, recoveryCodes[0] ?? '')).toBe('COMPLETE');
    await actor.run(
      'mutation ($input: RequirePasswordChangeInput!) { requirePasswordChange(input: $input) { errors { code } } }',
      { input: { ids: [actor.id] } },
    );
    expect(await stepOf(email, recoveryCodes[0] ?? '')).toBe('FAILED');
    for (const code of recoveryCodes.slice(1)) expect(await stepOf(email, code)).toBe('COMPLETE');
    for (const code of recoveryCodes) expect(await stepOf(email, code)).toBe('FAILED');
  });

  test('by TOTP is not the code that confirmed the enrolment, nor one of its step or before', async () => {
    const { email, secret } = await enrolled(app());
    expect(await stepOf(email, totpCode(app(), secret))).toBe('FAILED');
    expect(await stepOf(email, totpCode(app(), secret, -1))).toBe('FAILED');
    expect(await stepOf(email, totpCode(app(), secret, 1))).toBe('COMPLETE');
  });

  test('by TOTP is taken one step early and one step late, and no further', async () => {
    const { email, secret } = await enrolled(app());
    app().clock.advance(300);
    expect(await stepOf(email, totpCode(app(), secret, -2))).toBe('FAILED');
    expect(await stepOf(email, totpCode(app(), secret, 2))).toBe('FAILED');
    expect(await stepOf(email, totpCode(app(), secret, -1))).toBe('COMPLETE');
    expect(await stepOf(email, totpCode(app(), secret, 0))).toBe('COMPLETE');
    expect(await stepOf(email, totpCode(app(), secret, 1))).toBe('COMPLETE');
    // An authenticator that runs ahead was believed: its step counts, and those before it do not any more.
    expect(await stepOf(email, totpCode(app(), secret, 0))).toBe('FAILED');
  });

  test('by TOTP is not taken again when the clock of the server jumps back', async () => {
    const { email, secret } = await enrolled(app());
    const code = nextCode(app(), secret);
    expect(await stepOf(email, code)).toBe('COMPLETE');
    for (const jump of [-30, -30, -3600]) {
      app().clock.advance(jump);
      expect(await stepOf(email, totpCode(app(), secret))).toBe('FAILED');
      expect(await stepOf(email, code)).toBe('FAILED');
    }
    app().clock.advance(3660);
    expect(await stepOf(email, code)).toBe('FAILED');
    expect(await stepOf(email, nextCode(app(), secret))).toBe('COMPLETE');
  });

  test('is nobody else’s: neither codes nor recovery codes of another account help', async () => {
    const [ada, eve] = [await enrolled(app()), await enrolled(app())];
    expect(await stepOf(ada.email, nextCode(app(), eve.secret))).toBe('FAILED');
    expect(await stepOf(ada.email, eve.recoveryCodes[0] ?? '')).toBe('FAILED');
    await app().database.query(`update credentials set user_id = $1 where user_id = $2 and type = 'RECOVERY_CODE'`, [
      ada.actor.id,
      eve.actor.id,
    ]);
    expect(await stepOf(ada.email, eve.recoveryCodes[0] ?? '')).toBe('FAILED');
    expect(await stepOf(ada.email, ada.recoveryCodes[0] ?? '')).toBe('COMPLETE');
  });

  test('costs the same statements with and without TOTP, and takes codes as people type them', async () => {
    const { actor, email, secret, recoveryCodes } = await enrolled(app());
    const { secondFactors } = app().services;
    const without = await somebody(app());
    for (const userId of [actor.id, without]) {
      const wrong = await statementsOf(app(), () => secondFactors.verifyTotp(userId, wrongCode(app(), secret)));
      expect([wrong.answer, wrong.statements]).toEqual([null, 1]);
      const unknown = await statementsOf(app(), () => secondFactors.useRecoveryCode(userId, 'none'));
      expect([unknown.answer, unknown.statements]).toEqual([null, 1]);
    }
    expect(await secondFactors.methodsOf(actor.id)).toEqual(['TOTP', 'RECOVERY_CODE']);
    expect(await secondFactors.methodsOf(without)).toEqual([]);
    const typed = nextCode(app(), secret);
    expect(await stepOf(email, ` ${typed.slice(0, 3)} ${typed.slice(3)} `)).toBe('COMPLETE');
    const code = (recoveryCodes[0] ?? '').toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    expect(await stepOf(email, code)).toBe('COMPLETE');
  });
});
