import type { KeyObject } from 'node:crypto';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import {
  trustedDocumentColumns,
  type TrustedDocumentRow,
  type TrustedDocumentView,
  trustedDocumentViewOf,
} from '../entities/trusted-document.queries.ts';
import { Conditions, likePattern, searchText } from './conditions.ts';
import { type Connection, connectionOf, listName } from './connection.ts';

/** Ids are UUIDv7: newest first needs no other column. */
const NEWEST: Ordering = { expression: 'd.id', type: 'uuid', idColumn: 'd.id', descending: true };

/** Which documents; null = whatever. */
export interface TrustedDocumentFilter {
  readonly clientName?: string | null;
  readonly enabled?: boolean | null;
  /** Those that were never run count. */
  readonly unusedSince?: Date | null;
  /** Part of the operation name, or the beginning of the hash. */
  readonly search?: string | null;
}

/** Reads trusted documents. Who may see one may see all: the tree has asked already. */
export class TrustedDocumentReader {
  readonly #database: Database;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /** A page of documents, newest first. One statement; one more when the total is asked for. Throws BAD_USER_INPUT. */
  async page(request: PageRequest, filter: TrustedDocumentFilter | null): Promise<Connection<TrustedDocumentView>> {
    const keyset = new Keyset(this.#cursorKey, NEWEST, listName('trustedDocuments', filter));
    const conditions = conditionsOf(filter ?? {});
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#database.query<TrustedDocumentRow>(
      `select ${trustedDocumentColumns} from trusted_documents d where ${conditions.text} and ${query.condition}
       order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    const mapped = {
      node: trustedDocumentViewOf,
      position: ({ id }: TrustedDocumentRow) => ({ key: id, id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () => this.#count(conditions));
  }

  async #count({ text, values }: Conditions): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(
      `select count(*)::int as count from trusted_documents d where ${text}`,
      values,
    );
    return row?.count ?? 0;
  }
}

const conditionsOf = ({ clientName, enabled, unusedSince, search }: TrustedDocumentFilter): Conditions => {
  const conditions = new Conditions();
  if (clientName != null) conditions.add('d.client_name = ?::text', clientName);
  if (enabled != null) conditions.add('d.enabled = ?::boolean', enabled);
  if (unusedSince != null) {
    conditions.add('(d.last_used_at is null or d.last_used_at < ?::timestamptz)', unusedSince.toISOString());
  }
  if (search != null) {
    const hash = searchText(search).replace(/^sha256:/i, '');
    conditions.add(
      '(lower(d.operation_name) like lower(?::text) or starts_with(d.hash, lower(?::text)))',
      likePattern(search),
      hash,
    );
  }
  return conditions;
};
