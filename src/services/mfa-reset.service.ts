import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { endOpenChallenges, removeSecondFactors } from '../entities/credential.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { reject, Rejection } from '../errors.ts';
import { can } from '../permissions/rules.ts';
import type { CredentialType } from '../vocabulary.ts';
import type { AccessGuard } from './access-guard.ts';
import type { SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { MfaChanges } from './mfa-changes.ts';
import { type SessionService, sessionEnded } from './session.service.ts';
import { readText } from './text.ts';
import { lockTargets, readUserIds } from './user-targets.ts';

/** Everything that can prove a second factor, and an enrolment that was begun. */
const SECOND_FACTORS: readonly CredentialType[] = ['TOTP', 'TOTP_PENDING', 'RECOVERY_CODE', 'PASSKEY'];

export interface MfaResetParts {
  readonly database: Database;
  readonly guard: AccessGuard;
  readonly directory: GroupDirectory;
  readonly sessions: SessionService;
  readonly mfaChanges: MfaChanges;
  readonly clock: Clock;
}

/** Administrators remove the second factors of people who lost them. */
export class MfaResetService {
  readonly #parts: MfaResetParts;

  constructor(parts: MfaResetParts) {
    this.#parts = parts;
  }

  /**
   * Removes TOTP, recovery codes and passkeys of somebody else, and ends their sessions and the sign-ins under way. Somebody
   * who may do what the caller may not is out of reach: what is left of their account is easier to take over. Errors: REQUIRED,
   * TOO_LONG, INVALID_VALUE, TARGET_NOT_FOUND, NOT_ON_ONESELF, EXCEEDS_OWN_PERMISSIONS, MFA_NOT_ENABLED.
   */
  async reset(caller: SignedInCaller, input: { readonly userId: string; readonly reason: string }): Promise<UserView> {
    const { database, guard, directory, sessions, mfaChanges, clock } = this.#parts;
    const read = readText(input.reason, { field: ['reason'], maximum: 500 });
    if ('problem' in read) throw new Rejection([read.problem]);
    const ids = readUserIds([input.userId], 'userId');
    return database.transaction(async (em) => {
      const authority = await guard.lock(em, caller, can('reset-mfa:users'));
      const now = clock.now();
      const [row] = await lockTargets(em, { principal: authority.principal, now }, ids, {
        field: 'userId',
        permission: 'reset-mfa:users',
        account: true,
      });
      if (row === undefined) return reject('TARGET_NOT_FOUND', { field: ['userId'] });
      const targetId = row.user_id;
      if (targetId === authority.principal.userId) reject('NOT_ON_ONESELF', { field: ['userId'], targetId });
      if (authority.isBelow(directory.grantsOf(row.assignments), { protectedToo: true })) {
        reject('EXCEEDS_OWN_PERMISSIONS', { field: ['userId'], targetId });
      }
      const at = now.toISOString();
      const removed = await sql<{ type: CredentialType }>(em, removeSecondFactors, [targetId, SECOND_FACTORS, at]);
      const countOf = (type: CredentialType): number => removed.filter((one) => one.type === type).length;
      if (countOf('TOTP') + countOf('PASSKEY') === 0) reject('MFA_NOT_ENABLED', { field: ['userId'], targetId });
      await sql(em, endOpenChallenges, [targetId, at]);
      const ended = await sessions.endAll(em, { userIds: [targetId] }, 'CREDENTIALS_CHANGED');
      const user = { ...userViewOf(row, now), mfaEnabledAt: null, updatedAt: now, version: row.version + 1 };
      await mfaChanges.record(em, caller, {
        change: 'RESET_BY_ADMINISTRATOR',
        user,
        metadata: { reason: read.text, totp: countOf('TOTP') > 0, passkeys: countOf('PASSKEY') },
        further: ended.map((id) => sessionEnded(id, user, 'CREDENTIALS_CHANGED')),
      });
      return user;
    });
  }
}
