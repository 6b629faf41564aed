import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { endImpersonation, type EndedImpersonationRow } from '../entities/impersonation.queries.ts';
import { userColumns, type UserRow, userViewOf } from '../entities/user.queries.ts';
import type { EventPayload } from '../events/event-types.ts';
import type { Happening } from '../events/recorder.ts';
import type { ImpersonationId, SessionId, UserId } from '../ids.ts';
import { sessionEnded } from './session-happenings.ts';
import type { EndsSessions } from './session-facts.ts';

/** How an impersonation ended; OVERDUE: it expired, or one of its two sessions was over. */
export type ImpersonationEnd = EventPayload<'ImpersonationEnded'>['how'];

/** Ends an impersonation that goes on; of parallel ends one gets the row, the others null. Its session is for the caller to end. */
export const closeImpersonation = async (
  em: EntityManager,
  id: ImpersonationId,
  { endedById, at }: { readonly endedById: UserId; readonly at: Date },
): Promise<EndedImpersonationRow | null> => {
  const [row] = await sql<EndedImpersonationRow>(em, endImpersonation, [id, at.toISOString(), endedById]);
  return row ?? null;
};

/** An impersonation that ended, for the log and the outbox. */
export const impersonationEnded = (
  row: EndedImpersonationRow,
  how: ImpersonationEnd,
  reason: string | null = null,
): Happening => ({
  action: 'impersonation.ended',
  target: { type: 'Impersonation', id: row.impersonation_id, label: row.target_label },
  metadata: {
    actorId: row.actor_id,
    targetId: row.target_id,
    how,
    ...(reason === null ? {} : { reason }),
  },
  event: {
    type: 'ImpersonationEnded',
    payload: {
      impersonationId: row.impersonation_id,
      actorId: row.actor_id,
      targetId: row.target_id,
      endedById: row.ended_by_id,
      how,
    },
  },
});

/** Ends the session of an impersonation that is over. */
export const endItsSession = async (
  em: EntityManager,
  sessions: EndsSessions,
  id: ImpersonationId,
  now: Date,
): Promise<readonly Happening[]> => {
  const rows = await sql<UserRow & { readonly session_id: SessionId }>(
    em,
    `select s.id as session_id, ${userColumns} from sessions s join users u on u.id = s.user_id where s.impersonation_id = $1`,
    [id],
  );
  const ended = new Set(
    await sessions.endAll(em, { sessionIds: rows.map((row) => row.session_id) }, 'IMPERSONATION_ENDED'),
  );
  return rows.flatMap((row) =>
    ended.has(row.session_id) ? [sessionEnded(row.session_id, userViewOf(row, now), 'IMPERSONATION_ENDED')] : [],
  );
};
