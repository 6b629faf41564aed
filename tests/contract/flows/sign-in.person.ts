import {
  CompleteMfaOnDeviceDocument,
  CreateUserDocument,
  LinkIdentityDocument,
  RequirePasswordChangeDocument,
  SignInOnDeviceDocument,
} from '../../../generated/client/graphql.ts';
import { parseToken } from '../../../src/crypto/opaque-token.ts';
import type { signInFlow } from '../../../src/flows/sign-in.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD, signIn } from '../../support/cast.ts';
import type { FlowWorld } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import type { LyingProvider } from '../../support/lying-provider.ts';
import { enrol, nextCode } from '../../support/mfa.ts';
import { registerPasskey } from '../../support/passkeys.ts';
import { jwtParts } from '../../support/records.ts';

type Circumstance = keyof typeof signInFlow.circumstances;
type State = keyof typeof signInFlow.states;

/** How far an attempt has come, as its client knows. */
export type Attempt =
  | { readonly step: 'MFA_REQUIRED' | 'PASSWORD_CHANGE_REQUIRED'; readonly token: string }
  | { readonly step: 'VERIFICATION_REQUIRED'; readonly token: string }
  | { readonly step: 'COMPLETE'; readonly sessionId: string };

/** Somebody who signs in, with everything that proves who they are. */
export interface Applicant {
  readonly email: string;
  readonly id: string;
  readonly key: SoftwarePasskey;
  readonly subject: string;
  /** Of the TOTP, or of nobody. */
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  readonly deviceToken: string | null;
  attempt: Attempt | null;
}

const NOBODYS_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/** The part of the answers that all ways to sign in share. */
export interface SignInAnswer {
  readonly step: string;
  readonly tokens?: { readonly accessToken?: string | null } | null;
  readonly challenge?: { readonly token: string } | null;
  readonly verification?: { readonly token: string } | null;
}

/** What an answer means for the attempt; null when it led nowhere. */
export const attemptOf = (answer: SignInAnswer | null | undefined): Attempt | null => {
  const accessToken = answer?.tokens?.accessToken;
  if (answer?.step === 'COMPLETE' && accessToken != null) {
    return { step: 'COMPLETE', sessionId: String(jwtParts(accessToken).claims['sid']) };
  }
  if (answer?.step === 'VERIFICATION_REQUIRED' && answer.verification != null) {
    return { step: 'VERIFICATION_REQUIRED', token: answer.verification.token };
  }
  if ((answer?.step === 'MFA_REQUIRED' || answer?.step === 'PASSWORD_CHANGE_REQUIRED') && answer.challenge != null) {
    return { step: answer.step, token: answer.challenge.token };
  }
  return null;
};

/** Makes people in all circumstances, and reads how far they are. */
export class Applicants {
  readonly #world: FlowWorld;
  readonly #provider: () => LyingProvider;

  constructor(world: FlowWorld, provider: () => LyingProvider) {
    this.#world = world;
    this.#provider = provider;
  }

  /** Somebody active with a password, a passkey and an external identity, with TOTP if asked. */
  async person(totp: boolean): Promise<Applicant> {
    const { app } = this.#world;
    const { email, id } = await this.#world.person();
    const actor = await signIn(app, email);
    const key = new SoftwarePasskey();
    await registerPasskey(actor, key);
    const subject = unique('subject');
    const { issuer } = this.#provider();
    const subjectToken = await this.#provider().accessToken({ sub: subject });
    await actor.send(LinkIdentityDocument, { input: { issuer, subjectToken } });
    const { secret, recoveryCodes } = totp ? await enrol(app, actor) : { secret: NOBODYS_SECRET, recoveryCodes: [] };
    return { email, id, key, subject, secret, recoveryCodes, deviceToken: null, attempt: null };
  }

  /** Somebody with none of all this. */
  #bare(email: string, id: string): Applicant {
    const none = { secret: NOBODYS_SECRET, recoveryCodes: [], deviceToken: null, attempt: null };
    return { email, id, key: new SoftwarePasskey(), subject: unique('subject'), ...none };
  }

  async onDevice(): Promise<Applicant> {
    const person = await this.person(false);
    return { ...person, deviceToken: await this.#deviceOf(person) };
  }

  /** Signs in on a new device; gives its secret. */
  async #deviceOf({ email }: Applicant): Promise<string | null> {
    const { data } = await this.#world.app
      .anonymous()
      .send(SignInOnDeviceDocument, { input: { identifier: email, password: PASSWORD, delivery: 'BODY' } });
    return data.signIn?.tokens?.deviceToken ?? null;
  }

  async #trusting(): Promise<Applicant> {
    const { app } = this.#world;
    const person = await this.person(true);
    const challengeToken = (await this.#world.tryPassword(person.email))?.challenge?.token ?? '';
    const { data } = await app.anonymous().send(CompleteMfaOnDeviceDocument, {
      input: { challengeToken, code: nextCode(app, person.secret), trustDevice: true },
    });
    return { ...person, deviceToken: data.completeMfa?.tokens?.deviceToken ?? null };
  }

  async #invited(): Promise<Applicant> {
    const email = `${unique('invited')}@flow.example`;
    const input = { email, displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] };
    const { data } = await (await this.#world.admin()).send(CreateUserDocument, { input });
    return this.#bare(email, data.createUser?.user?.id ?? '');
  }

  async #waiting(): Promise<Applicant> {
    const email = `${unique('waiting')}@flow.example`;
    const { id } = await this.#world.signUp(email);
    // The next code may be sent by then.
    this.#world.app.clock.advance(61);
    return this.#bare(email, id);
  }

  async #withDuePassword(totp: boolean): Promise<Applicant> {
    const person = await this.person(totp);
    const input = { ids: [person.id], endSessions: true };
    await (await this.#world.admin()).send(RequirePasswordChangeDocument, { input });
    return person;
  }

  async #then(begin: Promise<Applicant>, step: (person: Applicant) => Promise<unknown>): Promise<Applicant> {
    const person = await begin;
    await step(person);
    return person;
  }

  /** Somebody who has proved nothing yet. */
  in(circumstance: Circumstance | 'PLAIN'): Promise<Applicant> {
    const world = this.#world;
    const made: Readonly<Record<Circumstance | 'PLAIN', () => Promise<Applicant>>> = {
      PLAIN: () => this.person(false),
      SECOND_FACTOR: () => this.person(true),
      NEW_PASSWORD_DUE: () => this.#withDuePassword(false),
      SECOND_FACTOR_AND_NEW_PASSWORD: () => this.#withDuePassword(true),
      DEVICE_TRUSTED: () => this.#trusting(),
      LOCKED: () => this.#then(this.person(false), ({ email }) => world.failFiveTimes(email)),
      LOCKED_FOR_STRANGERS: () => this.#then(this.onDevice(), ({ email }) => world.failFiveTimes(email)),
      LOCKED_BY_ADMINISTRATOR: () => this.#then(this.onDevice(), ({ id }) => world.lock(id)),
      DISABLED: () => this.#then(this.onDevice(), ({ id }) => world.disable(id)),
      INVITED: () => this.#invited(),
      SIGN_UP_WAITS: () => this.#waiting(),
    };
    return made[circumstance]();
  }

  /** What of the attempt is still good, from the database. */
  async stateOf({ attempt }: Applicant): Promise<State> {
    if (attempt === null) return 'START';
    const { database, clock } = this.#world.app;
    const now = clock.now().toISOString();
    if (attempt.step === 'COMPLETE') {
      const alive = await database.query(
        'select from sessions where id = $1 and ended_at is null and expires_at > $2::timestamptz',
        [attempt.sessionId, now],
      );
      return alive.length > 0 ? 'COMPLETE' : 'START';
    }
    if (attempt.step === 'VERIFICATION_REQUIRED') {
      const token = parseToken('verification', attempt.token);
      const open = await database.query(
        `select from verifications v join users u on u.id = v.user_id
         where v.selector = $1 and v.secret_hash = $2::bytea and v.used_at is null and u.status = 'PENDING'`,
        [token?.selector ?? '', token?.secretHash ?? null],
      );
      return open.length > 0 ? attempt.step : 'START';
    }
    const token = parseToken('challenge', attempt.token);
    const open = await database.query(
      `select from one_time_tokens where selector = $1 and kind = $2 and used_at is null
         and expires_at > $3::timestamptz and attempts < 5`,
      [token?.selector ?? '', attempt.step === 'MFA_REQUIRED' ? 'MFA' : 'PASSWORD_CHANGE', now],
    );
    return open.length > 0 ? attempt.step : 'START';
  }
}
