import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  RemovePasskeyDocument,
  StartPasskeyRegistrationDocument,
  StartTotpEnrollmentDocument,
} from '../../../generated/client/graphql.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { type Actor, PASSWORD, signIn } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import {
  answerRegistration,
  askForRegistration,
  askForSignIn,
  makePasskeyHolder,
  registerPasskey,
} from '../../support/passkeys.ts';
import { useTestApp } from '../../support/test-app.ts';

/*
 * Whoever has the password of somebody alone must not bind a factor of their own beside a passkey of the owner, and be at AAL2 by it
 * (NIST SP 800-63B section 6.1.2).
 */
describe('the password of somebody who has a passkey', () => {
  const app = useTestApp();

  const thiefOf = async (owner: Actor): Promise<Actor> => {
    app().clock.advance(1);
    return signIn(app(), owner.email);
  };
  const required = { code: 'STEP_UP_REQUIRED', required: { assuranceLevel: 'AAL2', withinMinutes: null } };

  test("makes no TOTP of one's own", async () => {
    const thief = await thiefOf((await makePasskeyHolder(app())).actor);
    const { answer, changed } = await changing(app(), () =>
      thief.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } }),
    );
    expect(answer.errors[0]?.extensions).toMatchObject(required);
    expect(changed).toEqual([]);
  });

  test("makes no passkey of one's own, nor by a question that was asked before there was one", async () => {
    const { actor } = await makePasskeyHolder(app());
    const thief = await thiefOf(actor);
    const refused = await thief.send(StartPasskeyRegistrationDocument, { input: { password: PASSWORD } });
    expect(refused.errors[0]?.extensions).toMatchObject(required);
    const made = (difference: string) =>
      app().database.query(
        `update credentials set created_at = created_at + $2::interval where user_id = $1 and type = 'PASSKEY'`,
        [actor.id, difference],
      );
    await made('1 hour');
    const asked = await askForRegistration(thief, PASSWORD);
    await made('-1 hour');
    const late = await answerRegistration(thief, asked, new SoftwarePasskey().register(asked.options));
    expect(late.errors[0]?.extensions).toMatchObject(required);
  });

  test('does not take the passkey away', async () => {
    const { actor, passkeyId } = await makePasskeyHolder(app());
    const thief = await thiefOf(actor);
    const { answer, changed } = await changing(app(), () =>
      thief.send(RemovePasskeyDocument, { input: { id: passkeyId } }),
    );
    expect(answer.errors[0]?.extensions).toMatchObject(required);
    expect(changed).toEqual([]);
  });

  test('makes either together with the passkey, and takes it away', async () => {
    const { actor, key, passkeyId } = await makePasskeyHolder(app());
    const elsewhere = await thiefOf(actor);
    const asked = await askForSignIn(elsewhere);
    const passkey = { challengeToken: asked.challengeToken, response: { ...key.authenticate(asked.options) } };
    const { data } = await elsewhere.send(ConfirmIdentityDocument, { input: { passkey } });
    expect(data.confirmIdentity?.errors).toEqual([]);
    await registerPasskey(elsewhere, new SoftwarePasskey());
    const begun = await elsewhere.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } });
    expect(begun.data.startTotpEnrollment?.errors).toEqual([]);
    const removed = await elsewhere.send(RemovePasskeyDocument, { input: { id: passkeyId } });
    expect(removed.data.removePasskey).toMatchObject({ passkeyId, errors: [] });
  });
});
