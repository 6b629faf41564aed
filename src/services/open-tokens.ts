import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { endTokensOfUsers } from '../entities/invitation.queries.ts';
import type { UserId } from '../ids.ts';

/** Ends every open token, and with it the open invitation, of users whose rights or access to them changed hands. */
export const endOpenTokens = async (em: EntityManager, users: readonly UserId[], now: Date): Promise<void> => {
  await sql(em, endTokensOfUsers, [users, now.toISOString()]);
};
