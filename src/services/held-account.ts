import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { heldAccount, ownAccount, type OwnAccountRow } from '../entities/own-account.queries.ts';
import type { SessionId, UserId } from '../ids.ts';

/**
 * The account that its owner is about to change, its row held until the transaction ends; null when it is shut out by now, or the
 * session (null: none is needed) is over.
 */
export const holdAccount = async (
  em: EntityManager,
  which: { readonly userId: UserId; readonly sessionId: SessionId | null; readonly now: Date },
): Promise<OwnAccountRow | null> => {
  // Two statements: one that waits for a lock does not see what it waited for.
  await sql(em, heldAccount, [which.userId]);
  const [row] = await sql<OwnAccountRow>(em, ownAccount, [which.userId, which.now.toISOString(), which.sessionId]);
  return row ?? null;
};
