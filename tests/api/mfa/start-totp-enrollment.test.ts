import { describe, expect, test } from 'vitest';
import {
  OwnSecondFactorsDocument,
  StartTotpEnrollmentDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, recording, statementsOf } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { enrolled, nextCode } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('startTotpEnrollment', () => {
  const app = useTestApp();
  const right = { input: { password: PASSWORD } };
  const person = async () => {
    const email = `${unique('start')}@example.com`;
    const id = await makePerson(app(), { email });
    return { id, email, actor: await signIn(app(), email) };
  };
  const pendingOf = (id: string) =>
    app().database.query<{ id: string; secret: string; expires_at: string }>(
      `select id, secret, expires_at from credentials where user_id = $1 and type = 'TOTP_PENDING'`,
      [id],
    );

  test('hands out a secret that counts for nothing yet, sealed in the database', async () => {
    const { id, email, actor } = await person();
    const { answer, audit, events } = await recording(app(), () => actor.send(StartTotpEnrollmentDocument, right));
    const begun = answer.data.startTotpEnrollment;
    expect(begun?.errors).toEqual([]);
    expect(begun?.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(begun?.expiresAt).toBe(new Date(app().clock.now().getTime() + 600_000).toISOString());
    const uri = new URL(begun?.otpauthUri ?? '');
    expect(decodeURIComponent(uri.pathname)).toBe(`/localhost:${email}`);
    expect(Object.fromEntries(uri.searchParams)).toEqual({ secret: begun?.secret, issuer: 'localhost' });
    const [pending] = await pendingOf(id);
    expect(pending?.secret).toMatch(/^v1\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(pending?.secret).not.toContain(begun?.secret);
    expect(audit.map(({ action, result, target, metadata }) => [action, result, target.id, metadata])).toEqual([
      ['identity.confirmed', 'SUCCESS', id, {}],
      ['mfa.enrollment-started', 'SUCCESS', id, {}],
    ]);
    expect(events).toEqual([]);
    const { data } = await actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa).toEqual({ enabled: false, totpEnabledAt: null, recoveryCodesLeft: 0 });
    expect((await signIn(app(), email)).id).toBe(id);
  });

  test('confirms the session by the right password, and only that one', async () => {
    const { actor, email } = await person();
    const other = await signIn(app(), email);
    app().clock.advance(601);
    expect((await actor.send(ViewerDocument, {})).data.viewer?.freshUntil).toBeNull();
    await actor.send(StartTotpEnrollmentDocument, right);
    expect((await actor.send(ViewerDocument, {})).data.viewer?.freshUntil).not.toBeNull();
    expect((await other.send(ViewerDocument, {})).data.viewer?.freshUntil).toBeNull();
  });

  test('can be repeated: the newer secret replaces the older one', async () => {
    const { id, actor } = await person();
    const first = await actor.send(StartTotpEnrollmentDocument, right);
    const [before] = await pendingOf(id);
    const second = await actor.send(StartTotpEnrollmentDocument, right);
    const after = await pendingOf(id);
    expect(second.data.startTotpEnrollment?.secret).not.toBe(first.data.startTotpEnrollment?.secret);
    expect(after).toHaveLength(1);
    expect(after[0]?.id).not.toBe(before?.id);
  });

  test('counts wrong passwords towards the lock, hands out nothing, and then refuses the right one as well', async () => {
    const { actor, id } = await person();
    for (let time = 1; time <= 5; time += 1) {
      const { answer, audit } = await recording(app(), () =>
        actor.send(StartTotpEnrollmentDocument, { input: { password: `wrong ${time}` } }),
      );
      expect(answer.data.startTotpEnrollment).toMatchObject({
        secret: null,
        otpauthUri: null,
        errors: [{ code: 'CURRENT_PASSWORD_INCORRECT', field: ['password'] }],
      });
      expect(audit).toMatchObject([{ action: 'identity.confirmed', result: 'FAILURE', target: { id } }]);
    }
    const { answer, changed } = await changing(app(), () => actor.send(StartTotpEnrollmentDocument, right));
    expect(answer.data.startTotpEnrollment?.errors).toMatchObject([{ code: 'CURRENT_PASSWORD_INCORRECT' }]);
    expect(changed).toEqual(['audit_events']);
    expect(await pendingOf(id)).toEqual([]);
    app().clock.advance(901);
    const again = await actor.send(StartTotpEnrollmentDocument, right);
    expect(again.data.startTotpEnrollment?.errors).toEqual([]);
  });

  test('asks for the password of an account that has one, however fresh the session', async () => {
    const { actor } = await person();
    const { answer, changed } = await changing(app(), () => actor.send(StartTotpEnrollmentDocument, { input: {} }));
    expect(answer.data.startTotpEnrollment?.errors).toMatchObject([{ code: 'REQUIRED', field: ['password'] }]);
    expect(changed).toEqual([]);
  });

  test('takes a confirmed session instead for accounts without a password, and no password for them', async () => {
    const { actor, id } = await person();
    await app().database.query(`delete from credentials where user_id = $1`, [id]);
    expect((await actor.send(StartTotpEnrollmentDocument, { input: {} })).data.startTotpEnrollment?.errors).toEqual([]);
    const guessed = await actor.send(StartTotpEnrollmentDocument, right);
    expect(guessed.data.startTotpEnrollment?.errors).toMatchObject([{ code: 'CURRENT_PASSWORD_INCORRECT' }]);
    app().clock.advance(601);
    const { answer, changed } = await changing(app(), () => actor.send(StartTotpEnrollmentDocument, { input: {} }));
    expect(answer.errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: null, withinMinutes: 10 },
    });
    expect(changed).toEqual([]);
  });

  test('is refused while TOTP is on, before anything is tried', async () => {
    const { actor, secret } = await enrolled(app());
    nextCode(app(), secret);
    const { answer, changed } = await changing(app(), () =>
      actor.send(StartTotpEnrollmentDocument, { input: { password: 'wrong' } }),
    );
    expect(answer.data.startTotpEnrollment).toMatchObject({ secret: null, errors: [{ code: 'MFA_ALREADY_ENABLED' }] });
    expect(changed).toEqual([]);
  });

  test('is for signed-in callers, and needs nine statements', async () => {
    const answer = await app().anonymous().send(StartTotpEnrollmentDocument, right);
    expect(answer.code).toBe('UNAUTHENTICATED');
    const { actor } = await person();
    const { statements } = await statementsOf(app(), () => actor.send(StartTotpEnrollmentDocument, right));
    expect(statements).toBe(9);
  });
});
