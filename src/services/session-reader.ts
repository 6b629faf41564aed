import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import {
  type ListedSession,
  listedSessionColumns,
  listedSessionOf,
  type ListedSessionRow,
  NOT_OVER,
  OVER,
} from '../entities/session-list.queries.ts';
import { usersWithVisibleSessions } from '../entities/session.visibility.ts';
import { selectPage, selectTotal, visiblePage } from '../entities/user-page.queries.ts';
import { newId, parseId, type UserId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import { type Connection, connectionOf, type Mapped, once } from './connection.ts';

export interface SessionFilter {
  readonly userId?: string | null | undefined;
  readonly active?: boolean | null | undefined;
}

/** Arguments of the sessions of a user. */
export interface SessionRequest extends PageRequest {
  readonly active?: boolean | null | undefined;
}

/** Ids are UUIDv7, made as sessions begin: newest first needs no other column. */
const NEWEST_FIRST: Ordering = { expression: 's.id', type: 'uuid', idColumn: 's.id', descending: true };

/** Reads sessions, past ones too, always through what the caller may see. */
export class SessionReader {
  readonly #lists: ListReads;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { lists: ListReads; clock: Clock; masterKeys: MasterKeys }) {
    this.#lists = parts.lists;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /**
   * The page of visible sessions that the filter describes, newest first; those of a user who is hidden or does not exist are
   * none. One statement; one more when the total is asked for. Throws BAD_USER_INPUT for page sizes and cursors.
   */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: SessionFilter | null,
  ): Promise<Connection<ListedSession>> {
    const now = this.#clock.now();
    const { userId = null, active = null } = filter ?? {};
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, JSON.stringify(['sessions', userId, active]));
    const conditions = new Conditions();
    const visible = visiblePage({ principal: caller.principal, now }, 'view:sessions', 1);
    conditions.addRaw('true', visible.values);
    // A text that is no id names nobody, like an id that nobody has.
    if (userId !== null) conditions.add('s.user_id = ?', parseId<UserId>(userId) ?? newId<UserId>());
    addActive(conditions, active, now);
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#lists.of(caller).query<ListedSessionRow>(
      selectPage(
        visible,
        (condition) => `select ${listedSessionColumns} from sessions s join users u on u.id = s.user_id
         where ${condition} and ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      ),
      [...conditions.values, ...query.values],
    );
    return connectionOf(keyset, keyset.page(request, query, rows), mappedAt(now), async () => {
      const [row] = await this.#lists.of(caller).query<{ count: number }>(
        selectTotal(
          visible,
          (seen) =>
            `select count(*) from sessions s join users u on u.id = s.user_id where ${seen} and ${conditions.text}`,
        ),
        conditions.values,
      );
      return row?.count ?? 0;
    });
  }

  /** The same page of the sessions of several users, newest first. One statement; one more when totals are asked for. */
  async ofUsers(
    caller: SignedInCaller,
    userIds: readonly UserId[],
    request: SessionRequest,
  ): Promise<readonly Connection<ListedSession>[]> {
    const now = this.#clock.now();
    const { active = null } = request;
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, JSON.stringify(['sessions of a user', active]));
    const conditions = new Conditions();
    conditions.addRaw('true', [userIds]);
    const visible = usersWithVisibleSessions({ principal: caller.principal, now }, 2);
    conditions.addRaw(visible.condition, visible.values);
    addActive(conditions, active, now);
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#lists.of(caller).query<ListedSessionRow>(
      `select page.* from unnest($1::uuid[]) as asked(id) cross join lateral (
         select ${listedSessionColumns} from sessions s join users u on u.id = s.user_id
         where s.user_id = asked.id and ${conditions.text} and ${query.condition}
         order by ${query.orderBy} limit ${query.limit}) as page`,
      [...conditions.values, ...query.values],
    );
    const totals = once(() => this.#totals(caller, conditions));
    return userIds.map((id) => {
      const own = rows.filter((row) => row.user_id === id);
      return connectionOf(
        keyset,
        keyset.page(request, query, own),
        mappedAt(now),
        async () => (await totals()).get(id) ?? 0,
      );
    });
  }

  async #totals(caller: SignedInCaller, conditions: Conditions): Promise<ReadonlyMap<UserId, number>> {
    const rows = await this.#lists.of(caller).query<{ user_id: UserId; count: number }>(
      `select s.user_id, count(*)::int as count from sessions s join users u on u.id = s.user_id
       where s.user_id = any($1::uuid[]) and ${conditions.text} group by s.user_id`,
      conditions.values,
    );
    return new Map(rows.map((row) => [row.user_id, row.count]));
  }
}

const addActive = (conditions: Conditions, active: boolean | null, now: Date): void => {
  if (active !== null) conditions.add(active ? NOT_OVER : OVER, now.toISOString());
};

const mappedAt = (now: Date): Mapped<ListedSessionRow, ListedSession> => ({
  node: (row) => listedSessionOf(row, now),
  position: (row) => ({ key: row.session_id, id: row.session_id }),
});
