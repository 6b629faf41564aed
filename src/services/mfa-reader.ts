import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { mfaStates, type MfaStateRow } from '../entities/credential.queries.ts';
import type { UserId } from '../ids.ts';

/** The second factors of an account as reads hand them on. */
export interface MfaView {
  readonly userId: UserId;
  /** A second factor is asked for at sign-in. */
  readonly enabled: boolean;
  readonly totpEnabledAt: Date | null;
  readonly recoveryCodesLeft: number;
}

/** Reads the second factors of accounts. Whose may be read is said by the field that leads to them. */
export class MfaReader {
  readonly #database: Database;

  constructor(parts: { database: Database }) {
    this.#database = parts.database;
  }

  /** The second factors of several users, for loaders; nothing is on for users who do not exist. One statement. */
  async ofUsers(ids: readonly UserId[]): Promise<readonly MfaView[]> {
    const rows = await this.#database.query<MfaStateRow>(mfaStates, [ids]);
    const byUser = new Map(rows.map((row) => [row.user_id, row]));
    return ids.map((userId) => {
      const row = byUser.get(userId);
      const totpEnabledAt = instantOf(row?.mfa_enabled_at ?? null);
      return {
        userId,
        enabled: totpEnabledAt !== null,
        totpEnabledAt,
        recoveryCodesLeft: row?.recovery_codes_left ?? 0,
      };
    });
  }
}
