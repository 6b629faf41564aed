import type { Database } from '../database/database.ts';
import { passkeysOfUsers, type PasskeyRow, type PasskeyView, passkeyViewOf } from '../entities/passkey.queries.ts';
import type { UserId } from '../ids.ts';

/** Reads the passkeys of accounts. Whose may be read is said by the field that leads to them. */
export class PasskeyReader {
  readonly #database: Database;

  constructor(parts: { database: Database }) {
    this.#database = parts.database;
  }

  /** The passkeys of several users, oldest first, for loaders. One statement. */
  async ofUsers(ids: readonly UserId[]): Promise<readonly (readonly PasskeyView[])[]> {
    const rows = await this.#database.query<PasskeyRow>(passkeysOfUsers, [ids]);
    const byUser = Map.groupBy(rows.map(passkeyViewOf), ({ userId }) => userId);
    return ids.map((id) => byUser.get(id) ?? []);
  }
}
