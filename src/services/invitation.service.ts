import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import { userReference } from './sign-in.service.ts';
import { lockTargets, readUserIds } from './user-targets.ts';

/** A set-up link that works once, until it expires or a newer one is made. */
export interface IssuedInvitation {
  readonly link: string;
  readonly expiresAt: Date;
}

/** Set-up links of accounts that have no password yet. */
export class InvitationService {
  readonly #database: Database;
  readonly #tokens: OneTimeTokenService;
  readonly #guard: AccessGuard;
  readonly #directory: GroupDirectory;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    oneTimeTokens: OneTimeTokenService;
    guard: AccessGuard;
    directory: GroupDirectory;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#tokens = parts.oneTimeTokens;
    this.#guard = parts.guard;
    this.#directory = parts.directory;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /** Makes the set-up link of a new account, inside the transaction that makes the account. */
  async issue(em: EntityManager, userId: UserId, replaceOlder = false): Promise<IssuedInvitation> {
    const expiresAt = secondsAfter(this.#clock.now(), this.#config.tokens.inviteTtlSeconds);
    const issued = await this.#tokens.issue(em, { kind: 'INVITE', userId, expiresAt }, replaceOlder);
    // The token stands in the fragment, which browsers send to no server and no log.
    return { link: `${this.#config.server.baseUrl}/playground#invite=${issued.token.reveal()}`, expiresAt };
  }

  /**
   * Makes a new set-up link; older ones stop working. The link is shown to the caller, so nobody gets one for an account
   * that may do what they may not. Errors: TARGET_NOT_FOUND, INVITATION_NOT_PENDING, EXCEEDS_OWN_PERMISSIONS.
   */
  async resend(caller: SignedInCaller, userId: string): Promise<{ user: UserView; invitation: IssuedInvitation }> {
    const ids = readUserIds([userId], 'userId');
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, can('create:users'));
      const viewer = { principal: authority.principal, now: this.#clock.now() };
      const [target] = await lockTargets(em, viewer, ids, 'userId');
      if (target === undefined) return reject('TARGET_NOT_FOUND', { field: ['userId'] });
      if (target.status !== 'INVITED') throw new Rejection([{ code: 'INVITATION_NOT_PENDING', field: ['userId'] }]);
      const { list } = this.#directory.grantsOf(target.group_ids);
      if (authority.isBelow(list, { protectedToo: true })) {
        throw new Rejection([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['userId'], targetId: target.user_id }]);
      }
      const invitation = await this.issue(em, target.user_id, true);
      const user = userViewOf(target, this.#clock.now());
      await this.#recorder.record(em, originOf(caller), [{ action: 'invitation.resent', target: userReference(user) }]);
      return { user, invitation };
    });
  }
}

/** Ends every open token of users whose rights or access to them changed hands. */
export const endOpenTokens = async (em: EntityManager, users: readonly UserId[], now: Date): Promise<void> => {
  await sql(em, 'update one_time_tokens set used_at = $2 where user_id = any($1::uuid[]) and used_at is null', [
    users,
    now.toISOString(),
  ]);
};
