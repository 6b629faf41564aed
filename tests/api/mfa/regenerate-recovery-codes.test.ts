import { describe, expect, test } from 'vitest';
import {
  OwnSecondFactorsDocument,
  RegenerateRecoveryCodesDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { enrolled, nextCode, wrongCode } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('regenerateRecoveryCodes', () => {
  const app = useTestApp();
  const regenerate = (actor: Actor, totpCode: string) =>
    actor.send(RegenerateRecoveryCodesDocument, { input: { totpCode } });
  const signInBy = async (identifier: string, mfaCode: string) =>
    (
      await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier, password: PASSWORD, mfaCode, delivery: 'BODY' } })
    ).data.signIn?.step;

  test('makes ten new codes, voids the old ones, and tells the person', async () => {
    const { actor, email, secret, recoveryCodes } = await enrolled(app());
    const { answer, audit, events } = await recording(app(), () => regenerate(actor, nextCode(app(), secret)));
    const fresh = answer.data.regenerateRecoveryCodes?.recoveryCodes ?? [];
    expect(answer.data.regenerateRecoveryCodes?.errors).toEqual([]);
    expect(new Set([...fresh, ...recoveryCodes]).size).toBe(20);
    expect(audit).toMatchObject([
      { action: 'mfa.recovery-codes-replaced', result: 'SUCCESS', target: { id: actor.id } },
    ]);
    expect(events).toMatchObject([
      { type: 'MfaChanged', payload: { userId: actor.id, change: 'RECOVERY_CODES_REPLACED' } },
    ]);
    const mails = await messagesTo(app(), email);
    expect(mails.at(-1)).toMatchObject({ template: 'mfa-changed', variables: { change: 'RECOVERY_CODES_REPLACED' } });
    expect(await signInBy(email, recoveryCodes[0] ?? '')).toBe('FAILED');
    expect(await signInBy(email, fresh[0] ?? '')).toBe('COMPLETE');
    const { data } = await actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa?.recoveryCodesLeft).toBe(9);
  });

  test('is refused with a recovery code, a wrong code and a used code, each a counted try, and changes no code', async () => {
    const { actor, secret, recoveryCodes } = await enrolled(app());
    const used = nextCode(app(), secret);
    expect((await regenerate(actor, used)).data.regenerateRecoveryCodes?.errors).toEqual([]);
    const codesBefore = await app().database.query('select secret from credentials where user_id = $1 order by 1', [
      actor.id,
    ]);
    for (const totpCode of [recoveryCodes[0] ?? '', wrongCode(app(), secret), used]) {
      const { answer, audit } = await recording(app(), () => regenerate(actor, totpCode));
      expect(answer.data.regenerateRecoveryCodes).toMatchObject({
        recoveryCodes: null,
        errors: [{ code: 'MFA_CODE_INVALID', field: ['totpCode'] }],
      });
      expect(audit).toMatchObject([{ action: 'mfa.recovery-codes-replaced', result: 'FAILURE' }]);
    }
    const [row] = await app().database.query('select failed_sign_in_count as count from devices where user_id = $1', [
      actor.id,
    ]);
    expect(row).toEqual({ count: 3 });
    expect(
      await app().database.query('select secret from credentials where user_id = $1 order by 1', [actor.id]),
    ).toEqual(codesBefore);
    expect((await regenerate(actor, nextCode(app(), secret))).data.regenerateRecoveryCodes?.errors).toEqual([]);
  });

  test('is refused while the account is locked by wrong tries, even with the right code', async () => {
    const { actor, secret } = await enrolled(app());
    for (let time = 1; time <= 5; time += 1) await regenerate(actor, wrongCode(app(), secret));
    const { data } = await regenerate(actor, nextCode(app(), secret));
    expect(data.regenerateRecoveryCodes?.errors).toMatchObject([{ code: 'MFA_CODE_INVALID' }]);
  });

  test('needs TOTP, a code and a confirmed session', async () => {
    const email = `${unique('without')}@example.com`;
    await makePerson(app(), { email });
    const without = await signIn(app(), email);
    const { answer, changed } = await changing(app(), () => regenerate(without, '123456'));
    expect(answer.data.regenerateRecoveryCodes?.errors).toMatchObject([{ code: 'MFA_NOT_ENABLED' }]);
    expect(changed).toEqual([]);
    const { actor, secret } = await enrolled(app());
    expect((await regenerate(actor, ' ')).data.regenerateRecoveryCodes?.errors).toMatchObject([
      { code: 'MFA_CODE_REQUIRED', field: ['totpCode'] },
    ]);
    app().clock.advance(601);
    expect((await regenerate(actor, nextCode(app(), secret))).code).toBe('STEP_UP_REQUIRED');
    const answerToNobody = await app()
      .anonymous()
      .send(RegenerateRecoveryCodesDocument, { input: { totpCode: '123456' } });
    expect(answerToNobody.code).toBe('UNAUTHENTICATED');
  });

  test('of 50 at once with one code exactly one gives codes, and ten are left', async () => {
    const { actor, secret } = await enrolled(app());
    const code = nextCode(app(), secret);
    const answers = await inParallel(50, () => regenerate(actor, code));
    expect(answers.filter(({ data }) => data.regenerateRecoveryCodes?.recoveryCodes != null)).toHaveLength(1);
    const [row] = await app().database.query(
      `select count(*)::int as count from credentials where user_id = $1 and type = 'RECOVERY_CODE'`,
      [actor.id],
    );
    expect(row).toEqual({ count: 10 });
  });
});
