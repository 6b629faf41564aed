import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { signUpFacts, type SignUpFactsRow } from '../entities/sign-up.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { lockAddress } from '../entities/verification.queries.ts';
import { type Problem, Rejection, reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { AccountRow } from '../entities/account.queries.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { channelOf, maskTarget } from './code-channels.ts';
import type { PendingVerification } from './code-issuing.ts';
import type { CodeRecipient } from './code-messages.ts';
import { codeRequesterOf } from './code-requester.ts';
import type { NormalisedIdentifier } from './identifiers.ts';
import type { InvitedSignUp } from './invited-sign-up.ts';
import { type Identifiers, readIdentifiers, refusingTakenIdentifiers, saveNewUser } from './new-user.ts';
import type { PasswordService } from './passwords.ts';
import type { ClientFacts } from './session-facts.ts';
import { contextOf, type SignInFacts, type SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import type { SignUpCodes } from './sign-up-codes.ts';
import type { SignUpGroups } from './sign-up-groups.ts';
import { Reading } from './text.ts';

/** The address must be proved before there is a session. */
export interface VerificationOutcome {
  readonly step: 'VERIFICATION_REQUIRED';
  readonly verification: PendingVerification;
}

/** What a sign-up leads to; with a session there may be a code on its way that nobody has to wait for. */
export type SignUpOutcome =
  | VerificationOutcome
  | (SignInOutcome & { readonly verification: PendingVerification | null });

export interface SignUpRequest {
  readonly email: string | null;
  readonly phone: string | null;
  readonly username: string | null;
  readonly password: Secret<string>;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly invitationToken: string | null;
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
}

/** A request whose fields are sound. */
interface Applicant {
  readonly identifier: NormalisedIdentifier;
  readonly displayName: string;
  readonly locale: string;
}

interface NewAccount {
  readonly applicant: Applicant;
  readonly passwordHash: string;
  readonly groupIds: readonly GroupId[];
}

interface Parts {
  readonly database: Database;
  readonly passwords: PasswordService;
  readonly signUpCodes: SignUpCodes;
  readonly signUpGroups: SignUpGroups;
  readonly invitedSignUp: InvitedSignUp;
  readonly signInFlow: SignInFlow;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/**
 * Making an account for oneself. Where addresses must be proved, everybody gets the same answer after the same work: a stranger's
 * sign-up with a known address makes an account that waits like any other, whose code nobody is sent, and the owner is told.
 */
export class SignUpService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Signs up by exactly one of e-mail address, phone number and user name. No input has a say in groups, status, verification or
   * second factors. Errors: SIGN_UP_CLOSED, INVITATION_REQUIRED, DISABLED_BY_SETTING, EXACTLY_ONE_REQUIRED, those of the fields and of
   * a new password, USERNAME_IN_USE, USERNAME_CONFUSABLE; EMAIL_IN_USE and PHONE_IN_USE where addresses are not proved first;
   * those of an invitation.
   */
  async signUp(caller: Caller, request: SignUpRequest): Promise<SignUpOutcome> {
    const { mode, verification } = this.#parts.config.signUp;
    if (mode === 'CLOSED') return reject('SIGN_UP_CLOSED');
    if (mode === 'INVITE_ONLY' && request.invitationToken === null) {
      return reject('INVITATION_REQUIRED', { field: ['invitationToken'] });
    }
    const applicant = this.#read(request);
    if (request.invitationToken !== null) {
      const outcome = await this.#parts.invitedSignUp.complete(caller, request, {
        ...applicant,
        invitationToken: request.invitationToken,
      });
      return { ...outcome, verification: null };
    }
    const { identifier } = applicant;
    const facts = await this.#facts(identifier);
    const groupIds = await this.#parts.signUpGroups.of(facts);
    const person = { ...request, displayName: applicant.displayName };
    const password = await this.#parts.passwords.prepare(person, request.password, { field: 'password' });
    const account = { applicant, groupIds, passwordHash: password.hash };
    return channelOf(identifier.kind) === null || verification !== 'REQUIRED'
      ? this.#atOnce(caller, request, account)
      : { step: 'VERIFICATION_REQUIRED', verification: await this.#waiting(caller, request, account, facts) };
  }

  /** Somebody with the right password of a sign-up that waits: its code again, and a token to go with it. */
  async askAgain(
    caller: Caller,
    pending: AccountRow,
    request: {
      readonly identifier: NormalisedIdentifier;
      /** Who has the address by now. */
      readonly owner: AccountRow | null;
      readonly delivery: TokenDelivery;
      readonly client: ClientFacts;
    },
  ): Promise<VerificationOutcome> {
    const channel = channelOf(request.identifier.kind);
    if (channel === null) return reject('INVALID_CREDENTIALS');
    const { value } = request.identifier;
    const user = userReference(userViewOf(pending, this.#parts.clock.now()));
    const verification = await this.#parts.database.transaction(async (em) => {
      await sql(em, lockAddress, [channel, value]);
      await this.#parts.recorder.record(em, originOf(caller), [
        { action: 'verification.required', actor: user, target: user },
      ]);
      return this.#parts.signUpCodes.repeat(em, {
        requester: codeRequesterOf(caller),
        channel,
        target: value,
        user: recipientOf(pending.user_id, pending.display_name, pending.locale),
        knownTo:
          request.owner === null
            ? null
            : recipientOf(request.owner.user_id, request.owner.display_name, request.owner.locale),
        context: contextOf(this.#signInFacts(request)),
      });
    });
    return { step: 'VERIFICATION_REQUIRED', verification };
  }

  #read(request: SignUpRequest): Applicant {
    const reading = new Reading();
    const given = [request.email, request.phone, request.username].filter((one) => one !== null);
    const name = reading.optionalText(request.displayName, { field: ['displayName'], maximum: 100 });
    const locale = request.locale === null ? 'en' : reading.locale(request.locale);
    const { identifiers, problems } = readIdentifiers(request);
    const [identifier] = identifiers;
    const count: Problem[] = given.length === 1 ? [] : [{ code: 'EXACTLY_ONE_REQUIRED', field: ['email'] }];
    const all = [...count, ...problems, ...reading.problems];
    if (all.length > 0 || identifier === undefined) throw new Rejection(all);
    if (!this.#parts.config.signUp.identifiers.includes(identifier.kind)) {
      return reject('DISABLED_BY_SETTING', { field: [identifier.kind.toLowerCase()] });
    }
    return { identifier, displayName: name ?? nameFrom(identifier), locale };
  }

  async #facts({ kind, value }: NormalisedIdentifier): Promise<SignUpFactsRow> {
    const values = [kind, value, this.#parts.signUpGroups.names];
    const [row] = await this.#parts.database.query<SignUpFactsRow>(signUpFacts, values);
    if (row === undefined) throw new Error('A sign-up always has its facts.');
    return row;
  }

  /** An account that waits for the proof of its address; it blocks the address for nobody. */
  async #waiting(
    caller: Caller,
    request: SignUpRequest,
    account: NewAccount,
    facts: SignUpFactsRow,
  ): Promise<PendingVerification> {
    const { kind, value } = account.applicant.identifier;
    const channel = kind === 'PHONE' ? 'SMS' : 'EMAIL';
    return this.#parts.database.transaction(async (em) => {
      await sql(em, lockAddress, [channel, value]);
      const user = await this.#save(em, caller, account, { status: 'PENDING', exclusive: false });
      return this.#parts.signUpCodes.issue(em, {
        requester: codeRequesterOf(caller),
        channel,
        target: value,
        user: recipientOf(user.id, user.displayName, user.locale),
        knownTo:
          facts.owner_id === null
            ? null
            : recipientOf(facts.owner_id, facts.owner_name ?? '', facts.owner_locale ?? 'en'),
        context: contextOf(this.#signInFacts(request)),
      });
    });
  }

  /** An account that is active at once, and signed in. */
  async #atOnce(caller: Caller, request: SignUpRequest, account: NewAccount): Promise<SignUpOutcome> {
    const { database, config, signInFlow, signUpCodes } = this.#parts;
    const { kind, value } = account.applicant.identifier;
    const channel = channelOf(kind);
    const facts = this.#signInFacts(request);
    const identifiers = [account.applicant.identifier];
    const read = database.query.bind(database);
    const made = await refusingTakenIdentifiers(read, identifiers, () =>
      database.transaction(async (em) => {
        const user = await this.#save(em, caller, account, { status: 'ACTIVE', exclusive: true });
        if (channel === null || config.signUp.verification !== 'OPTIONAL') return { user, verification: null };
        await sql(em, lockAddress, [channel, value]);
        const recipient = recipientOf(user.id, user.displayName, user.locale);
        const requester = codeRequesterOf(caller);
        const code = { channel, target: value, user: recipient, knownTo: null, requester, context: contextOf(facts) };
        return { user, verification: await signUpCodes.issue(em, code) };
      }),
    );
    const outcome = await signInFlow.proceed(caller, { ...facts, userId: made.user.id });
    return { ...outcome, verification: made.verification };
  }

  async #save(
    em: EntityManager,
    caller: Caller,
    { applicant, passwordHash, groupIds }: NewAccount,
    state: { readonly status: 'PENDING' | 'ACTIVE'; readonly exclusive: boolean },
  ): Promise<UserView> {
    const user = await saveNewUser(em, {
      ...applicant,
      ...state,
      identifiers: [applicant.identifier] satisfies Identifiers,
      verifiedAt: null,
      passwordHash,
      passwordChangeRequired: false,
      groupIds,
      addedById: null,
      now: this.#parts.clock.now(),
    });
    const reference = userReference(user);
    const started: Happening = {
      action: 'sign-up.started',
      actor: reference,
      target: reference,
      metadata: { kind: applicant.identifier.kind, groupIds },
    };
    const made = state.status === 'ACTIVE' ? [signUpCompleted(user, groupIds)] : [];
    await this.#parts.recorder.record(em, originOf(caller), [started, ...made]);
    return user;
  }

  #signInFacts({ delivery, client }: { readonly delivery: TokenDelivery; readonly client: ClientFacts }): SignInFacts {
    const factor = { method: 'PASSWORD', credentialId: null, at: this.#parts.clock.now().toISOString() } as const;
    return { signInMethod: 'SIGN_UP', factors: [factor], delivery, client };
  }
}

/** An account that is there for others from now on. */
export const signUpCompleted = (user: UserView, groupIds: readonly GroupId[]): Happening => ({
  action: 'sign-up.completed',
  actor: userReference(user),
  target: userReference(user),
  metadata: { groupIds },
  event: { type: 'UserRegistered', payload: { userId: user.id, kind: user.kind, groupIds } },
});

const recipientOf = (userId: UserId, userName: string, locale: string): CodeRecipient => ({ userId, userName, locale });

/** How somebody is called who gave no name: by what stands before the @, or by a number that is mostly hidden. */
const nameFrom = ({ kind, shown, value }: NormalisedIdentifier): string =>
  kind === 'PHONE' ? maskTarget(value) : kind === 'EMAIL' ? shown.slice(0, shown.lastIndexOf('@')) : shown;
