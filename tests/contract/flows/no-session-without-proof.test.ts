import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CompleteMfaDocument, RefreshSessionDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { assuranceOf, type ProvedFactor } from '../../../src/factors.ts';
import type { FactorMethod, MfaMethod } from '../../../src/vocabulary.ts';
import { PASSWORD } from '../../support/cast.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { nextCode } from '../../support/mfa.ts';
import { askForSignIn } from '../../support/passkeys.ts';
import { jwtParts } from '../../support/records.ts';
import { otherCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';
import { type Applicant, Applicants, type SignInAnswer } from './sign-in.person.ts';
import { type FirstFactor, NO_CODE, provedBy, unprovedBy, wrongAnswers } from './sign-in.proofs.ts';
import { type Answer, SignInWays } from './sign-in.ways.ts';

/*
 * Every branch that makes a challenge, with a proof that is wrong, missing or swapped: there is no session. With the right proofs
 * there is one, whose level is computed from the record of what was checked and from nothing else.
 */

let app: TestApp;
let provider: LyingProvider;
const world = new FlowWorld(() => app);
const applicants = new Applicants(world, () => provider);
const ways = new SignInWays(world, () => provider);

let ada: Applicant;
let mallory: Applicant;

beforeAll(async () => {
  provider = await startLyingProvider();
  provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
  app = await startTestApp({ settings: { ...issuers(issuerEntry(provider.issuer)), 'signUp.mode': 'OPEN' } });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});
beforeEach(async () => {
  // Signed in before sessions are counted.
  await world.admin();
  ada = await applicants.person(true);
  mallory = await applicants.person(true);
});

interface Begun {
  readonly sessions: number;
  readonly challenges: number;
}

/** How many sessions, and challenges that were made by a proved first factor, there ever were. */
const begunSoFar = async (): Promise<Begun> => {
  const [row] = await app.database.query<Begun>(
    `select (select count(*)::int from sessions) as sessions,
       (select count(*)::int from one_time_tokens where kind in ('MFA', 'PASSWORD_CHANGE')) as challenges`,
  );
  return row ?? { sessions: -1, challenges: -1 };
};

/** As if nothing had been counted: the limits of guessing are tested elsewhere, and would refuse everything after the fifth. */
const forgetTries = async (): Promise<void> => {
  await app.database.query(
    'update users set failed_sign_in_count = 0, locked_until = null where status_reason is null',
  );
  await app.database.query('update one_time_tokens set attempts = 0');
};

/** Nothing began: no session, no challenge, no token in the answer. */
const refused = async (name: string, attempt: () => Answer): Promise<void> => {
  const before = await begunSoFar();
  const { step = 'FAILED', tokens = null, challenge = null } = (await attempt()) ?? {};
  const nothing = { name, step: 'FAILED', tokens: null, challenge: null, begun: before };
  expect({ name, step, tokens, challenge, begun: await begunSoFar() }).toEqual(nothing);
  await forgetTries();
};

const sessionFactors = async (answer: SignInAnswer | null | undefined) => {
  const { claims } = jwtParts(answer?.tokens?.accessToken ?? '');
  const [row] = await app.database.query<{ factors: readonly ProvedFactor[]; level: string; user_id: string }>(
    'select factors, assurance_level as level, user_id from sessions where id = $1',
    [claims['sid']],
  );
  if (row === undefined) throw new Error('There is no such session.');
  return { ...row, acr: claims['acr'] };
};

const challengeOf = (answer: SignInAnswer | null | undefined): string => {
  if (answer?.step !== 'MFA_REQUIRED' || answer.challenge == null) {
    throw new Error(`No second factor is asked for: ${JSON.stringify(answer)}`);
  }
  expect(answer.tokens ?? null).toBeNull();
  return answer.challenge.token;
};

const place = { world, ways, provider: () => provider };
const proved = provedBy(place);
const FIRST_FACTORS = Object.keys(proved) as FirstFactor[];
const GATED = FIRST_FACTORS.filter((factor) => factor !== 'PASSKEY');

describe('a first factor that is not proved begins nothing', () => {
  test.each(FIRST_FACTORS)('%s', async (factor) => {
    const attempts = Object.entries(await unprovedBy(place, { ada, mallory })[factor]());
    expect(attempts.length).toBeGreaterThan(1);
    for (const [name, attempt] of attempts) await refused(name, attempt);
  });
});

describe('a proved first factor is gated by the second one', () => {
  test.each(GATED)('%s: a wrong, missing or swapped second factor begins nothing', async (factor) => {
    const [, prove] = proved[factor];
    const before = await begunSoFar();
    const token = challengeOf(await prove(ada));
    const after = await begunSoFar();
    expect(after).toEqual({ ...before, challenges: before.challenges + 1 });
    for (const [name, answer] of Object.entries(await wrongAnswers(place, { ada, mallory }, null))) {
      await refused(name, () => ways.complete(token, answer));
    }
    // All these left the challenge as it was: the right answer still is one.
    expect((await ways.complete(token, { code: nextCode(app, ada.secret) }))?.step).toBe('COMPLETE');
  });

  const pairs = GATED.flatMap((first) =>
    (['TOTP', 'RECOVERY_CODE'] as const).map((second) => [first, second] as const),
  );
  test.each(pairs)('%s and %s: a session of exactly these two', async (first, second) => {
    const [method, prove] = proved[first];
    const token = challengeOf(await prove(ada));
    const [stored] = await app.database.query<{ factors: readonly ProvedFactor[] }>(
      `select context->'factors' as factors from one_time_tokens where kind = 'MFA' and user_id = $1 and used_at is null`,
      [ada.id],
    );
    expect(stored?.factors.map((one) => one.method)).toEqual([method]);
    expect(assuranceOf(stored?.factors ?? [])).toBe('AAL1');
    const answer = second === 'TOTP' ? { code: nextCode(app, ada.secret) } : { recoveryCode: ada.recoveryCodes[0] };
    const { factors, level, acr, user_id: userId } = await sessionFactors(await ways.complete(token, answer));
    expect(factors.slice(0, -1)).toEqual(stored?.factors);
    expect(factors.map((one): FactorMethod | MfaMethod => one.method)).toEqual([method, second]);
    expect(factors.at(-1)).toMatchObject({ credentialId: expect.any(String), at: app.clock.now().toISOString() });
    expect([level, acr, userId]).toEqual([assuranceOf(factors), 'aal2', ada.id]);
  });

  test('a passkey is two factors, and passes', async () => {
    const { factors, level, acr } = await sessionFactors(await ways.passkey(ada));
    expect(factors.map(({ method }) => method)).toEqual(['PASSKEY']);
    expect([level, acr]).toEqual(['AAL2', 'aal2']);
  });

  test('a passkey answers the question of the challenge it came with, and no other', async () => {
    const [first, second] = [await ways.askedAfterPassword(ada), await ways.askedAfterPassword(mallory)];
    const [own, foreign] = [first.challenge, second.challenge];
    const answer = { passkeyResponse: { ...ada.key.authenticate(own?.passkeyOptions) } };
    await refused('of another person', () => ways.complete(foreign?.token ?? '', answer));
    for (const [name, wrong] of Object.entries(
      await wrongAnswers(place, { ada, mallory }, own?.passkeyOptions ?? null),
    )) {
      await refused(name, () => ways.complete(own?.token ?? '', wrong));
    }
    const { factors } = await sessionFactors(await ways.complete(own?.token ?? '', answer));
    expect(factors.map(({ method }) => method)).toEqual(['PASSWORD', 'PASSKEY']);
  });

  test('a second factor that was used is none', async () => {
    const code = nextCode(app, ada.secret);
    expect((await ways.complete(challengeOf(await ways.password(ada, PASSWORD)), { code }))?.step).toBe('COMPLETE');
    const token = challengeOf(await ways.password(ada, PASSWORD));
    await refused('the same code', () => ways.complete(token, { code }));
  });
});

describe('what a branch hands out is good for its next step alone', () => {
  /** A challenge, given wherever a token, a session or a proof belongs. */
  const everywhereElse = async (
    token: string,
    own: 'completeMfa' | 'setPasswordWithToken' | 'completePasskeySignIn' | 'none',
  ): Promise<void> => {
    if (own !== 'completeMfa') {
      await refused('completeMfa', () => ways.complete(token, { code: nextCode(app, ada.secret) }));
      await refused('completeMfa', () => ways.complete(token, { recoveryCode: ada.recoveryCodes[2] }));
    }
    if (own !== 'setPasswordWithToken') await refused('setPasswordWithToken', () => ways.newPassword(ada, token));
    await refused('verifySignInCode, as link', () => ways.codeWith(ada, { linkToken: token }));
    await refused('verifySignInCode', () => ways.codeWith(ada, { verificationToken: token, code: NO_CODE }));
    if (own !== 'completePasskeySignIn') {
      const { options } = await askForSignIn(app.anonymous(), ada.email);
      await refused('completePasskeySignIn', () => ways.passkeyWith(ada, token, { ...ada.key.authenticate(options) }));
    }
    await refused('exchangeToken', () => ways.providerWith(ada, token));
    const refreshed = await app.anonymous().send(RefreshSessionDocument, { input: { refreshToken: token } });
    expect(refreshed.data.refreshSession?.tokens).toBeNull();
    const bearer = await app.anonymous({ authorization: `Bearer ${token}` }).send(ViewerDocument, {});
    expect(bearer.data?.viewer ?? null).toBeNull();
    const cookie = await app.anonymous({ cookie: `gatehouse=${token}` }).send(ViewerDocument, {});
    expect(cookie.data.viewer).toBeNull();
  };

  test('MFA_REQUIRED', async () => {
    const token = challengeOf(await ways.password(ada, PASSWORD));
    await everywhereElse(token, 'completeMfa');
    expect((await ways.complete(token, { code: nextCode(app, ada.secret) }))?.step).toBe('COMPLETE');
  });

  test.each(['NEW_PASSWORD_DUE', 'SECOND_FACTOR_AND_NEW_PASSWORD'] as const)(
    'PASSWORD_CHANGE_REQUIRED, %s',
    async (due) => {
      const person = await applicants.in(due);
      ada = person;
      const begun = await ways.password(person, PASSWORD);
      const challenged =
        due === 'NEW_PASSWORD_DUE'
          ? begun
          : await ways.complete(challengeOf(begun), { code: nextCode(app, person.secret) });
      expect(challenged).toMatchObject({ step: 'PASSWORD_CHANGE_REQUIRED', tokens: null });
      const token = challenged?.challenge?.token ?? '';
      await everywhereElse(token, 'setPasswordWithToken');
      for (const bad of ['', 'short', PASSWORD]) {
        await refused(`the password ${JSON.stringify(bad)}`, () => ways.replacePassword(token, bad));
      }
      const { factors, level } = await sessionFactors(await ways.replacePassword(token, otherPassword()));
      expect(factors.map(({ method }) => method)).toEqual(
        due === 'NEW_PASSWORD_DUE' ? ['PASSWORD'] : ['PASSWORD', 'TOTP'],
      );
      expect(level).toBe(assuranceOf(factors));
    },
  );

  test('a question to a passkey', async () => {
    const { options, challengeToken } = await askForSignIn(app.anonymous(), ada.email);
    await everywhereElse(challengeToken, 'completePasskeySignIn');
    const answer = await ways.passkeyWith(ada, challengeToken, { ...ada.key.authenticate(options) });
    expect(answer?.step).toBe('COMPLETE');
  });

  test('the token of a sign-up that waits, and a stranger’s of the same address', async () => {
    const email = `${mallory.id}@waiting.example`;
    const mine = await world.signUp(email, 'Owner');
    app.clock.advance(61);
    const theirs = await world.signUp(email, 'Stranger');
    const [code, foreign] = [await world.newestCode(email, mine.id), await world.newestCode(email, theirs.id)];
    const verify = async (token: string, given: string): Answer =>
      (await world.verifySignUp(token, given)).data.verifySignUp;
    const different = code !== foreign;
    await refused('wrong', () => verify(mine.token, otherCode(code ?? NO_CODE)));
    await refused('missing', () => verify(mine.token, ''));
    // The stranger holds a token, the owner of the address the codes: neither is anything without the other.
    if (different) await refused('swapped', () => verify(theirs.token, code ?? NO_CODE));
    await everywhereElse(mine.token, 'none');
    const { factors, level } = await sessionFactors(await verify(mine.token, code ?? NO_CODE));
    expect(factors.map(({ method }) => method)).toEqual(['PASSWORD', 'CODE']);
    expect(level).toBe('AAL1');
  });
});

test('no step takes what an earlier one settled', async () => {
  const token = challengeOf(await ways.password(ada, PASSWORD));
  const input = { challengeToken: token, code: NO_CODE };
  for (const extra of ['factors', 'assuranceLevel', 'userId', 'signInMethod', 'delivery']) {
    const { errors } = await app.anonymous().send(CompleteMfaDocument, { input: { ...input, [extra]: 'AAL2' } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  }
});
