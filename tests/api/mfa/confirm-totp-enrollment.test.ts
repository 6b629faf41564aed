import { describe, expect, test } from 'vitest';
import {
  ConfirmTotpEnrollmentDocument,
  OwnSecondFactorsDocument,
  StartTotpEnrollmentDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { enrolled, nextCode, totpCode, wrongCode } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('confirmTotpEnrollment', () => {
  const app = useTestApp();
  const begun = async () => {
    const email = `${unique('confirm')}@example.com`;
    const id = await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    return { id, email, actor, secret: await begin(actor) };
  };
  const begin = async (actor: Actor): Promise<string> =>
    (await actor.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } })).data.startTotpEnrollment
      ?.secret ?? '';
  const confirm = (actor: Actor, code: string) => actor.send(ConfirmTotpEnrollmentDocument, { input: { code } });
  const codesOf = async (actor: Actor, code: string) =>
    (await confirm(actor, code)).data.confirmTotpEnrollment?.errors.map((error) => error.code);

  test('switches TOTP on, shows ten recovery codes once, and tells the person', async () => {
    const { id, email, actor, secret } = await begun();
    const now = app().clock.now().toISOString();
    const { answer, audit, events } = await recording(app(), () => confirm(actor, totpCode(app(), secret)));
    const done = answer.data.confirmTotpEnrollment;
    expect(done?.errors).toEqual([]);
    expect(new Set(done?.recoveryCodes).size).toBe(10);
    expect(done?.mfa).toEqual({ enabled: true, totpEnabledAt: now, recoveryCodesLeft: 10 });
    expect(audit).toMatchObject([
      { action: 'mfa.enabled', result: 'SUCCESS', actor: { id }, target: { type: 'User', id }, metadata: {} },
    ]);
    expect(events).toEqual([
      { type: 'MfaChanged', aggregateType: 'User', aggregateId: id, payload: { userId: id, change: 'TOTP_ENABLED' } },
    ]);
    const mail = (await messagesTo(app(), email)).find(({ template }) => template === 'mfa-changed');
    expect(mail).toMatchObject({ userId: id, variables: { change: 'TOTP_ENABLED', ipAddress: '127.0.0.1', at: now } });
    const again = await confirm(actor, nextCode(app(), secret));
    expect(again.data.confirmTotpEnrollment).toMatchObject({
      recoveryCodes: null,
      mfa: null,
      errors: [{ code: 'NO_ENROLLMENT_IN_PROGRESS', field: null }],
    });
  });

  test('raises the session that proved the code to AAL2, and no other one', async () => {
    const { email, actor, secret } = await begun();
    const other = await signIn(app(), email);
    await confirm(actor, totpCode(app(), secret));
    expect((await actor.send(OwnSecondFactorsDocument, {})).data.viewer?.assuranceLevel).toBe('AAL2');
    expect((await other.send(OwnSecondFactorsDocument, {})).data.viewer?.assuranceLevel).toBe('AAL1');
    const rows = await app().database.query<{ methods: string[] }>(
      `select array(select f->>'method' from jsonb_array_elements(factors) f) as methods from sessions
       where user_id = $1 and assurance_level = 'AAL2'`,
      [actor.id],
    );
    expect(rows).toEqual([{ methods: ['PASSWORD', 'TOTP'] }]);
  });

  test('keeps secret and recovery codes unreadable in the database, and out of the log', async () => {
    const { id, actor, secret } = await begun();
    const { data } = await confirm(actor, totpCode(app(), secret));
    const codes = data.confirmTotpEnrollment?.recoveryCodes ?? [];
    const rows = await app().database.query<{ type: string; secret: string }>(
      `select type, secret from credentials where user_id = $1 and type <> 'PASSWORD'`,
      [id],
    );
    expect(rows.map(({ type }) => type).toSorted()).toEqual([
      ...Array.from({ length: 10 }, () => 'RECOVERY_CODE'),
      'TOTP',
    ]);
    for (const row of rows) {
      expect(row.secret).toMatch(row.type === 'TOTP' ? /^v1\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/ : /^v1\.[\w-]{43}$/);
    }
    const everything = JSON.stringify([
      app().log,
      await app().database.query(`select t::text from audit_events t`),
      await app().database.query(`select t::text from audit_personal_values t`),
      await app().database.query(`select t::text from outbox_events t`),
      await app().database.query(`select t::text from credentials t`),
      await app().database.query(`select t::text from messages t`),
    ]);
    expect(codes).toHaveLength(10);
    for (const word of [secret, ...codes, ...codes.map((code) => code.replaceAll('-', ''))]) {
      expect(everything).not.toContain(word);
    }
  });

  test('refuses wrong codes, and after five the enrolment is void even for the right one', async () => {
    const { id, actor, secret } = await begun();
    const wrong = wrongCode(app(), secret);
    for (let time = 1; time <= 5; time += 1) {
      const { answer, audit } = await recording(app(), () => confirm(actor, wrong));
      expect(answer.data.confirmTotpEnrollment).toMatchObject({
        recoveryCodes: null,
        errors: [{ code: 'MFA_CODE_INVALID', field: ['code'] }],
      });
      expect(audit).toMatchObject([{ action: 'mfa.enabled', result: 'FAILURE', target: { id } }]);
    }
    expect(await codesOf(actor, totpCode(app(), secret))).toEqual(['NO_ENROLLMENT_IN_PROGRESS']);
    const secondSecret = await begin(actor);
    expect(await codesOf(actor, totpCode(app(), secret))).toEqual(['MFA_CODE_INVALID']);
    expect(await codesOf(actor, totpCode(app(), secondSecret))).toEqual([]);
  });

  test('refuses an enrolment that was not confirmed in time, to the second', async () => {
    const { actor, secret } = await begun();
    app().clock.advance(599);
    const late = await begun();
    app().clock.advance(1);
    const { answer, changed } = await changing(app(), () => confirm(actor, totpCode(app(), secret)));
    expect(answer.data.confirmTotpEnrollment?.errors).toMatchObject([{ code: 'ENROLLMENT_EXPIRED' }]);
    expect(changed).toEqual(['credentials']); // the try was counted
    expect(await codesOf(late.actor, totpCode(app(), late.secret))).toEqual([]);
    await app().services.housekeeping.run();
    expect(await codesOf(actor, totpCode(app(), secret))).toEqual(['ENROLLMENT_EXPIRED']);
    app().clock.advance(86_400);
    await app().services.housekeeping.run();
    const kept = await app().database.query<{ type: string }>(
      `select type from credentials where user_id = any($1::uuid[]) and type like 'TOTP%'`,
      [[actor.id, late.actor.id]],
    );
    expect(kept).toEqual([{ type: 'TOTP' }]);
  });

  test('needs a code, an enrolment and a confirmed session', async () => {
    const { actor } = await begun();
    expect(await codesOf(actor, '  ')).toEqual(['MFA_CODE_REQUIRED']);
    const email = `${unique('none')}@example.com`;
    await makePerson(app(), { email });
    const nobody = await signIn(app(), email);
    expect(await codesOf(nobody, '123456')).toEqual(['NO_ENROLLMENT_IN_PROGRESS']);
    app().clock.advance(601);
    expect((await confirm(nobody, '123456')).code).toBe('STEP_UP_REQUIRED');
    expect(
      (
        await app()
          .anonymous()
          .send(ConfirmTotpEnrollmentDocument, { input: { code: '123456' } })
      ).code,
    ).toBe('UNAUTHENTICATED');
  });

  test('of 50 confirmations at once exactly one shows recovery codes', async () => {
    const { id, actor, secret } = await begun();
    const answers = await inParallel(50, () => confirm(actor, totpCode(app(), secret)));
    const shown = answers.filter(({ data }) => data.confirmTotpEnrollment?.recoveryCodes != null);
    expect(shown).toHaveLength(1);
    const refused = answers.flatMap(
      ({ data }) => data.confirmTotpEnrollment?.errors.map(({ code }) => code) ?? ['none'],
    );
    expect(new Set(refused)).toEqual(new Set(['NO_ENROLLMENT_IN_PROGRESS']));
    expect(refused).toHaveLength(49);
    const [row] = await app().database.query(
      `select count(*) filter (where type = 'TOTP')::int as totp, count(*) filter (where type = 'RECOVERY_CODE')::int as codes
       from credentials where user_id = $1`,
      [id],
    );
    expect(row).toEqual({ totp: 1, codes: 10 });
  });

  test('takes no secret that was moved from another account', async () => {
    const [ada, eve] = [await begun(), await begun()];
    await app().database.query(
      `update credentials c set secret = e.secret from credentials e
       where c.user_id = $1 and c.type = 'TOTP_PENDING' and e.user_id = $2 and e.type = 'TOTP_PENDING'`,
      [ada.id, eve.id],
    );
    const moved = await confirm(ada.actor, totpCode(app(), eve.secret));
    expect([moved.code, moved.data]).toEqual(['INTERNAL_SERVER_ERROR', { confirmTotpEnrollment: null }]);
  });

  test('leaves TOTP on as it is when somebody else begins and confirms', async () => {
    const first = await enrolled(app());
    await enrolled(app());
    const { data } = await first.actor.send(OwnSecondFactorsDocument, {});
    expect(data.viewer?.user.mfa).toMatchObject({ enabled: true, recoveryCodesLeft: 10 });
  });
});
