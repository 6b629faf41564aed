import { describe, expect, test } from 'vitest';
import { RefreshSessionDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import { makePerson, signIn } from '../../support/cast.ts';
import { recording, statementsOf } from '../../support/records.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const key = (version: number, byte: number) => ({
  version,
  secret: new Secret(Buffer.alloc(32, byte).toString('base64url')),
});
/** The first version is the key of all other test apps. */
const [OLD, NEW] = [key(1, 7), key(2, 8)];

describe('refreshSession after the master key changed', () => {
  const app = useTestApp();
  const refresh = async (at: TestApp, refreshToken: string) => {
    const answer = await at.anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
    expect(answer.errors).toEqual([]);
    return answer.data.refreshSession;
  };

  test('goes on with families of the old version, replays and reuse included', async () => {
    const newer = await startTestApp({ beside: app(), masterKeys: new MasterKeys([NEW, OLD]) });
    await makePerson(app(), { email: 'old@keys.example' });
    const actor = await signIn(app(), 'old@keys.example');
    let first = await refresh(newer, actor.refreshToken);
    expect(first?.errors).toEqual([]);
    expect((await refresh(newer, actor.refreshToken))?.tokens).toEqual(first?.tokens);
    // A replica that has not got the new key yet agrees on the successor.
    expect((await refresh(app(), actor.refreshToken))?.tokens?.refreshToken).toBe(first?.tokens?.refreshToken);
    const [, { events }] = await recording(app(), async () => {
      first = await refresh(newer, first?.tokens?.refreshToken ?? '');
      app().clock.advance(11);
      const reused = await refresh(newer, actor.refreshToken);
      expect(reused?.errors.map(({ code }) => code)).toEqual(['REFRESH_TOKEN_REUSED']);
    });
    expect(events.map(({ type }) => type)).toEqual(['RefreshTokenReused', 'SessionRevoked']);
    await newer.close();
  });

  test('needs at most three statements for a family of the old version', async () => {
    const newer = await startTestApp({ beside: app(), masterKeys: new MasterKeys([NEW, OLD]) });
    await makePerson(app(), { email: 'count@keys.example' });
    const actor = await signIn(app(), 'count@keys.example');
    // The definitions of groups are read by the first request of a replica, not by this one.
    await newer.anonymous({ authorization: `Bearer ${actor.accessToken}` }).send(ViewerDocument, {});
    expect(await statementsOf(newer, () => refresh(newer, actor.refreshToken))).toBe(3);
    await newer.close();
  });

  test('gives fifty calls at once one successor, whichever version each replica thinks is the present one', async () => {
    const newer = await startTestApp({ beside: app(), masterKeys: new MasterKeys([NEW, OLD]) });
    await makePerson(app(), { email: 'burst@keys.example' });
    const actor = await signIn(app(), 'burst@keys.example');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_unused, number) => refresh(number % 2 === 0 ? newer : app(), actor.refreshToken)),
    );
    expect(answers.flatMap((answer) => answer?.errors ?? [])).toEqual([]);
    expect(new Set(answers.map((answer) => answer?.tokens?.refreshToken)).size).toBe(1);
    await newer.close();
  });

  test('asks for a new sign-in, without a server error, once the old version was taken away', async () => {
    const both = await startTestApp({ beside: app(), masterKeys: new MasterKeys([NEW, OLD]) });
    const { admin } = await app().cast();
    const signedInBefore = admin.refreshToken;
    const rotated = await refresh(app(), (await signIn(app(), admin.email)).refreshToken);
    // The signing key must move first: the old one is sealed under the old master key.
    const origin = systemOrigin('test');
    await both.services.signingKeys.rotate(origin, { algorithm: null, overlapSeconds: null, immediately: true });
    const newOnly = await startTestApp({ beside: app(), masterKeys: new MasterKeys([NEW]) });
    for (const token of [signedInBefore, rotated?.tokens?.refreshToken ?? '']) {
      const refused = await refresh(newOnly, token);
      expect(refused).toMatchObject({ tokens: null, errors: [{ code: 'TOKEN_INVALID', field: ['refreshToken'] }] });
    }
    const bearer = newOnly.anonymous({ authorization: `Bearer ${admin.accessToken}` });
    expect((await bearer.send(ViewerDocument, {})).data.viewer?.user.email).toBe(admin.email);
    const anew = await signIn(newOnly, admin.email);
    expect((await refresh(newOnly, anew.refreshToken))?.errors).toEqual([]);
    await newOnly.close();
    await both.close();
  });
});
