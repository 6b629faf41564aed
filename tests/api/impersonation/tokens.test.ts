import { describe, expect, test } from 'vitest';
import { BannerDocument, RefreshSessionDocument } from '../../../generated/client/graphql.ts';
import { signAccessToken } from '../../../src/crypto/jwt.ts';
import { codeOfUse, makePair, stop } from '../../support/impersonation.ts';
import { jwtParts } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();

describe('tokens of the two kinds', () => {
  test('never stand for each other, whatever is signed', async () => {
    const { actor, target, acting } = await makePair(app());
    const { signingKeys } = app().services;
    const key = await signingKeys.active();
    const own = jwtParts(actor.accessToken).claims;
    const acted = jwtParts(acting.accessToken).claims;
    const { act: _act, ...withoutActor } = acted;
    const forged = [
      withoutActor,
      { ...own, act: { sub: actor.id } },
      { ...own, act: { sub: target.id } },
      { ...acted, act: { sub: target.id } },
      { ...acted, act: { sub: 'nobody' } },
      { ...acted, sub: actor.id },
      { ...own, sub: target.id },
      { ...own, sid: acted['sid'] },
      { ...acted, sid: own['sid'] },
    ];
    for (const claims of forged) {
      const token = await signAccessToken(key, claims as never);
      const answer = await app()
        .anonymous({ authorization: `Bearer ${token}` })
        .run('{ viewer { user { id } } }');
      expect([answer.status, answer.code]).toEqual([401, 'UNAUTHENTICATED']);
    }
    const same = await signAccessToken(key, acted as never);
    expect(await codeOfUse(app().anonymous({ authorization: `Bearer ${same}` }))).toBe('OK');
  });

  test('an impersonated session is refreshed by nothing', async () => {
    const { actor, acting } = await makePair(app());
    const [row] = await app().database.query<{ refresh: unknown; ends: string }>(
      'select coalesce(refresh_selector, refresh_hash::text) as refresh, expires_at as ends from sessions where id = $1',
      [acting.sessionId],
    );
    expect(row?.refresh).toBeNull();
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } });
    const token = refreshed.data.refreshSession?.tokens?.accessToken ?? '';
    const { data } = await app()
      .anonymous({ authorization: `Bearer ${token}` })
      .send(BannerDocument, {});
    expect(data.viewer).toMatchObject({ user: { id: actor.id }, actor: null, impersonation: null });
    expect((await acting.send(RefreshSessionDocument, { input: { refreshToken: actor.refreshToken } })).code).toBe(
      'FORBIDDEN',
    );
    await stop(acting);
  });
});
