import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { addressOfUser, type AddressRow, codeAccount, type CodeAccountRow } from '../entities/identifier.queries.ts';
import { endSignInLinks } from '../entities/verification.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Failure, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { SignInMethod, TokenDelivery } from '../vocabulary.ts';
import { type AddressKind, proveAddress } from './address-proof.ts';
import { type Caller, originOf } from './caller.ts';
import { channelOf, kindOf } from './code-channels.ts';
import type { CodeForm } from './code-messages.ts';
import { notingRefusal } from './code-refusals.ts';
import { codeRequesterOf } from './code-requester.ts';
import { deviceKeyOf } from './device-recognition.ts';
import { identifierTyped, type NormalisedIdentifier, readIdentifier } from './identifiers.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import type { ClientFacts } from './session-facts.ts';
import type { SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import type { CodeOutcome, VerificationService } from './verification.service.ts';

export interface SignInCodeRequest {
  readonly identifier: string | null;
  readonly purpose: 'SIGN_IN' | 'STEP_UP';
  readonly form: CodeForm;
  readonly client: ClientFacts;
}

export interface SignInCodeProof {
  readonly verificationToken: string | null;
  readonly code: Secret<string> | null;
  readonly linkToken: Secret<string> | null;
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
}

/** An address that was just proved to be in the hands of whoever signs in. */
interface ProvedAddress {
  readonly userId: UserId;
  readonly kind: AddressKind;
  readonly value: string;
}

interface Parts {
  readonly database: Database;
  readonly verifications: VerificationService;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly signInFlow: SignInFlow;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

const TRIED_BY = {
  CODE: { action: 'session.started', metadata: { method: 'CODE' } },
  LINK: { action: 'session.started', metadata: { method: 'LINK' } },
} as const;

/** Signing in by what is sent to an address: a code or a link. */
export class CodeSignInService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Sends a code or link to sign in, or a code to whoever is signed in to confirm the identity. The answer and its cost say nothing
   * of whether the identifier has an account. Errors: REQUIRED, INVALID_VALUE (no address, or a form that does not go with the
   * rest), DISABLED_BY_SETTING; throws UNAUTHENTICATED and FORBIDDEN for STEP_UP.
   */
  async request(caller: Caller, asked: SignInCodeRequest): Promise<CodeOutcome> {
    this.#requireMethod(asked.form, 'form');
    return asked.purpose === 'SIGN_IN' ? this.#requestSignIn(caller, asked) : this.#requestStepUp(caller, asked);
  }

  /**
   * Signs in by code or link, which is used up. The first proof of an address drops what was set in the account before.
   * Errors: EXACTLY_ONE_REQUIRED, DISABLED_BY_SETTING, those of a code, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, INVALID_CREDENTIALS.
   */
  async verify(caller: Caller, given: SignInCodeProof): Promise<SignInOutcome> {
    const { verificationToken, code, linkToken, delivery, client } = given;
    if (linkToken !== null && verificationToken === null && code === null) {
      this.#requireMethod('LINK', 'linkToken');
      const tried = { kind: 'mailedSignIn', token: linkToken.reveal(), ...TRIED_BY.LINK } as const;
      const proved = await notingRefusal(this.#parts, caller, tried, () => this.#useLink(caller, linkToken));
      return this.#proceed(caller, { proved, method: 'LINK', delivery, client });
    }
    if (linkToken !== null || verificationToken === null || code === null) {
      return reject('EXACTLY_ONE_REQUIRED', { field: ['code'] });
    }
    this.#requireMethod('CODE', 'code');
    const tried = { kind: 'verification', token: verificationToken, ...TRIED_BY.CODE } as const;
    const proved = await notingRefusal(this.#parts, caller, tried, () =>
      this.#useCode(caller, verificationToken, code),
    );
    return this.#proceed(caller, { proved, method: 'CODE', delivery, client });
  }

  async #requestSignIn(caller: Caller, { identifier: typed, form, client }: SignInCodeRequest): Promise<CodeOutcome> {
    if (typed === null) return reject('REQUIRED', { field: ['identifier'] });
    const identifier = identifierTyped(typed);
    const channel = identifier === null ? null : channelOf(identifier.kind);
    if (identifier === null || channel === null) return reject('INVALID_VALUE', { field: ['identifier'] });
    if (form === 'LINK' && channel !== 'EMAIL') return reject('INVALID_VALUE', { field: ['form'] });
    const { kind, value } = identifier;
    const [account] = await this.#parts.database.query<CodeAccountRow>(codeAccount, [
      kind,
      value,
      ...deviceKeyOf(client),
    ]);
    const recipient =
      account === undefined
        ? null
        : { userId: account.user_id, userName: account.display_name, locale: account.locale };
    const requester = codeRequesterOf({ deviceId: account?.device_id ?? null, ipAddress: caller.ipAddress });
    return this.#parts.verifications.send({ purpose: 'SIGN_IN', channel, form, target: value, recipient, requester });
  }

  async #requestStepUp(caller: Caller, { identifier, form }: SignInCodeRequest): Promise<CodeOutcome> {
    const { principal, account, session } = caller;
    if (principal === null || account === null || session === null) throw new Failure('UNAUTHENTICATED');
    if (principal.actorId !== null) throw new Failure('FORBIDDEN');
    if (identifier !== null) return reject('INVALID_VALUE', { field: ['identifier'] });
    if (form === 'LINK') return reject('INVALID_VALUE', { field: ['form'] });
    const target = ownAddress(account);
    const channel = target === null ? null : channelOf(target.kind);
    if (target === null || channel === null) return reject('INVALID_VALUE', { field: ['purpose'] });
    return this.#parts.verifications.send({
      purpose: 'STEP_UP',
      channel,
      form,
      target: target.value,
      recipient: { userId: account.id, userName: account.displayName, locale: account.locale },
      requester: codeRequesterOf({ sessionId: session.id, ipAddress: caller.ipAddress }),
      sessionId: session.id,
    });
  }

  async #useCode(caller: Caller, token: string, code: Secret<string>): Promise<ProvedAddress> {
    const row = await this.#parts.verifications.redeem('SIGN_IN', { token, code: code.reveal() });
    const proved = { userId: row.user_id, kind: kindOf(row.channel), value: row.target };
    const address = await this.#addressOf(proved);
    // Once proved, an address stays proved: nothing is left to do, and no transaction to open.
    if (!address.is_proved) await this.#prove(caller, address, proved);
    return proved;
  }

  async #useLink(caller: Caller, linkToken: Secret<string>): Promise<ProvedAddress> {
    const { clock, database, oneTimeTokens } = this.#parts;
    const token = await oneTimeTokens.find(database.orm.em.fork(), linkToken.reveal(), ['SIGN_IN_LINK']);
    if (token === null || token.userId === null) return reject('TOKEN_INVALID', { field: ['linkToken'] });
    if (token.state !== 'VALID') return oneTimeTokens.refuse(token, 'linkToken');
    const proved = { userId: token.userId, kind: 'EMAIL', value: String(token.context['target']) } as const;
    await database.transaction(async (em) => {
      await oneTimeTokens.consume(em, token, 'linkToken');
      await sql(em, endSignInLinks, [proved.userId, clock.now().toISOString()]);
    });
    const address = await this.#addressOf(proved);
    if (!address.is_proved) await this.#prove(caller, address, proved);
    return proved;
  }

  /** The address as it is now; INVALID_CREDENTIALS when the account has another one since the code or link was sent. */
  async #addressOf({ userId, kind, value }: ProvedAddress): Promise<AddressRow> {
    const [row] = await this.#parts.database.query<AddressRow>(addressOfUser, [userId, kind, value]);
    return row ?? reject('INVALID_CREDENTIALS');
  }

  async #prove(caller: Caller, address: AddressRow, { kind, value }: ProvedAddress): Promise<void> {
    const { clock, database, recorder } = this.#parts;
    const now = clock.now();
    await database.transaction(async (em) => {
      const proof = await proveAddress(em, userViewOf(address, now), kind, { now, value });
      if (!proof.known) reject('INVALID_CREDENTIALS');
      await recorder.record(em, originOf(caller), proof.happenings);
    });
  }

  #proceed(
    caller: Caller,
    facts: {
      readonly proved: ProvedAddress;
      readonly method: Extract<SignInMethod, 'CODE' | 'LINK'>;
      readonly delivery: TokenDelivery;
      readonly client: ClientFacts;
    },
  ): Promise<SignInOutcome> {
    const { proved, method, delivery, client } = facts;
    const { userId, kind, value } = proved;
    const factor = { method, credentialId: null, at: this.#parts.clock.now().toISOString() };
    return this.#parts.signInFlow.proceed(caller, {
      userId,
      signInMethod: method,
      factors: [factor],
      address: { kind, value },
      delivery,
      client,
    });
  }

  #requireMethod(method: CodeForm, field: string): void {
    if (!this.#parts.config.signIn.methods.includes(method)) reject('DISABLED_BY_SETTING', { field: [field] });
  }
}

/** Where a code for the person goes: to a proved address before an unproved one, by mail before a text message. */
const ownAddress = (account: NonNullable<Caller['account']>): NormalisedIdentifier | null => {
  const addresses = [
    { kind: 'EMAIL', text: account.email, isProved: account.emailVerifiedAt !== null },
    { kind: 'PHONE', text: account.phone, isProved: account.phoneVerifiedAt !== null },
  ] as const;
  const chosen =
    addresses.find((one) => one.text !== null && one.isProved) ?? addresses.find((one) => one.text !== null);
  const read = chosen?.text == null ? null : readIdentifier(chosen.kind, chosen.text);
  return read !== null && 'identifier' in read ? read.identifier : null;
};
