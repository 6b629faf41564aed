import { createLocalJWKSet, type JSONWebKeySet, jwtVerify, type LocalJWKSet } from 'jose';
import { describe, expect, test } from 'vitest';
import { toNumericDate } from '../../../src/clock.ts';
import { signAccessToken } from '../../../src/crypto/jwt.ts';
import { newId } from '../../../src/ids.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import type { SigningAlgorithm } from '../../../src/vocabulary.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

/**
 * Somebody who verifies tokens by the key set alone and keeps it for as long as its headers allow, not a moment less: an unknown key
 * is a failure, never a reason to look again.
 */
class Verifier {
  readonly #app: TestApp;
  readonly #later: number;
  #keys: LocalJWKSet | null = null;
  #until = 0;

  /** `later`: seconds by which it looks later than others at first. */
  constructor(app: TestApp, later: number) {
    this.#app = app;
    this.#later = later;
  }

  async verify(token: string): Promise<string | null> {
    const { clock, config } = this.#app;
    const now = clock.now();
    if (this.#keys === null || now.getTime() >= this.#until) await this.#look(now);
    const { issuer, audience } = config.tokens;
    const keys = this.#keys ?? createLocalJWKSet({ keys: [] });
    return jwtVerify(token, keys, { issuer, audience, currentDate: now }).then(
      () => null,
      (error: unknown) => String(error),
    );
  }

  async #look(now: Date): Promise<void> {
    const answer = await fetch(`${this.#app.url}/.well-known/jwks.json`);
    const maximumAge = Number(/^public, max-age=(\d+)$/.exec(answer.headers.get('cache-control') ?? '')?.[1]);
    const first = this.#keys === null ? this.#later : 0;
    this.#keys = createLocalJWKSet((await answer.json()) as JSONWebKeySet);
    this.#until = now.getTime() + (maximumAge - first) * 1000;
  }
}

interface Live {
  readonly token: string;
  readonly until: number;
}

const LIFE_SECONDS = 900;

/** A token as a sign-in at this replica gives it. */
const issued = async ({ services, config, clock }: TestApp): Promise<Live & { readonly kid: string }> => {
  const { issuer: iss, audience: aud } = config.tokens;
  const iat = toNumericDate(clock.now());
  const facts = { sub: newId(), sid: newId(), jti: newId(), auth_time: iat, acr: 'aal1', amr: ['pwd'], pv: '1' };
  const key = await services.signingKeys.active();
  const token = await signAccessToken(key, { ...facts, iss, aud, iat, exp: iat + LIFE_SECONDS });
  return { token, kid: key.kid, until: (iat + LIFE_SECONDS) * 1000 };
};

describe('rotation under load', () => {
  const app = useTestApp({ settings: { 'keys.rotationSeconds': '1h' } });

  test('fails no verification, by hand and by schedule, of two replicas and of all algorithms', async () => {
    const replica = await startTestApp({ beside: app(), settings: { 'keys.rotationSeconds': '1h' } });
    const apps = [app(), replica];
    const { clock } = app();
    const verifiers = Array.from({ length: 4 }, (_unused, index) => new Verifier(apps[index % 2] ?? app(), index * 71));
    const plan: Readonly<Record<number, SigningAlgorithm>> = { 3: 'ES256', 120: 'RS256', 123: 'EdDSA' };
    const [failures, kids] = [new Set<string>(), new Set<string>()];
    let [live, verified]: [readonly Live[], number] = [[], 0];
    // Three hours in steps of 40 s, within which replicas have not looked again or just have.
    for (let step = 0; step < 270; step += 1) {
      const algorithm = plan[step];
      const origin = systemOrigin('test');
      // Everything at once: tokens are made, tokens are verified, and the keys change.
      const checks = live.flatMap(({ token }) => verifiers.map((verifier) => verifier.verify(token)));
      const [outcomes, fresh] = await Promise.all([
        Promise.all(checks),
        Promise.all(apps.map((one) => issued(one))),
        algorithm === undefined
          ? null
          : app().services.signingKeys.rotate(origin, { algorithm, overlapSeconds: LIFE_SECONDS }),
        step % 3 === 0 ? apps[step % 2]?.services.signingKeys.maintain() : null,
      ]);
      verified += outcomes.length;
      for (const outcome of outcomes) if (outcome !== null) failures.add(`step ${step}: ${outcome}`);
      for (const { kid } of fresh) kids.add(kid);
      clock.advance(40);
      live = [...live, ...(step % 2 === 0 ? fresh : [])].filter((one) => one.until > clock.now().getTime());
    }
    expect([...failures]).toEqual([]);
    expect(verified).toBeGreaterThan(10_000);
    expect(kids.size).toBeGreaterThanOrEqual(5);
    await replica.close();
  }, 120_000);
});
