import { describe, expect, test } from 'vitest';
import { ResetUserMfaDocument, SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, PASSWORD, raiseToAal2, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { enrol, enrolled } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

const REASON = 'Lost the phone; called back on the known number.';

describe('resetUserMfa', () => {
  const app = useTestApp();
  const helper = async (...more: readonly string[]): Promise<Actor> =>
    raiseToAal2(app(), await holderOf(app(), ['view:users', 'reset-mfa:users', ...more]));
  const reset = (actor: Actor, userId: string, reason = REASON) =>
    actor.send(ResetUserMfaDocument, { input: { userId, reason } });
  const codesOf = async (actor: Actor, userId: string, reason = REASON) => {
    const { answer, changed } = await changing(app(), () => reset(actor, userId, reason));
    expect(changed).toEqual([]);
    return answer.data.resetUserMfa?.errors.map(({ code, field }) => [code, field]) ?? answer.code;
  };

  test('removes every second factor, ends the sessions, and keeps the reason', async () => {
    const actor = await helper();
    const { actor: target, email, recoveryCodes } = await enrolled(app());
    await app().database.query(
      `insert into credentials (id, user_id, type, secret, external_id, label, details, created_at, updated_at)
       values ($1::uuid, $2, 'PASSKEY', 'key', $1::uuid::text, 'Key', '{}', now(), now())`,
      [newId(), target.id],
    );
    await app().database.query(`update devices set trusted_until = now() + interval '1 day' where user_id = $1`, [
      target.id,
    ]);
    const { answer, audit, events } = await recording(app(), () => reset(actor, target.id));
    expect(answer.data.resetUserMfa).toMatchObject({
      user: {
        id: target.id,
        status: 'ACTIVE',
        mfa: { enabled: false, totpEnabledAt: null, recoveryCodesLeft: 0 },
      },
      errors: [],
    });
    expect(audit).toMatchObject([
      {
        action: 'mfa.reset',
        result: 'SUCCESS',
        actor: { id: actor.id },
        target: { type: 'User', id: target.id },
        metadata: { reason: REASON, totp: true, passkeys: 1 },
      },
      {
        action: 'session.ended',
        actor: { id: actor.id },
        metadata: { reason: 'CREDENTIALS_CHANGED', userId: target.id },
      },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['MfaChanged', 'SessionRevoked']);
    expect(events[0]?.payload).toEqual({ userId: target.id, change: 'RESET_BY_ADMINISTRATOR' });
    const left = await app().database.query('select type from credentials where user_id = $1', [target.id]);
    expect(left).toEqual([{ type: 'PASSWORD' }]);
    const mails = await messagesTo(app(), email);
    expect(mails.at(-1)).toMatchObject({ template: 'mfa-changed', variables: { change: 'RESET_BY_ADMINISTRATOR' } });
    expect((await target.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    const [device] = await app().database.query<{ trusted_until: string | null }>(
      'select trusted_until from devices where user_id = $1',
      [target.id],
    );
    expect(device?.trusted_until ?? null).toBeNull();
    // One factor from now on, and no way back to the old one.
    expect((await signIn(app(), email)).id).toBe(target.id);
    const fresh = await enrol(app(), await signIn(app(), email));
    expect(fresh.recoveryCodes).not.toContain(recoveryCodes[0]);
  });

  test('ends sign-ins that were waiting for the second factor', async () => {
    const actor = await helper();
    const { actor: target, email, recoveryCodes } = await enrolled(app());
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } });
    expect(begun.data.signIn?.step).toBe('MFA_REQUIRED');
    await reset(actor, target.id);
    const { data } = await app()
      .anonymous()
      .run<{ completeMfa: { step: string; errors: { code: string }[] } }>(
        'mutation ($input: CompleteMfaInput!) { completeMfa(input: $input) { step errors { code } } }',
        { input: { challengeToken: begun.data.signIn?.challenge?.token, recoveryCode: recoveryCodes[0] } },
      );
    expect(data.completeMfa).toEqual({ step: 'FAILED', errors: [{ code: 'TOKEN_USED' }] });
  });

  test('is for other people, visible and with second factors, and wants a reason', async () => {
    const actor = await helper();
    const { actor: target } = await enrolled(app());
    const plain = await makePerson(app(), { email: `${unique('plain')}@example.com` });
    expect(await codesOf(actor, actor.id)).toEqual([['NOT_ON_ONESELF', ['userId']]]);
    expect(await codesOf(actor, newId<UserId>())).toEqual([['TARGET_NOT_FOUND', ['userId']]]);
    expect(await codesOf(actor, 'nonsense')).toEqual([['TARGET_NOT_FOUND', ['userId']]]);
    expect(await codesOf(actor, plain)).toEqual([['MFA_NOT_ENABLED', ['userId']]]);
    expect(await codesOf(actor, target.id, '   ')).toEqual([['REQUIRED', ['reason']]]);
    expect(await codesOf(actor, target.id, 'x'.repeat(501))).toEqual([['TOO_LONG', ['reason']]]);
    const blind = await raiseToAal2(app(), await holderOf(app(), ['reset-mfa:users']));
    expect(await codesOf(blind, target.id)).toEqual([['TARGET_NOT_FOUND', ['userId']]]);
  });

  test('does not reach those who may do what the caller may not', async () => {
    const actor = await helper();
    const email = `${unique('boss')}@example.com`;
    await makePerson(app(), { email, groupIds: [ADMINISTRATORS_GROUP_ID] });
    const { actor: boss } = await enrol(app(), await signIn(app(), email));
    expect(await codesOf(actor, boss.id)).toEqual([['EXCEEDS_OWN_PERMISSIONS', ['userId']]]);
    const peer = await enrol(app(), await helper('lock:users'));
    expect(await codesOf(actor, peer.actor.id)).toEqual([['EXCEEDS_OWN_PERMISSIONS', ['userId']]]);
    const administrator = await helper('admin:*');
    expect((await reset(administrator, boss.id)).data.resetUserMfa?.errors).toEqual([]);
  });

  test('needs the protected permission, two factors and a fresh proof; admin:* does not cover it', async () => {
    const { actor: target } = await enrolled(app());
    const administrator = await raiseToAal2(app(), await holderOf(app(), ['admin:*']));
    const refused = await reset(administrator, target.id);
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['reset-mfa:users'] });
    const weak = await holderOf(app(), ['view:users', 'reset-mfa:users']);
    expect((await reset(weak, target.id)).errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: 'AAL2', withinMinutes: null },
    });
    const strong = await helper();
    app().clock.advance(601);
    expect((await reset(strong, target.id)).errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: null, withinMinutes: 10 },
    });
    expect(
      (
        await app()
          .anonymous()
          .send(ResetUserMfaDocument, { input: { userId: target.id, reason: REASON } })
      ).code,
    ).toBe('UNAUTHENTICATED');
    expect(await codesOf(await helper(), target.id, '')).toEqual([['REQUIRED', ['reason']]]);
  });

  test('of 50 at once exactly one resets, in a number of statements that does not depend on what is there', async () => {
    const actor = await helper();
    const { actor: target } = await enrolled(app());
    const answers = await inParallel(50, () => reset(actor, target.id));
    const codes = answers.map(({ data }) => data.resetUserMfa?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual([...Array.from({ length: 49 }, () => 'MFA_NOT_ENABLED'), 'OK']);
    const { actor: other } = await enrolled(app());
    const { statements } = await statementsOf(app(), () => reset(actor, other.id));
    expect(statements).toBe(10);
  });
});
