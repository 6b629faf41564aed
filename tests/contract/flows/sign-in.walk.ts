import { expect } from 'vitest';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { signInFlow } from '../../../src/flows/sign-in.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { nextCode, wrongCode } from '../../support/mfa.ts';
import { otherCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';
import { type Applicant, Applicants, attemptOf } from './sign-in.person.ts';
import { type Answer, SignInWays } from './sign-in.ways.ts';

let app: TestApp;
let provider: LyingProvider;
const world = new FlowWorld(() => app);
const applicants = new Applicants(world, () => provider);
const ways = new SignInWays(world, () => provider);

const WRONG_PASSWORD = 'not the password at all';

/** Begins an attempt; in another window, if one is under way. */
const beginning = (way: (person: Applicant) => Answer) => async (person: Applicant) => {
  const answer = await way(person);
  person.attempt ??= attemptOf(answer);
  return answer;
};

/** Goes on with the attempt under way. */
const goingOn = (way: (person: Applicant, token: string) => Answer) => async (person: Applicant) => {
  const { attempt } = person;
  const token =
    attempt === null || attempt.step === 'COMPLETE' ? createToken('challenge').token.reveal() : attempt.token;
  const answer = await way(person, token);
  person.attempt = attemptOf(answer) ?? attempt;
  return answer;
};

const right = (person: Applicant): string => nextCode(app, person.secret);
const wrong = (person: Applicant): string => wrongCode(app, person.secret);

/** What the passkeys were asked with each challenge. */
const questions = new Map<string, object>();

/** Answers the question that came with the challenge. */
const secondPasskey =
  (isRight: boolean) =>
  async (person: Applicant, token: string): Answer => {
    const options = questions.get(token) ?? { challenge: 'bm90aGluZw', rpId: 'localhost' };
    const stranger = new SoftwarePasskey();
    return ways.complete(token, { passkeyResponse: { ...(isRight ? person.key : stranger).authenticate(options) } });
  };

const fiveWrongTotps = async (person: Applicant, token: string): Answer => {
  let answer: Awaited<Answer> = null;
  for (let time = 0; time < 5; time += 1) answer = await ways.complete(token, { code: wrong(person) });
  return answer;
};

const signUpCode =
  (isRight: boolean) =>
  async (person: Applicant, token: string): Answer => {
    const sent = (await world.newestCode(person.email, person.id)) ?? '123456';
    return (await world.verifySignUp(token, isRight ? sent : otherCode(sent))).data.verifySignUp;
  };

type Place = Parameters<Applicants['in']>[0];

/** Somebody who has taken the first step, by password. */
const begun = (circumstance: Place) => async (): Promise<Applicant> => {
  const person = await applicants.in(circumstance);
  const { step, challenge } = await ways.askedAfterPassword(person);
  person.attempt = attemptOf({ step, challenge });
  if (challenge?.passkeyOptions != null) questions.set(challenge.token, challenge.passkeyOptions);
  return person;
};

const withPassword = (circumstance: Place) => async (): Promise<Applicant> => {
  const person = await applicants.in(circumstance);
  person.attempt = attemptOf(await ways.password(person, PASSWORD));
  return person;
};

const start = (circumstance: Place) => () => applicants.in(circumstance);

/** Attempts of people in all circumstances, by all ways to sign in. */
export const signInWalk: Walk<
  keyof typeof signInFlow.states,
  keyof typeof signInFlow.events,
  keyof typeof signInFlow.circumstances,
  Applicant
> = {
  flow: signInFlow,
  log: () => app.log,
  begin: async () => {
    provider = await startLyingProvider();
    provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
    app = await startTestApp({
      settings: { ...issuers(issuerEntry(provider.issuer)), 'signUp.mode': 'OPEN', 'trusted-device-ttl': '30d' },
    });
  },
  end: async () => {
    await app.close();
    await provider.close();
  },
  stateOf: (person) => applicants.stateOf(person),
  setups: {
    START: {
      PLAIN: start('PLAIN'),
      SECOND_FACTOR: start('SECOND_FACTOR'),
      NEW_PASSWORD_DUE: start('NEW_PASSWORD_DUE'),
      SECOND_FACTOR_AND_NEW_PASSWORD: start('SECOND_FACTOR_AND_NEW_PASSWORD'),
      DEVICE_TRUSTED: start('DEVICE_TRUSTED'),
      LOCKED: start('LOCKED'),
      LOCKED_FOR_STRANGERS: start('LOCKED_FOR_STRANGERS'),
      LOCKED_BY_ADMINISTRATOR: start('LOCKED_BY_ADMINISTRATOR'),
      DISABLED: start('DISABLED'),
      INVITED: start('INVITED'),
      SIGN_UP_WAITS: start('SIGN_UP_WAITS'),
    },
    MFA_REQUIRED: {
      PLAIN: begun('SECOND_FACTOR'),
      SECOND_FACTOR_AND_NEW_PASSWORD: begun('SECOND_FACTOR_AND_NEW_PASSWORD'),
    },
    PASSWORD_CHANGE_REQUIRED: { PLAIN: begun('NEW_PASSWORD_DUE') },
    VERIFICATION_REQUIRED: { PLAIN: withPassword('SIGN_UP_WAITS') },
    COMPLETE: { PLAIN: withPassword('PLAIN') },
  },
  events: {
    password: beginning((person) => ways.password(person, PASSWORD)),
    passwordAndCode: beginning((person) => ways.password(person, PASSWORD, right(person))),
    code: beginning((person) => ways.code(person)),
    link: beginning((person) => ways.link(person)),
    passkey: beginning((person) => ways.passkey(person)),
    provider: beginning((person) => ways.provider(person)),
    reset: beginning((person) => ways.reset(person)),
    invitation: beginning((person) => ways.invitation(person)),
    signUp: beginning(({ email }) => ways.signUp({ email })),
    signUpByName: beginning(() => ways.signUp({ username: unique('named') })),
    wrongPassword: beginning((person) => ways.password(person, WRONG_PASSWORD)),
    wrongPasswordAndCode: beginning((person) => ways.password(person, WRONG_PASSWORD, right(person))),
    wrongInlineCode: beginning((person) => ways.password(person, WRONG_PASSWORD, wrong(person))),
    wrongCode: beginning((person) => ways.code(person, false)),
    wrongLink: beginning((person) => ways.link(person, false)),
    wrongPasskey: beginning((person) => ways.passkey(person, false)),
    wrongProvider: beginning((person) => ways.provider(person, false)),
    totp: goingOn((person, token) => ways.complete(token, { code: right(person) })),
    recoveryCode: goingOn(({ recoveryCodes }, token) =>
      ways.complete(token, { recoveryCode: recoveryCodes[0] ?? 'AAAA-AAAA-AAAA-AAAA' }),
    ),
    secondPasskey: goingOn(secondPasskey(true)),
    wrongTotp: goingOn((person, token) => ways.complete(token, { code: wrong(person) })),
    wrongRecoveryCode: goingOn((_person, token) => ways.complete(token, { recoveryCode: 'AAAA-AAAA-AAAA-AAAA' })),
    wrongSecondPasskey: goingOn(secondPasskey(false)),
    fiveWrongTotps: goingOn(fiveWrongTotps),
    newPassword: goingOn((_person, token) => ways.replacePassword(token, otherPassword())),
    weakPassword: goingOn((_person, token) => ways.replacePassword(token, 'short')),
    samePassword: goingOn((_person, token) => ways.replacePassword(token, PASSWORD)),
    signUpCode: goingOn(signUpCode(true)),
    wrongSignUpCode: goingOn(signUpCode(false)),
    resetMfa: ({ id }) => world.resetMfa(id),
    disable: ({ id }) => world.disable(id),
    tenMinutesPass: async () => app.clock.advance(601),
  },
  afterwards: (person, answer) => {
    if (person.attempt !== null || typeof answer !== 'object' || answer === null || !('step' in answer)) return;
    expect(answer).toMatchObject({ step: 'FAILED', tokens: null, challenge: null });
  },
};
