import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { markAddressProved } from '../entities/identifier.queries.ts';
import { acceptAccountInvitation, acceptInvitation } from '../entities/invitation.queries.ts';
import { markPasswordSet, ownerOfToken } from '../entities/recovery.queries.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { Failure, reject } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { OneTimeTokenKind, StoredUserStatus, TokenDelivery } from '../vocabulary.ts';
import { proveAddress } from './address-proof.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import type { FoundToken, OneTimeTokenService } from './one-time-token.service.ts';
import { tellOwner } from './owner-notice.ts';
import type { PasswordService, PreparedPassword } from './passwords.ts';
import type { SessionService } from './session.service.ts';
import type { ClientFacts } from './session-facts.ts';
import { sessionEnded } from './session.service.ts';
import { mailedTo, type SignInFacts, type SignInOutcome, storedFacts } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import { deviceNameOf } from './user-agent.ts';
import { maskTarget } from './code-channels.ts';

/** What a mailed token is good for; an unknown one looks like a used one. */
export interface TokenStatus {
  readonly state: 'VALID' | 'EXPIRED' | 'USED';
  readonly kind: 'INVITE' | 'RESET' | null;
  readonly maskedEmail: string | null;
  readonly passwordNeeded: boolean | null;
}

const UNKNOWN: TokenStatus = { state: 'USED', kind: null, maskedEmail: null, passwordNeeded: null };

/** What else happens in the transaction that sets the password of an account invited into an organization. */
interface Joining {
  /** Takes the locks that come before that of the user. */
  readonly begin: (em: EntityManager) => Promise<void>;
  readonly finish: (em: EntityManager, token: FoundToken, user: UserRow) => Promise<readonly Happening[]>;
}

/** In which state an account must be for each kind of token. */
const STATUS_FOR: Readonly<Partial<Record<OneTimeTokenKind, StoredUserStatus>>> = {
  INVITE: 'INVITED',
  ORGANIZATION_INVITE: 'INVITED',
  RESET: 'ACTIVE',
  PASSWORD_CHANGE: 'ACTIVE',
};

interface Parts {
  readonly database: Database;
  readonly passwords: PasswordService;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly sessions: SessionService;
  readonly signInFlow: SignInFlow;
  readonly messages: MessageOutbox;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

interface Change {
  readonly token: FoundToken;
  readonly owner: UserRow;
  readonly password: PreparedPassword;
  readonly device: string;
  readonly joining: Joining | null;
}

/**
 * Setting a password by possession of a token: an invitation, a mailed link of somebody who forgot theirs, or a sign-in that must
 * set a new password first. No second factor is taken away or stepped over by it: what follows goes the way of every sign-in.
 */
export class PasswordTokenService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Looks at the token of an invitation or reset link without consuming it. */
  async status(text: string): Promise<TokenStatus> {
    const em = this.#parts.database.orm.em.fork();
    const token = await this.#parts.oneTimeTokens.find(em, text, ['INVITE', 'RESET', 'ORGANIZATION_INVITE']);
    if (token === null || token.state === 'USED') return UNKNOWN;
    const owner = await this.#owner(em, token.userId);
    const invitedActive = token.kind === 'ORGANIZATION_INVITE' && owner?.status === 'ACTIVE';
    if (owner === null || !(invitedActive || owner.status === STATUS_FOR[token.kind])) return UNKNOWN;
    const maskedEmail = owner.email === null ? null : maskTarget(owner.email);
    const kind = token.kind === 'RESET' ? 'RESET' : 'INVITE';
    return { state: token.state, kind, maskedEmail, passwordNeeded: !invitedActive };
  }

  /**
   * Sets the password of the one account that the token names, activates an invited one, takes an automatic lock off, and ends all
   * its sessions and other tokens. A mailed link proves the address that it was sent to; the first such proof drops every way into
   * the account from before (`proveAddress`), any other leaves the second factors as they are.
   *
   * With a challenge token the interrupted sign-in goes on as it began; with another it signs in if asked, second factor included.
   * Errors: TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, those of a new password, INVALID_VALUE (delivery given with a challenge),
   * DISABLED_BY_SETTING for a link to a new password where nobody signs in by one.
   */
  async setPassword(
    caller: Caller,
    input: { token: string; newPassword: Secret<string>; delivery: TokenDelivery | null; client: ClientFacts },
    joining: Joining | null = null,
  ): Promise<SignInOutcome | null> {
    const { clock, config, database, oneTimeTokens, passwords, signInFlow } = this.#parts;
    const reading = database.orm.em.fork();
    const token = await oneTimeTokens.find(
      reading,
      input.token,
      joining === null ? ['INVITE', 'RESET', 'PASSWORD_CHANGE'] : ['ORGANIZATION_INVITE'],
    );
    const owner = token === null ? null : await this.#owner(reading, token.userId);
    if (token === null || owner === null) return reject('TOKEN_INVALID', { field: ['token'] });
    if (token.state !== 'VALID') return oneTimeTokens.refuse(token);
    if (token.kind === 'RESET' && !config.signIn.methods.includes('PASSWORD')) {
      return reject('DISABLED_BY_SETTING', { field: ['token'] });
    }
    const signIn = signInAfter(token, input, clock.now());
    const { display_name: displayName, email, phone, username } = owner;
    const use = { field: 'newPassword', userId: owner.user_id };
    const password = await passwords.prepare({ displayName, email, phone, username }, input.newPassword, use);
    const device = await deviceNameOf(caller.userAgent);
    await database.transaction((em) => this.#change(em, caller, { token, owner, password, device, joining }));
    return signIn === null ? null : signInFlow.proceed(caller, { ...signIn, userId: owner.user_id });
  }

  /** The user, then tokens, then the credential: everything that ends the tokens of a user locks them in this order. */
  async #change(em: EntityManager, caller: Caller, { token, owner, password, device, joining }: Change): Promise<void> {
    const { clock, messages, oneTimeTokens, passwords, recorder } = this.#parts;
    const now = clock.now();
    await joining?.begin(em);
    await sql(em, 'select from users where id = $1 for update', [owner.user_id]);
    await oneTimeTokens.consume(em, token);
    const status = STATUS_FOR[token.kind] ?? null;
    // A sign-in that looked at the password before it was changed gets its challenge after all others were ended.
    const { passwordVersion } = storedFacts(token.context);
    const values = [owner.user_id, now.toISOString(), status, passwordVersion ?? null];
    const [row] = await sql<UserRow>(em, markPasswordSet, values);
    if (row === undefined) return reject('TOKEN_INVALID', { field: ['token'] });
    // The password that was judged against is not the present one any more: somebody signed in or changed it meanwhile.
    if (!(await passwords.store(em, owner.user_id, password))) throw new Failure('SERVICE_UNAVAILABLE');
    await oneTimeTokens.endAll(em, owner.user_id);
    const user = userViewOf(row, now);
    const { emailVerifiedAt, happenings } = await this.#prove(em, user, token, now);
    const joined = (await joining?.finish(em, token, row)) ?? [];
    if (!isInvitation(token)) {
      const variables = { device, ipAddress: caller.ipAddress, at: now.toISOString() };
      await tellOwner(em, messages, { ...user, emailVerifiedAt }, { template: 'password-changed', variables });
    }
    const ended = await this.#endSessions(em, user);
    await recorder.record(em, { ...originOf(caller), actor: userReference(user) }, [
      changed(user, token.kind),
      ...happenings,
      ...joined,
      ...ended,
    ]);
  }

  /** What the token proves of the address. A challenge proves nothing new, nor does a link that was handed over by hand. */
  async #prove(
    em: EntityManager,
    user: UserView,
    token: FoundToken,
    now: Date,
  ): Promise<{ readonly emailVerifiedAt: Date | null; readonly happenings: readonly Happening[] }> {
    const unchanged = { emailVerifiedAt: user.emailVerifiedAt, happenings: [] };
    if (isInvitation(token)) {
      const [mailed] = await sql(em, acceptInvitation, [token.id, now.toISOString()]);
      if (token.kind !== 'INVITE') await sql(em, acceptAccountInvitation, [user.id, now.toISOString()]);
      if (mailed === undefined) return unchanged;
      // Nobody could get into an invited account before, so there is nothing to drop.
      await sql(em, markAddressProved, [user.id, 'EMAIL', null, now.toISOString()]);
      return { ...unchanged, emailVerifiedAt: user.emailVerifiedAt ?? now };
    }
    if (token.kind !== 'RESET') return unchanged;
    const value = typeof token.context['address'] === 'string' ? token.context['address'] : null;
    const proof = await proveAddress(em, user, 'EMAIL', { now, value, keepPassword: true });
    // The account has another address by now: whoever reads the old one has no business here.
    if (!proof.known) return reject('TOKEN_INVALID', { field: ['token'] });
    return { emailVerifiedAt: user.emailVerifiedAt ?? now, happenings: proof.happenings };
  }

  async #endSessions(em: EntityManager, user: UserView): Promise<readonly Happening[]> {
    const ended = await this.#parts.sessions.endAll(em, { userIds: [user.id] }, 'CREDENTIALS_CHANGED');
    return ended.map((id) => sessionEnded(id, user, 'CREDENTIALS_CHANGED'));
  }

  async #owner(em: EntityManager, id: UserId | null): Promise<UserRow | null> {
    return id === null ? null : ((await sql<UserRow>(em, ownerOfToken, [id]))[0] ?? null);
  }
}

const isInvitation = ({ kind }: FoundToken): boolean => kind === 'INVITE' || kind === 'ORGANIZATION_INVITE';

const changed = (user: UserView, by: OneTimeTokenKind): Happening => ({
  action: 'password.changed',
  target: userReference(user),
  metadata: { by },
  event: { type: 'PasswordChanged', payload: { userId: user.id } },
});

/** How the session after the password is made: as the stored challenge says, never as a later step says (threat 12). */
const signInAfter = (
  token: FoundToken,
  input: { readonly delivery: TokenDelivery | null; readonly client: ClientFacts },
  now: Date,
): SignInFacts | null => {
  if (token.kind === 'PASSWORD_CHANGE') {
    if (input.delivery !== null) return reject('INVALID_VALUE', { field: ['delivery'] });
    const stored = storedFacts(token.context);
    // The version was that of the password which this one replaces.
    return { ...stored, passwordVersion: null, client: { ...stored.client, deviceToken: input.client.deviceToken } };
  }
  if (input.delivery === null) return null;
  const factor = { method: 'POSSESSION', credentialId: token.id, at: now.toISOString() } as const;
  const { delivery, client } = input;
  return { signInMethod: 'INVITATION', factors: [factor], address: mailedTo(token.context), delivery, client };
};
