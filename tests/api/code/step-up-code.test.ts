import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  RequestSignInCodeDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, makePerson, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { codeTo, messagesTo } from '../../support/messages.ts';
import { askForCode } from '../../support/sign-up.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a code to confirm the identity', () => {
  const app = useTestApp();
  const ask = async (actor: Pick<Actor, 'send'>, input: Record<string, unknown> = {}) =>
    actor.send(RequestSignInCodeDocument, { input: { purpose: 'STEP_UP', ...input } });
  const tokenOf = async (actor: Actor): Promise<string> =>
    (await ask(actor)).data.requestSignInCode?.verification?.token ?? '';
  const confirm = async (actor: Actor, verificationToken: string, code: string) =>
    (await actor.send(ConfirmIdentityDocument, { input: { verificationToken, code } })).data.confirmIdentity;
  const person = async () => {
    const email = `${unique('stepping')}@example.com`;
    await makePerson(app(), { email });
    return { email, actor: await signIn(app(), email) };
  };

  test('goes to the address of whoever is signed in and makes the session fresh, once among fifty', async () => {
    const { email, actor } = await person();
    const token = await tokenOf(actor);
    expect(await messagesTo(app(), email)).toMatchObject([{ template: 'code', variables: { purpose: 'STEP_UP' } }]);
    const code = await codeTo(app(), email);
    app().clock.advance(30);
    const answers = await Promise.all(Array.from({ length: 50 }, () => confirm(actor, token, code)));
    const confirmed = answers.filter((one) => one?.errors.length === 0);
    expect(confirmed).toHaveLength(1);
    expect(confirmed[0]).toMatchObject({ assuranceLevel: 'AAL1' });
    expect(confirmed[0]?.freshUntil).toBe(new Date(app().clock.now().getTime() + 600_000).toISOString());
  });

  test('belongs to one session of one person', async () => {
    const { email, actor } = await person();
    const elsewhere = await signIn(app(), email);
    const stranger = await person();
    const token = await tokenOf(actor);
    const code = await codeTo(app(), email);
    for (const other of [elsewhere, stranger.actor]) {
      expect((await confirm(other, token, code))?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    }
    const signedIn = await app()
      .anonymous()
      .send(VerifySignInCodeDocument, { input: { verificationToken: token, code } });
    expect(signedIn.data.verifySignInCode?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    const signInToken = await askForCode(app(), stranger.email);
    const signInCode = await codeTo(app(), stranger.email);
    expect((await confirm(stranger.actor, signInToken, signInCode))?.errors).toMatchObject([{ code: 'TOKEN_INVALID' }]);
    expect((await confirm(actor, token, code))?.errors).toEqual([]);
  });

  test('needs a session, takes no address and no link', async () => {
    const { email, actor } = await person();
    expect((await ask(app().anonymous())).code).toBe('UNAUTHENTICATED');
    const codes = async (input: Record<string, unknown>) =>
      (await ask(actor, input)).data.requestSignInCode?.errors.map((one) => `${one.code} ${one.field?.join() ?? ''}`);
    expect(await codes({ identifier: email })).toEqual(['INVALID_VALUE identifier']);
    expect(await codes({ form: 'LINK' })).toEqual(['INVALID_VALUE form']);
    await app().database.query('update users set email = null, phone = null where email = $1', [email]);
    expect(await codes({})).toEqual(['INVALID_VALUE purpose']);
  });
});
