import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { insertSession } from '../entities/session.queries.ts';
import {
  groupIdsColumn,
  type GroupIdsRow,
  userColumns,
  type UserRow,
  type UserView,
  userViewOf,
} from '../entities/user.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type CredentialId, newId, type UserId } from '../ids.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf } from './caller.ts';
import type { FoundToken, OneTimeTokenService } from './one-time-token.service.ts';
import { requireStrongPassword } from './passwords.ts';
import type { ClientFacts, SessionService, StartedSession } from './session.service.ts';
import { sessionEnded } from './session.service.ts';
import { sessionStarted, userReference } from './sign-in.service.ts';

/** What a mailed token is good for; an unknown one looks like a used one. */
export interface TokenStatus {
  readonly state: 'VALID' | 'EXPIRED' | 'USED';
  readonly kind: 'INVITE' | null;
  readonly maskedEmail: string | null;
  readonly passwordNeeded: boolean | null;
}

const UNKNOWN: TokenStatus = { state: 'USED', kind: null, maskedEmail: null, passwordNeeded: null };

type OwnerRow = UserRow & GroupIdsRow & { readonly epoch: string };

/** Setting a password by possession of a token: an invitation, or a sign-in that must set a new password first. */
export class PasswordTokenService {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #tokens: OneTimeTokenService;
  readonly #sessions: SessionService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    oneTimeTokens: OneTimeTokenService;
    sessions: SessionService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#tokens = parts.oneTimeTokens;
    this.#sessions = parts.sessions;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /** Looks at an invitation token without consuming it. */
  async status(text: string): Promise<TokenStatus> {
    const em = this.#database.orm.em.fork();
    const token = await this.#tokens.find(em, text, ['INVITE']);
    if (token === null || token.userId === null || token.state === 'USED') return UNKNOWN;
    const owner = await this.#owner(em, token.userId);
    if (owner === null) return UNKNOWN;
    return { state: token.state, kind: 'INVITE', maskedEmail: maskEmail(owner.email), passwordNeeded: true };
  }

  /**
   * Sets the password of the one account that the token names, activates an invited one, and ends all its sessions and other
   * tokens. With a challenge token the interrupted sign-in goes on as it began; with an invitation it signs in if asked.
   * Errors: TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, WEAK_PASSWORD, INVALID_VALUE (delivery given with a challenge).
   */
  async setPassword(
    caller: Caller,
    input: { token: string; newPassword: Secret<string>; delivery: TokenDelivery | null; client: ClientFacts },
  ): Promise<{ user: UserView; started: StartedSession | null }> {
    const reading = this.#database.orm.em.fork();
    const token = await this.#tokens.find(reading, input.token, ['INVITE', 'PASSWORD_CHANGE']);
    const owner = token?.userId == null ? null : await this.#owner(reading, token.userId);
    if (token === null || owner === null) return reject('TOKEN_INVALID', { field: ['token'] });
    if (token.state !== 'VALID') return this.#tokens.refuse(token);
    const signIn = signInAfter(token, input);
    const person = {
      displayName: owner.display_name,
      email: owner.email,
      phone: owner.phone,
      username: owner.username,
    };
    requireStrongPassword(input.newPassword, person, { field: 'newPassword', settings: this.#config.passwords });
    const passwordHash = await this.#hasher.hash(input.newPassword);
    const created = signIn === null ? null : this.#sessions.create(caller, { userId: owner.user_id, ...signIn });
    const user = await this.#database.transaction(async (em) => {
      await this.#tokens.consume(em, token);
      const after = await this.#store(em, { owner, token, passwordHash, signsIn: created !== null });
      const happenings = await this.#endOthers(em, after);
      if (created !== null) {
        await insertSession(em, created.session);
        happenings.push(sessionStarted(created.session.id, after, created.session.signInMethod));
      }
      await this.#recorder.record(em, { ...originOf(caller), actor: userReference(after) }, happenings);
      return after;
    });
    const groups = { epoch: owner.epoch, ids: owner.group_ids };
    return { user, started: created === null ? null : await this.#sessions.handOver(created, user, groups) };
  }

  async #store(
    em: EntityManager,
    facts: { owner: OwnerRow; token: FoundToken; passwordHash: string; signsIn: boolean },
  ): Promise<UserView> {
    const { owner, token, passwordHash, signsIn } = facts;
    const now = this.#clock.now().toISOString();
    // Possession of the mailed link proves the address; a challenge proves nothing new.
    const [row] = await sql<UserRow>(
      em,
      `update users u set status = 'ACTIVE', password_change_required = false, failed_sign_in_count = 0,
         email_verified_at = case when $3 then coalesce(u.email_verified_at, $2::timestamptz) else u.email_verified_at end,
         last_sign_in_at = case when $4 then $2::timestamptz else u.last_sign_in_at end,
         updated_at = $2::timestamptz, version = u.version + 1
       where u.id = $1 and u.status in ('ACTIVE', 'INVITED') returning ${userColumns}`,
      [owner.user_id, now, token.kind === 'INVITE' && owner.email !== null, signsIn],
    );
    if (row === undefined) throw new Rejection([{ code: 'TOKEN_INVALID', field: ['token'] }]);
    await sql(
      em,
      `insert into credentials (id, user_id, type, secret, created_at, updated_at) values ($1, $2, 'PASSWORD', $3, $4, $4)
       on conflict (user_id) where type = 'PASSWORD'
       do update set secret = excluded.secret, updated_at = excluded.updated_at, version = credentials.version + 1`,
      [newId<CredentialId>(), owner.user_id, passwordHash, now],
    );
    await this.#tokens.endAll(em, owner.user_id);
    return userViewOf(row, this.#clock.now());
  }

  async #endOthers(em: EntityManager, user: UserView) {
    const ended = await this.#sessions.endAll(em, { userIds: [user.id] }, 'CREDENTIALS_CHANGED');
    return [
      {
        action: 'password.changed',
        target: userReference(user),
        event: { type: 'PasswordChanged' as const, payload: { userId: user.id } },
      },
      ...ended.map((id) => sessionEnded(id, user, 'CREDENTIALS_CHANGED')),
    ];
  }

  async #owner(em: EntityManager, id: UserId): Promise<OwnerRow | null> {
    const rows = await sql<OwnerRow>(
      em,
      `select ${userColumns}, ${groupIdsColumn}, (select epoch::text from permission_epoch) as epoch
       from users u where u.id = $1 and u.status in ('ACTIVE', 'INVITED')`,
      [id],
    );
    return rows[0] ?? null;
  }
}

/** How the session after the password is made: as the stored challenge says, never as a later step says (threat 12). */
const signInAfter = (
  token: FoundToken,
  input: { readonly delivery: TokenDelivery | null; readonly client: ClientFacts },
): { signInMethod: 'PASSWORD' | 'INVITATION'; delivery: TokenDelivery; client: ClientFacts } | null => {
  if (token.kind === 'PASSWORD_CHANGE') {
    if (input.delivery !== null) return reject('INVALID_VALUE', { field: ['delivery'] });
    const { delivery, clientName, deviceName } = token.context;
    return {
      signInMethod: 'PASSWORD',
      delivery: delivery === 'BODY' ? 'BODY' : 'COOKIE',
      client: { clientName: textOrNull(clientName), deviceName: textOrNull(deviceName) },
    };
  }
  return input.delivery === null
    ? null
    : { signInMethod: 'INVITATION', delivery: input.delivery, client: input.client };
};

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** `ada@example.com` becomes `a**@example.com`: recognised by its owner, of little use to anybody else. */
const maskEmail = (email: string | null): string | null => {
  if (email === null) return null;
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}**${email.slice(at)}`;
};
