import { expect } from 'vitest';
import {
  CompleteMfaDocument,
  CompletePasskeySignInDocument,
  ExchangeTokenDocument,
  SetPasswordWithTokenDocument,
  SignUpDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { signInFlow } from '../../../src/flows/sign-in.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { nextCode, wrongCode } from '../../support/mfa.ts';
import { askForSignIn } from '../../support/passkeys.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';
import { type Applicant, Applicants, attemptOf, type SignInAnswer } from './sign-in.person.ts';

let app: TestApp;
let provider: LyingProvider;
const world = new FlowWorld(() => app);
const applicants = new Applicants(world, () => provider);

const WRONG_PASSWORD = 'not the password at all';
const BODY = { delivery: 'BODY' } as const;
const clientOf = ({ deviceToken }: Applicant) => ({ client: { deviceToken } });

type Answer = Promise<SignInAnswer | null | undefined>;

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

const password = (text: string, code?: (person: Applicant) => string) => (person: Applicant) =>
  world.tryPassword(person.email, text, { ...clientOf(person), mfaCode: code?.(person) ?? null });

const right = (person: Applicant): string => nextCode(app, person.secret);
const wrong = (person: Applicant): string => wrongCode(app, person.secret);

const byCode =
  (isRight: boolean) =>
  async (person: Applicant): Answer => {
    const verificationToken = await askForCode(app, person.email);
    const sent = (await world.newestCode(person.email, person.id)) ?? '123456';
    const code = isRight ? sent : otherCode(sent);
    const input = { verificationToken, code, ...BODY, ...clientOf(person) };
    return (await app.anonymous().send(VerifySignInCodeDocument, { input })).data.verifySignInCode;
  };

const byLink =
  (isRight: boolean) =>
  async (person: Applicant): Answer => {
    const sent = await world.signInLink(person.email);
    const linkToken = isRight && sent !== null ? sent : createToken('mailedSignIn').token.reveal();
    const input = { linkToken, ...BODY, ...clientOf(person) };
    return (await app.anonymous().send(VerifySignInCodeDocument, { input })).data.verifySignInCode;
  };

const byPasskey =
  (isRight: boolean) =>
  async (person: Applicant): Answer => {
    const { options, challengeToken } = await askForSignIn(app.anonymous(), person.email);
    const lies = isRight ? {} : { key: new SoftwarePasskey().privateKey };
    const passkey = { challengeToken, response: { ...person.key.authenticate(options, lies) } };
    const input = { passkey, ...BODY, ...clientOf(person) };
    return (await app.anonymous().send(CompletePasskeySignInDocument, { input })).data.completePasskeySignIn;
  };

const byProvider =
  (isRight: boolean) =>
  async (person: Applicant): Answer => {
    const audience = isRight ? {} : { aud: 'https://other.example' };
    const subjectToken = await provider.accessToken({ sub: person.subject, ...audience });
    const input = { issuer: provider.issuer, subjectToken, ...BODY, ...clientOf(person) };
    return (await app.anonymous().send(ExchangeTokenDocument, { input })).data.exchangeToken;
  };

const setPassword = async (person: Applicant, token: string | null): Answer => {
  const given = token ?? createToken('reset').token.reveal();
  const input = { token: given, newPassword: otherPassword(), ...BODY, ...clientOf(person) };
  return (await app.anonymous().send(SetPasswordWithTokenDocument, { input })).data.setPasswordWithToken;
};

const reset = async (person: Applicant): Answer => {
  await world.requestReset(person.email);
  return setPassword(person, await world.newestLink(person.email, 'reset'));
};

const signUp = async (name: { readonly email?: string; readonly username?: string }): Answer =>
  (await app.anonymous().send(SignUpDocument, { input: { ...name, password: PASSWORD, ...BODY } })).data.signUp;

const complete = async (challengeToken: string, answer: Readonly<Record<string, unknown>>): Answer =>
  (await app.anonymous().send(CompleteMfaDocument, { input: { challengeToken, ...answer } })).data.completeMfa;

/** Answers the question that came with the challenge, which the applicant keeps until the second step. */
const secondPasskey =
  (isRight: boolean) =>
  async (person: Applicant, token: string): Answer => {
    const options = questions.get(token) ?? { challenge: 'bm90aGluZw', rpId: 'localhost' };
    const stranger = new SoftwarePasskey();
    const passkeyResponse = { ...(isRight ? person.key : stranger).authenticate(options) };
    return complete(token, { passkeyResponse });
  };

const questions = new Map<string, object>();

const fiveWrongTotps = async (person: Applicant, token: string): Answer => {
  let answer: Awaited<Answer> = null;
  for (let time = 0; time < 5; time += 1) answer = await complete(token, { code: wrong(person) });
  return answer;
};

const withChallenge = async (_person: Applicant, token: string, newPassword: string): Answer => {
  const input = { token, newPassword };
  return (await app.anonymous().send(SetPasswordWithTokenDocument, { input })).data.setPasswordWithToken;
};

const signUpCode =
  (isRight: boolean) =>
  async (person: Applicant, token: string): Answer => {
    const sent = (await world.newestCode(person.email, person.id)) ?? '123456';
    return (await world.verifySignUp(token, isRight ? sent : otherCode(sent))).data.verifySignUp;
  };

const PASSKEY_QUESTION = `mutation ($input: SignInInput!) { signIn(input: $input) {
  step challenge { token passkeyOptions } } }`;

/** Somebody who has taken the first step, by password. */
const begun = (circumstance: Parameters<Applicants['in']>[0]) => async (): Promise<Applicant> => {
  const person = await applicants.in(circumstance);
  if (circumstance === 'SIGN_UP_WAITS') {
    person.attempt = attemptOf(await world.tryPassword(person.email));
    return person;
  }
  const { data } = await app
    .anonymous()
    .run<{ signIn: { step: string; challenge: { token: string; passkeyOptions: object | null } | null } }>(
      PASSKEY_QUESTION,
      { input: { identifier: person.email, password: PASSWORD, ...BODY } },
    );
  const { step, challenge } = data.signIn;
  person.attempt = attemptOf({ step, challenge });
  if (challenge?.passkeyOptions != null) questions.set(challenge.token, challenge.passkeyOptions);
  return person;
};

const signedIn = async (): Promise<Applicant> => {
  const person = await applicants.in('PLAIN');
  person.attempt = attemptOf(await world.tryPassword(person.email));
  return person;
};

const start = (circumstance: Parameters<Applicants['in']>[0]) => () => applicants.in(circumstance);

/** Attempts of people in all circumstances, by all ways to sign in. */
export const signInWalk: Walk<
  keyof typeof signInFlow.states,
  keyof typeof signInFlow.events,
  keyof typeof signInFlow.circumstances,
  Applicant
> = {
  flow: signInFlow,
  begin: async () => {
    provider = await startLyingProvider();
    provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
    app = await startTestApp({
      settings: {
        ...issuers(issuerEntry(provider.issuer)),
        'signUp.mode': 'OPEN',
        'trusted-device-ttl': '30d',
      },
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
    VERIFICATION_REQUIRED: { PLAIN: begun('SIGN_UP_WAITS') },
    COMPLETE: { PLAIN: signedIn },
  },
  events: {
    password: beginning(password(PASSWORD)),
    passwordAndCode: beginning(password(PASSWORD, right)),
    code: beginning(byCode(true)),
    link: beginning(byLink(true)),
    passkey: beginning(byPasskey(true)),
    provider: beginning(byProvider(true)),
    reset: beginning(reset),
    invitation: beginning(async (person) => setPassword(person, await world.newestLink(person.email, 'invite'))),
    signUp: beginning(({ email }) => signUp({ email })),
    signUpByName: beginning(() => signUp({ username: unique('named') })),
    wrongPassword: beginning(password(WRONG_PASSWORD)),
    wrongPasswordAndCode: beginning(password(WRONG_PASSWORD, right)),
    wrongInlineCode: beginning(password(WRONG_PASSWORD, wrong)),
    wrongCode: beginning(byCode(false)),
    wrongLink: beginning(byLink(false)),
    wrongPasskey: beginning(byPasskey(false)),
    wrongProvider: beginning(byProvider(false)),
    totp: goingOn((person, token) => complete(token, { code: right(person) })),
    recoveryCode: goingOn(({ recoveryCodes }, token) =>
      complete(token, { recoveryCode: recoveryCodes[0] ?? 'AAAA-AAAA' }),
    ),
    secondPasskey: goingOn(secondPasskey(true)),
    wrongTotp: goingOn((person, token) => complete(token, { code: wrong(person) })),
    wrongRecoveryCode: goingOn((_person, token) => complete(token, { recoveryCode: 'AAAA-AAAA-AAAA-AAAA' })),
    wrongSecondPasskey: goingOn(secondPasskey(false)),
    fiveWrongTotps: goingOn(fiveWrongTotps),
    newPassword: goingOn((person, token) => withChallenge(person, token, otherPassword())),
    weakPassword: goingOn((person, token) => withChallenge(person, token, 'short')),
    samePassword: goingOn((person, token) => withChallenge(person, token, PASSWORD)),
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
