import {
  CompleteMfaDocument,
  CompletePasskeySignInDocument,
  ExchangeTokenDocument,
  SetPasswordWithTokenDocument,
  SignUpDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import { type FlowWorld, otherPassword } from '../../support/flow-world.ts';
import type { LyingProvider } from '../../support/lying-provider.ts';
import { askForSignIn } from '../../support/passkeys.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import type { Applicant, SignInAnswer } from './sign-in.person.ts';

export type Answer = Promise<SignInAnswer | null | undefined>;

const BODY = { delivery: 'BODY' } as const;
const clientOf = ({ deviceToken }: Applicant) => ({ client: { deviceToken } });

const PASSKEY_QUESTION = `mutation ($input: SignInInput!) { signIn(input: $input) {
  step challenge { token passkeyOptions } } }`;

interface Asked {
  readonly step: string;
  readonly challenge: { readonly token: string; readonly passkeyOptions: object | null } | null;
}

/** All ways to sign in over HTTP, each with a right proof and with a wrong one. */
export class SignInWays {
  readonly #world: FlowWorld;
  readonly #provider: () => LyingProvider;

  constructor(world: FlowWorld, provider: () => LyingProvider) {
    this.#world = world;
    this.#provider = provider;
  }

  password(person: Applicant, text: string, mfaCode: string | null = null): Answer {
    return this.#world.tryPassword(person.email, text, { ...clientOf(person), mfaCode });
  }

  /** The first step by password, with the question to the passkeys of the account. */
  async askedAfterPassword({ email }: Applicant): Promise<Asked> {
    const input = { identifier: email, password: PASSWORD, ...BODY };
    const { data } = await this.#world.app.anonymous().run<{ signIn: Asked }>(PASSKEY_QUESTION, { input });
    return data.signIn;
  }

  async code(person: Applicant, isRight = true): Answer {
    const verificationToken = await askForCode(this.#world.app, person.email);
    const sent = (await this.#world.newestCode(person.email, person.id)) ?? '123456';
    return this.codeWith(person, { verificationToken, code: isRight ? sent : otherCode(sent) });
  }

  async codeWith(person: Applicant, given: Readonly<Record<string, string>>): Answer {
    const input = { ...given, ...BODY, ...clientOf(person) };
    const { data } = await this.#world.app.anonymous().send(VerifySignInCodeDocument, { input });
    return data.verifySignInCode;
  }

  async link(person: Applicant, isRight = true): Answer {
    const sent = await this.#world.signInLink(person.email);
    const linkToken = isRight && sent !== null ? sent : createToken('mailedSignIn').token.reveal();
    return this.codeWith(person, { linkToken });
  }

  async passkey(person: Applicant, isRight = true): Answer {
    const { options, challengeToken } = await askForSignIn(this.#world.app.anonymous(), person.email);
    const lies = isRight ? {} : { key: new SoftwarePasskey().privateKey };
    return this.passkeyWith(person, challengeToken, { ...person.key.authenticate(options, lies) });
  }

  async passkeyWith(person: Applicant, challengeToken: string, response: Record<string, unknown>): Answer {
    const input = { passkey: { challengeToken, response }, ...BODY, ...clientOf(person) };
    const { data } = await this.#world.app.anonymous().send(CompletePasskeySignInDocument, { input });
    return data.completePasskeySignIn;
  }

  async provider(person: Applicant, isRight = true): Answer {
    const audience = isRight ? {} : { aud: 'https://other.example' };
    return this.providerWith(person, await this.#provider().accessToken({ sub: person.subject, ...audience }));
  }

  async providerWith(person: Applicant, subjectToken: string): Answer {
    const input = { issuer: this.#provider().issuer, subjectToken, ...BODY, ...clientOf(person) };
    return (await this.#world.app.anonymous().send(ExchangeTokenDocument, { input })).data.exchangeToken;
  }

  /** A new password by the link of an invitation or a reset, and the wish to be signed in. */
  async newPassword(person: Applicant, token: string | null, newPassword = otherPassword()): Answer {
    const given = token ?? createToken('reset').token.reveal();
    const input = { token: given, newPassword, ...BODY, ...clientOf(person) };
    return (await this.#world.app.anonymous().send(SetPasswordWithTokenDocument, { input })).data.setPasswordWithToken;
  }

  async reset(person: Applicant): Answer {
    await this.#world.requestReset(person.email);
    return this.newPassword(person, await this.#world.newestLink(person.email, 'reset'));
  }

  async invitation(person: Applicant): Answer {
    return this.newPassword(person, await this.#world.newestLink(person.email, 'invite'));
  }

  async signUp(name: { readonly email?: string; readonly username?: string }): Answer {
    const input = { ...name, password: PASSWORD, ...BODY };
    return (await this.#world.app.anonymous().send(SignUpDocument, { input })).data.signUp;
  }

  /** The second step. */
  async complete(challengeToken: string, answer: Readonly<Record<string, unknown>>): Answer {
    const input = { challengeToken, ...answer };
    return (await this.#world.app.anonymous().send(CompleteMfaDocument, { input })).data.completeMfa;
  }

  /** The last step of a sign-in whose password must be replaced. */
  async replacePassword(token: string, newPassword: string): Answer {
    const input = { token, newPassword };
    return (await this.#world.app.anonymous().send(SetPasswordWithTokenDocument, { input })).data.setPasswordWithToken;
  }
}
