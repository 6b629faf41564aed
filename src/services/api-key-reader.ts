import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { tokenPrefixes } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import {
  inApiKeyStatus,
  type ListedApiKey,
  listedApiKeyColumns,
  listedApiKeyOf,
  type ListedApiKeyRow,
} from '../entities/api-key.queries.ts';
import { visibleApiKeys } from '../entities/api-key.visibility.ts';
import { type ApiKeyId, newId, parseId, type UserId } from '../ids.ts';
import type { ApiKeyStatus } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions, likePattern } from './conditions.ts';
import { type Connection, connectionOf, listName, type Mapped, once } from './connection.ts';

export interface ApiKeyFilter {
  readonly ownerId?: string | null | undefined;
  readonly statusIn?: readonly ApiKeyStatus[] | null | undefined;
  readonly search?: string | null | undefined;
}

/** Ids are UUIDv7, made as keys are made: newest first needs no other column. */
const NEWEST_FIRST: Ordering = { expression: 'k.id', type: 'uuid', idColumn: 'k.id', descending: true };

const FROM = 'from api_keys k join users u on u.id = k.owner_id';

/** A key or its beginning: prefix and selector, whatever follows. */
const BEGINNING = new RegExp(`^${tokenPrefixes.apiKey}([0-9A-Za-z]{0,12})`);

/** Reads API keys, never their secrets, always through what the caller may see. */
export class ApiKeyReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /** The keys that exist and that the caller may see, in the order of the ids; null for all others. One statement. */
  async byIds(caller: SignedInCaller, ids: readonly ApiKeyId[]): Promise<readonly (ListedApiKey | null)[]> {
    const now = this.#clock.now();
    const visible = visibleApiKeys({ principal: caller.principal, now }, 2);
    const rows = await this.#database.query<ListedApiKeyRow>(
      `select ${listedApiKeyColumns} ${FROM} where k.id = any($1::uuid[]) and ${visible.condition}`,
      [ids, ...visible.values],
    );
    const byId = new Map(rows.map((row) => [row.key_id, listedApiKeyOf(row, now)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /**
   * The page of visible keys that the filter describes, newest first. One statement; one more when the total is asked for. Throws
   * BAD_USER_INPUT for page sizes, cursors and searches outside 2 to 100 characters.
   */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: ApiKeyFilter | null,
  ): Promise<Connection<ListedApiKey>> {
    const now = this.#clock.now();
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, listName('apiKeys', filter));
    const conditions = new Conditions();
    const visible = visibleApiKeys({ principal: caller.principal, now }, 1);
    conditions.addRaw(visible.condition, visible.values);
    addFilter(conditions, filter ?? {}, now);
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#database.query<ListedApiKeyRow>(
      `select ${listedApiKeyColumns} ${FROM}
       where ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    return connectionOf(keyset, keyset.page(request, query, rows), mappedAt(now), async () => {
      const [row] = await this.#database.query<{ count: number }>(
        `select count(*)::int as count ${FROM} where ${conditions.text}`,
        conditions.values,
      );
      return row?.count ?? 0;
    });
  }

  /** The same page of the keys of several owners, newest first. One statement; one more when totals are asked for. */
  async ofUsers(
    caller: SignedInCaller,
    userIds: readonly UserId[],
    request: PageRequest,
  ): Promise<readonly Connection<ListedApiKey>[]> {
    const now = this.#clock.now();
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, 'API keys of a user');
    const visible = visibleApiKeys({ principal: caller.principal, now }, 2);
    const query = keyset.query(request, visible.values.length + 2);
    const rows = await this.#database.query<ListedApiKeyRow>(
      `select page.* from unnest($1::uuid[]) as asked(id) cross join lateral (
         select ${listedApiKeyColumns} ${FROM}
         where k.owner_id = asked.id and ${visible.condition} and ${query.condition}
         order by ${query.orderBy} limit ${query.limit}) as page`,
      [userIds, ...visible.values, ...query.values],
    );
    const totals = once(() => this.#totals([userIds, ...visible.values], visible.condition));
    return userIds.map((id) => {
      const own = rows.filter((row) => row.owner_id === id);
      return connectionOf(
        keyset,
        keyset.page(request, query, own),
        mappedAt(now),
        async () => (await totals()).get(id) ?? 0,
      );
    });
  }

  async #totals(values: readonly unknown[], visible: string): Promise<ReadonlyMap<UserId, number>> {
    const rows = await this.#database.query<{ owner_id: UserId; count: number }>(
      `select k.owner_id, count(*)::int as count ${FROM}
       where k.owner_id = any($1::uuid[]) and ${visible} group by k.owner_id`,
      values,
    );
    return new Map(rows.map((row) => [row.owner_id, row.count]));
  }
}

const addFilter = (conditions: Conditions, { ownerId, statusIn, search }: ApiKeyFilter, now: Date): void => {
  // A text that is no id names nobody, like an id that nobody has.
  if (ownerId != null) conditions.add('k.owner_id = ?', parseId<UserId>(ownerId) ?? newId<UserId>());
  if (statusIn != null) addStatus(conditions, statusIn, now);
  if (search == null) return;
  const pattern = likePattern(search);
  const selector = BEGINNING.exec(search.trim())?.[1];
  if (selector === undefined) conditions.add('lower(k.name) like lower(?::text)', pattern);
  else conditions.add('k.selector like ?', `${selector}%`);
};

const addStatus = (conditions: Conditions, statusIn: readonly ApiKeyStatus[], now: Date): void => {
  if (statusIn.length === 0) {
    conditions.add('false');
    return;
  }
  const wanted = [...new Set(statusIn)].map((status) => inApiKeyStatus[status]).join(' or ');
  const instants = wanted.split('?').slice(1);
  conditions.add(`(${wanted})`, ...instants.map(() => now.toISOString()));
};

const mappedAt = (now: Date): Mapped<ListedApiKeyRow, ListedApiKey> => ({
  node: (row) => listedApiKeyOf(row, now),
  position: (row) => ({ key: row.key_id, id: row.key_id }),
});
