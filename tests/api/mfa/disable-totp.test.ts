import { describe, expect, test } from 'vitest';
import {
  DisableTotpDocument,
  type DisableTotpInput,
  OwnSecondFactorsDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { enrol, enrolled, nextCode, totpCode, wrongCode } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('disableTotp', () => {
  const app = useTestApp();
  const disable = (actor: Actor, input: DisableTotpInput) => actor.send(DisableTotpDocument, { input });
  const codesOf = async (actor: Actor, input: DisableTotpInput) =>
    (await disable(actor, input)).data.disableTotp?.errors.map(({ code, field }) => [code, field]);
  const OFF = { enabled: false, totpEnabledAt: null, recoveryCodesLeft: 0 };

  test.each(['code', 'recoveryCode'] as const)(
    'by password and %s removes TOTP, codes and trust, and tells',
    async (by) => {
      const { actor, email, secret, recoveryCodes } = await enrolled(app());
      await app().database.query(`update devices set trusted_until = now() + interval '30 days' where user_id = $1`, [
        actor.id,
      ]);
      const proof = by === 'code' ? { code: nextCode(app(), secret) } : { recoveryCode: recoveryCodes[3] ?? '' };
      const { answer, audit, events } = await recording(app(), () => disable(actor, { password: PASSWORD, ...proof }));
      expect(answer.data.disableTotp).toEqual({ mfa: OFF, errors: [] });
      const method = by === 'code' ? 'TOTP' : 'RECOVERY_CODE';
      expect(audit).toMatchObject([
        {
          action: 'mfa.disabled',
          result: 'SUCCESS',
          actor: { id: actor.id },
          target: { id: actor.id },
          metadata: { method },
        },
      ]);
      expect(events).toMatchObject([{ type: 'MfaChanged', payload: { userId: actor.id, change: 'TOTP_DISABLED' } }]);
      const left = await app().database.query<{ type: string }>('select type from credentials where user_id = $1', [
        actor.id,
      ]);
      expect(left).toEqual([{ type: 'PASSWORD' }]);
      const trusted = await app().database.query(
        'select id from devices where user_id = $1 and trusted_until is not null',
        [actor.id],
      );
      expect(trusted).toEqual([]);
      const mails = (await messagesTo(app(), email)).filter(({ template }) => template === 'mfa-changed');
      expect(mails.map(({ variables }) => variables['change'])).toEqual(['TOTP_ENABLED', 'TOTP_DISABLED']);
      // The session stays what it was; the next sign-in needs the password alone.
      expect((await actor.send(OwnSecondFactorsDocument, {})).data.viewer?.assuranceLevel).toBe('AAL2');
      expect((await signIn(app(), email)).id).toBe(actor.id);
    },
  );

  test('does nothing when TOTP is off, whatever is given', async () => {
    const email = `${unique('off')}@example.com`;
    await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    for (const input of [{}, { password: 'wrong', code: '000000' }, { password: PASSWORD, recoveryCode: 'x' }]) {
      const { answer, changed } = await changing(app(), () => disable(actor, input));
      expect(answer.data.disableTotp).toEqual({ mfa: OFF, errors: [] });
      expect(changed).toEqual([]);
    }
  });

  test('gives one answer for a wrong password, a wrong code and both, uses nothing up, and counts each try', async () => {
    const { actor, secret, recoveryCodes } = await enrolled(app());
    const code = nextCode(app(), secret);
    const recoveryCode = recoveryCodes[0] ?? '';
    const refused = [
      { password: 'wrong', code },
      { password: 'wrong', recoveryCode },
      { password: PASSWORD, code: wrongCode(app(), secret) },
      { password: 'wrong', code: wrongCode(app(), secret) },
    ];
    for (const [index, input] of refused.entries()) {
      const { answer, audit } = await recording(app(), () => disable(actor, input));
      expect(answer.data.disableTotp).toEqual({
        mfa: null,
        errors: [
          {
            code: 'MFA_AUTH_FAILED',
            message: 'The proof of identity failed; one answer for every reason.',
            field: null,
            targetId: null,
          },
        ],
      });
      expect(audit).toMatchObject([{ action: 'mfa.disabled', result: 'FAILURE', target: { id: actor.id } }]);
      const [row] = await app().database.query<{ count: number }>(
        'select failed_sign_in_count as count from devices where user_id = $1',
        [actor.id],
      );
      expect(row?.count).toBe(index + 1);
    }
    expect(await codesOf(actor, { password: PASSWORD, code })).toEqual([]);
  });

  test('locks after five wrong tries, and then refuses right ones without using them up', async () => {
    const { actor, secret, recoveryCodes } = await enrolled(app());
    const wrong = { password: PASSWORD, code: wrongCode(app(), secret) };
    for (let time = 1; time <= 5; time += 1) await disable(actor, wrong);
    const right = { password: PASSWORD, recoveryCode: recoveryCodes[0] ?? '' };
    expect(await codesOf(actor, right)).toEqual([['MFA_AUTH_FAILED', null]]);
    const { data } = await actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa).toMatchObject({ enabled: true, recoveryCodesLeft: 10 });
    app().clock.advance(899);
    expect(await codesOf(actor, right)).toEqual([['MFA_AUTH_FAILED', null]]);
    app().clock.advance(2);
    expect(await codesOf(actor, right)).toEqual([]);
  });

  test('asks for what is missing before it tries anything', async () => {
    const { actor, secret, recoveryCodes } = await enrolled(app());
    const code = nextCode(app(), secret);
    const recoveryCode = recoveryCodes[0] ?? '';
    for (const [input, expected] of [
      [{ password: PASSWORD }, ['MFA_CODE_REQUIRED', ['code']]],
      [{ password: PASSWORD, code: ' ', recoveryCode: '' }, ['MFA_CODE_REQUIRED', ['code']]],
      [{ password: PASSWORD, code, recoveryCode }, ['EXACTLY_ONE_REQUIRED', ['code']]],
      [{ code }, ['REQUIRED', ['password']]],
    ] as const) {
      const { answer, changed } = await changing(app(), () => disable(actor, input));
      expect(answer.data.disableTotp?.errors.map((error) => [error.code, error.field])).toEqual([expected]);
      expect(changed).toEqual([]);
    }
  });

  test('swaps no purposes: a recovery code is no TOTP code, and a TOTP code no recovery code', async () => {
    const { actor, secret, recoveryCodes } = await enrolled(app());
    const failed = [['MFA_AUTH_FAILED', null]];
    expect(await codesOf(actor, { password: PASSWORD, code: recoveryCodes[0] ?? '' })).toEqual(failed);
    expect(await codesOf(actor, { password: PASSWORD, recoveryCode: nextCode(app(), secret) })).toEqual(failed);
    const other = await enrolled(app());
    expect(await codesOf(actor, { password: PASSWORD, recoveryCode: other.recoveryCodes[0] ?? '' })).toEqual(failed);
    expect(await codesOf(actor, { password: PASSWORD, code: nextCode(app(), other.secret) })).toEqual(failed);
    const { data } = await other.actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa?.recoveryCodesLeft).toBe(10);
  });

  test('takes a confirmed session in place of the password for accounts that have none', async () => {
    const { actor, secret } = await enrolled(app());
    await app().database.query(`delete from credentials where user_id = $1 and type = 'PASSWORD'`, [actor.id]);
    app().clock.advance(601);
    const code = totpCode(app(), secret);
    const { answer, changed } = await changing(app(), () => disable(actor, { code }));
    expect([answer.code, changed]).toEqual(['STEP_UP_REQUIRED', []]);
    await app().database.query('update sessions set authenticated_at = $2 where user_id = $1', [
      actor.id,
      app().clock.now().toISOString(),
    ]);
    expect(await codesOf(actor, { code })).toEqual([]);
  });

  test('of 50 at once with one code exactly one switches it off', async () => {
    const { actor, secret } = await enrolled(app());
    const code = nextCode(app(), secret);
    const { answer: answers, audit } = await recording(app(), () =>
      inParallel(50, () => disable(actor, { password: PASSWORD, code })),
    );
    expect(answers.every(({ errors }) => errors.length === 0)).toBe(true);
    expect(audit.filter(({ action, result }) => action === 'mfa.disabled' && result === 'SUCCESS')).toHaveLength(1);
    const { data } = await actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa).toEqual(OFF);
  });

  test('makes room for a new enrolment, which the old secret and the old codes do not open', async () => {
    const { actor, email, secret, recoveryCodes } = await enrolled(app());
    await disable(actor, { password: PASSWORD, code: nextCode(app(), secret) });
    const again = await enrol(app(), actor);
    expect(again.secret).not.toBe(secret);
    for (const mfaCode of [nextCode(app(), secret), recoveryCodes[1] ?? '']) {
      const { data } = await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: email, password: PASSWORD, mfaCode, delivery: 'BODY' } });
      expect(data.signIn).toMatchObject({ step: 'FAILED', tokens: null, errors: [{ code: 'MFA_CODE_INVALID' }] });
    }
  });

  test('is for signed-in callers', async () => {
    const answer = await app().anonymous().send(DisableTotpDocument, { input: {} });
    expect(answer.code).toBe('UNAUTHENTICATED');
  });
});
