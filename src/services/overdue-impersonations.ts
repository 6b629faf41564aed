import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type EndedImpersonationRow, endOverdueImpersonations } from '../entities/impersonation.queries.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { systemOrigin } from './caller.ts';
import { impersonationEnded } from './impersonation-end.ts';
import { endItsSession } from './impersonation-end.ts';
import type { SessionService } from './session.service.ts';

export interface OverdueParts {
  readonly database: Database;
  readonly sessions: SessionService;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/**
 * Marks impersonations as ended that are over already: expired, or with the actor's session or their own gone. Ends what is left of
 * their sessions and tells of it, at most `batch` of them; gives how many. Nobody is let in meanwhile: that is asked at each request.
 */
export const closeOverdueImpersonations = (
  { database, sessions, recorder, clock }: OverdueParts,
  batch: number,
): Promise<number> =>
  database.transaction(async (em: EntityManager) => {
    const now = clock.now();
    const rows = await sql<EndedImpersonationRow>(em, endOverdueImpersonations, [batch, now.toISOString()]);
    const happenings: Happening[] = [];
    for (const row of rows) {
      happenings.push(
        impersonationEnded(row, 'OVERDUE'),
        ...(await endItsSession(em, sessions, row.impersonation_id, now)),
      );
    }
    await recorder.record(em, systemOrigin('housekeeping'), happenings);
    return rows.length;
  });
