import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  invitationById,
  type InvitationRow,
  type InvitationView,
  invitationViewOf,
} from '../entities/invitation.queries.ts';
import { reject, Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type InvitationId, parseId } from '../ids.ts';
import { can, or } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import { loadTarget } from './organization-targets.ts';
import { targetNotFound } from './target-ids.ts';
import { lockTargets } from './user-targets.ts';

interface Parts {
  readonly database: Database;
  readonly guard: AccessGuard;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** Takes invitations back that were not accepted yet. */
export class InvitationRevocationService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Takes an invitation back, so that its link works no more: one into an organization with `assign:organizations` there, one to an
   * account with `create:users` for it. Errors: TARGET_NOT_FOUND, also for one out of sight, INVITATION_NOT_PENDING; throws FORBIDDEN.
   */
  async revoke(caller: SignedInCaller, id: string): Promise<InvitationView> {
    const { clock, database, guard, recorder } = this.#parts;
    return database.transaction(async (em) => {
      const authority = await guard.lock(em, caller, or(can('assign:organizations'), can('create:users')));
      const [row] = await sql<InvitationRow>(em, invitationById, [parseId<InvitationId>(id)]);
      if (row === undefined) throw new Rejection([targetNotFound('id', id)]);
      await this.#demand(em, authority, row, id);
      const now = clock.now();
      const revoked = await sql(
        em,
        `with revoked as (
           update invitations i set revoked_at = $2::timestamptz
           where i.id = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > $2::timestamptz
             and not exists (select from invitations newer where newer.previous_id = i.id)
           returning token_id
         ), ended as (
           update one_time_tokens t set used_at = $2::timestamptz from revoked r
           where t.id = r.token_id and t.used_at is null
         ) select from revoked`,
        [row.id, now.toISOString()],
      );
      if (revoked.length === 0) return reject('INVITATION_NOT_PENDING', { field: ['id'] });
      await recorder.record(em, originOf(caller), [
        {
          action: 'invitation.revoked',
          target: { type: 'Invitation', id: row.id, label: row.email },
          metadata: { organizationId: row.organization_id, userId: row.user_id },
        },
      ]);
      return invitationViewOf({ ...row, revoked_at: now.toISOString() }, now);
    });
  }

  /** What is hidden of an invitation hides the invitation: the answer names no other id than the one that was asked for. */
  async #demand(em: EntityManager, authority: Authority, row: InvitationRow, id: string): Promise<void> {
    const now = this.#parts.clock.now();
    const viewer = { principal: authority.principal, now };
    try {
      if (row.organization_id === null) {
        await lockTargets(em, viewer, [row.user_id], { field: 'id', permission: 'create:users', account: true });
      } else {
        const target = { id: row.organization_id, field: 'id', permission: 'assign:organizations' } as const;
        await loadTarget(em, authority, now, target);
      }
    } catch (error) {
      if (error instanceof Rejection) throw new Rejection([targetNotFound('id', id)]);
      throw error;
    }
  }
}
