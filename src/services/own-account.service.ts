import type { EntityManager } from '@mikro-orm/postgresql';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import type { UserView } from '../entities/user.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { IdentifierKind } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import { identifierTyped, readIdentifier } from './identifiers.ts';
import { requireOwnPassword } from './own-password.ts';
import type { OwnProof } from './own-proof.ts';
import type { UserStatusService } from './user-status.service.ts';

interface Parts {
  readonly database: Database;
  readonly proof: OwnProof;
  readonly userStatus: UserStatusService;
  readonly messages: MessageOutbox;
  readonly recorder: Recorder;
  readonly config: Config;
}

/** Leaving for good. */
export class OwnAccountService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether people may delete their own accounts. */
  get canBeDeleted(): boolean {
    return this.#parts.config.users.accountDeletion;
  }

  /**
   * Deletes the caller's account with all that belongs to it, as deleting by an administrator does; a farewell is mailed. A wrong
   * password counts as in `OwnProof`; accounts without one need a session that was confirmed within ten minutes.
   * Errors: DISABLED_BY_SETTING, INVALID_VALUE (the confirmation names another account), CURRENT_PASSWORD_INCORRECT, REQUIRED (an
   * account with a password gave none), LAST_ADMIN; throws STEP_UP_REQUIRED, UNAUTHENTICATED when the session ended meanwhile.
   */
  async delete(
    caller: SignedInCaller,
    input: { readonly currentPassword: Secret<string> | null; readonly confirmation: string },
  ): Promise<UserId> {
    const { userStatus } = this.#parts;
    if (!this.canBeDeleted) return reject('DISABLED_BY_SETTING');
    if (!names(input.confirmation, caller.account)) return reject('INVALID_VALUE', { field: ['confirmation'] });
    await requireOwnPassword(this.#parts, caller, input.currentPassword, 'user.deleted');
    return userStatus.deleteOwn(caller, (em, user) => this.#sayFarewell(em, user));
  }

  /** About nobody any more: the message must outlive the account. */
  async #sayFarewell(em: EntityManager, user: UserView & { readonly email: string }): Promise<void> {
    await this.#parts.messages.enqueue(em, {
      template: 'account-deleted',
      recipient: user.email,
      userId: null,
      userName: user.displayName,
      locale: user.locale,
      variables: {},
    });
  }
}

/** The account's own address or user name, typed again; its number where it has neither. */
const names = (typed: string, { email, username, phone }: UserView): boolean => {
  const read = identifierTyped(typed.trim());
  if (read === null) return false;
  const own: readonly (readonly [IdentifierKind, string | null])[] = [
    ['EMAIL', email],
    ['USERNAME', username],
    ['PHONE', email === null && username === null ? phone : null],
  ];
  return own.some(([kind, text]) => {
    const present = kind !== read.kind || text === null ? null : readIdentifier(kind, text);
    return present !== null && 'identifier' in present && present.identifier.value === read.value;
  });
};
