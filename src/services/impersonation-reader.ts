import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import {
  eventCounts,
  goesOn,
  impersonationColumns,
  type ImpersonationRow,
  type ImpersonationView,
  impersonationViewOf,
  isOver,
} from '../entities/impersonation.queries.ts';
import { visibleImpersonations } from '../entities/impersonation.visibility.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { type ImpersonationId, newId, parseId, type UserId } from '../ids.ts';
import { may } from '../permissions/may.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import { type Connection, connectionOf, listName } from './connection.ts';
import type { TimeRange } from './user-filter.ts';

export interface ImpersonationFilter {
  /** As actor or target. */
  readonly userId?: string | null | undefined;
  readonly active?: boolean | null | undefined;
  readonly startedAt?: TimeRange | null | undefined;
}

/** Ids are UUIDv7, made as impersonations begin: newest first needs no other column. */
const NEWEST_FIRST: Ordering = { expression: 'i.id', type: 'uuid', idColumn: 'i.id', descending: true };

/** Reads impersonations, past ones too, always through what the caller may see. */
export class ImpersonationReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /**
   * The page of visible impersonations that the filter describes, newest first; those with a user who does not exist are none. One
   * statement; one more when the total is asked for. Throws BAD_USER_INPUT for page sizes and cursors.
   */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: ImpersonationFilter | null,
  ): Promise<Connection<ImpersonationView>> {
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, listName('impersonations', filter));
    const conditions = this.#conditions(caller, filter);
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#database.query<ImpersonationRow>(
      `select ${impersonationColumns('$1')} from impersonations i
       where ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    const mapped = {
      node: (row: ImpersonationRow) => impersonationViewOf(row),
      position: (row: ImpersonationRow) => ({ key: row.impersonation_id, id: row.impersonation_id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, async () => {
      const [row] = await this.#database.query<{ count: number }>(
        `select count(*)::int as count from impersonations i where ${conditions.text}`,
        conditions.values,
      );
      return row?.count ?? 0;
    });
  }

  /** Several by id; null for those that do not exist or are hidden. One statement. */
  async byIds(caller: SignedInCaller, ids: readonly ImpersonationId[]): Promise<readonly (ImpersonationView | null)[]> {
    const conditions = this.#conditions(caller, null);
    conditions.add('i.id = any(?::uuid[])', ids);
    const rows = await this.#database.query<ImpersonationRow>(
      `select ${impersonationColumns('$1')} from impersonations i where ${conditions.text}`,
      conditions.values,
    );
    const byId = new Map(rows.map((row) => [row.impersonation_id, impersonationViewOf(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** How many lines each left in the audit log. One statement. */
  async eventCounts(ids: readonly ImpersonationId[]): Promise<readonly number[]> {
    const rows = await this.#database.query<{ impersonation_id: ImpersonationId; count: number }>(eventCounts, [ids]);
    const counts = new Map(rows.map((row) => [row.impersonation_id, row.count]));
    return ids.map((id) => counts.get(id) ?? 0);
  }

  /**
   * Who acts, or acted, as the caller: by name and address, and nothing else, for the caller need not be allowed to see them
   * otherwise. Only to be asked for people who did. Whoever may see some people gets null for those whom they may not, because other
   * fields would tell them more; except of the one who acts at this moment, who asks about themselves. One statement.
   */
  async actors({ principal }: SignedInCaller, ids: readonly UserId[]): Promise<readonly (UserView | null)[]> {
    const now = this.#clock.now();
    const sees = may(principal, 'view:users', now);
    const asked = sees ? ids.filter((id) => id === principal.actorId) : ids;
    if (asked.length === 0) return ids.map(() => null);
    const rows = await this.#database.query<UserRow>(
      `select ${userColumns} from users u where u.id = any($1::uuid[])`,
      [asked],
    );
    const byId = new Map(rows.map((row) => [row.user_id, namedOnly(userViewOf(row, now))]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** `$1` is now. */
  #conditions(caller: SignedInCaller, filter: ImpersonationFilter | null): Conditions {
    const now = this.#clock.now();
    const { userId = null, active = null, startedAt } = filter ?? {};
    const conditions = new Conditions();
    const visible = visibleImpersonations({ principal: caller.principal, now }, 2);
    conditions.addRaw(`$1::timestamptz is not null and ${visible.condition}`, [now.toISOString(), ...visible.values]);
    if (userId !== null) {
      // A text that is no id names nobody, like an id that nobody has.
      const id = parseId<UserId>(userId) ?? newId<UserId>();
      conditions.add('(i.actor_id = ? or i.target_id = ?)', id, id);
    }
    if (active !== null) conditions.addRaw(active ? goesOn('$1') : isOver('$1'), []);
    if (startedAt?.from != null) conditions.add('i.started_at >= ?::timestamptz', startedAt.from.toISOString());
    if (startedAt?.until != null) conditions.add('i.started_at < ?::timestamptz', startedAt.until.toISOString());
    return conditions;
  }
}

const namedOnly = (user: UserView): UserView => ({
  ...user,
  emailVerifiedAt: null,
  phone: null,
  phoneVerifiedAt: null,
  username: null,
  statusReason: null,
  lockedUntil: null,
  failedSignInCount: 0,
  passwordChangeRequired: false,
  mfaEnabledAt: null,
  attributes: {},
  lastSignInAt: null,
  externalId: null,
  source: null,
});
