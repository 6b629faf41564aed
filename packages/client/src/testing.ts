import { createHmac, hkdfSync } from 'node:crypto';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { presentTime, secondsOf } from './clock.ts';
import type { Decision, Decisions, Question } from './decision-client.ts';
import { TokenVerifier } from './token-verifier.ts';

/** Claims of a test token; whatever is left out has a plain value. */
export interface TestClaims {
  readonly userId: string;
  readonly sessionId?: string;
  readonly actorId?: string;
  readonly organizationId?: string;
  readonly email?: string;
  readonly groups?: readonly string[];
  readonly scopes?: readonly string[];
  readonly assuranceLevel?: 'AAL1' | 'AAL2';
  readonly permissionVersion?: string;
  /** Seconds from now; negative = expired. */
  readonly expiresIn?: number;
}

/** Signs access tokens as Gatehouse does, with a key of its own, and verifies them without any network. */
export class TestIssuer {
  static async create(facts: { issuer?: string; audience?: string } = {}): Promise<TestIssuer> {
    const { issuer = 'https://gatehouse.test', audience = 'https://gatehouse.test/api' } = facts;
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA', use: 'sig' };
    const verifier = new TokenVerifier({ issuer, audience, keys: createLocalJWKSet({ keys: [jwk] }) });
    const sign = (claims: TestClaims): Promise<string> => {
      const now = secondsOf(presentTime());
      const { actorId, organizationId, email, groups = [], scopes } = claims;
      return new SignJWT({
        sid: claims.sessionId ?? '01890000-0000-7000-8000-00000000005e',
        jti: `test-${now}`,
        auth_time: now,
        acr: claims.assuranceLevel === 'AAL2' ? 'aal2' : 'aal1',
        amr: ['pwd'],
        pv: claims.permissionVersion ?? '1.test',
        groups: [...groups],
        ...(actorId === undefined ? {} : { act: { sub: actorId } }),
        ...(organizationId === undefined ? {} : { org: organizationId }),
        ...(email === undefined ? {} : { email }),
        ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
      })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test', typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(claims.userId)
        .setIssuedAt(now)
        .setExpirationTime(now + (claims.expiresIn ?? 900))
        .sign(privateKey);
    };
    return new TestIssuer(verifier, sign);
  }

  readonly verifier: TokenVerifier;
  readonly sign: (claims: TestClaims) => Promise<string>;

  private constructor(verifier: TokenVerifier, sign: TestIssuer['sign']) {
    this.verifier = verifier;
    this.sign = sign;
  }
}

/** Answers by a list of permissions, `action:resource`, or by a function; remembers what was asked. Denies everything else. */
export class CannedDecisions implements Decisions {
  readonly asked: Question[] = [];
  readonly #allows: (question: Question) => boolean;

  constructor(allowed: readonly string[] | ((question: Question) => boolean)) {
    this.#allows =
      typeof allowed === 'function' ? allowed : ({ action, resource }) => allowed.includes(`${action}:${resource}`);
  }

  decide(_token: string, questions: readonly Question[]): Promise<readonly Decision[]> {
    this.asked.push(...questions);
    return Promise.resolve(
      questions.map((question) =>
        this.#allows(question)
          ? { allowed: true, reason: 'GRANTED', missing: [], required: null }
          : {
              allowed: false,
              reason: 'NO_GRANT',
              missing: [`${question.action}:${question.resource}`],
              required: null,
            },
      ),
    );
  }
}

/** The same secret in every test, so that values of the CSRF header can be written down. Never a secret of a server. */
export const TEST_MASTER_KEY = Buffer.alloc(32, 7);

/** The value of `x-csrf-token` that belongs to a session cookie on a server whose master key is `TEST_MASTER_KEY`. */
export const testCsrfToken = (cookie: string, masterKey: Buffer = TEST_MASTER_KEY): string => {
  const key = Buffer.from(hkdfSync('sha256', masterKey, 'gatehouse', 'gatehouse/v1/csrf', 32));
  return createHmac('sha256', key).update(cookie).digest('base64url');
};
