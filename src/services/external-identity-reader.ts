import type { Database } from '../database/database.ts';
import {
  type ExternalIdentityRow,
  type ExternalIdentityView,
  identitiesOfUsers,
  identityViewOf,
} from '../entities/external-identity.queries.ts';
import type { UserId } from '../ids.ts';

/** Reads linked identities. Whose may be read is said by the field that leads to them. */
export class ExternalIdentityReader {
  readonly #database: Database;

  constructor(parts: { database: Database }) {
    this.#database = parts.database;
  }

  /** The identities of several users, oldest first, for loaders. One statement; at most 20 each, capped where they are linked. */
  async ofUsers(ids: readonly UserId[]): Promise<readonly (readonly ExternalIdentityView[])[]> {
    const rows = await this.#database.query<ExternalIdentityRow>(identitiesOfUsers, [ids]);
    const byUser = Map.groupBy(rows.map(identityViewOf), ({ userId }) => userId);
    return ids.map((id) => byUser.get(id) ?? []);
  }
}
