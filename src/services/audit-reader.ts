import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageQuery, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import {
  type AuditConditions,
  auditEventById,
  auditEventOf,
  type AuditEventView,
  auditMatches,
  auditPage,
  type AuditRow,
  type AuditScope,
} from '../entities/audit.queries.ts';
import { type AuditReach, visibleAuditEvents } from '../entities/audit.visibility.ts';
import { type AuditEventId, parseId, type UserId } from '../ids.ts';
import { type AuditFilter, readAuditFilter } from './audit-filter.ts';
import type { SignedInCaller } from './caller.ts';
import { type Connection, connectionOf, type Mapped, once } from './connection.ts';

/** Arguments of the events of a user. */
export interface AuditRequest extends PageRequest {
  readonly filter?: AuditFilter | null | undefined;
}

const NEWEST_FIRST: Ordering = { expression: 'e.at', type: 'timestamptz', idColumn: 'e.id', descending: true };

const mapped: Mapped<AuditRow, AuditEventView> = {
  node: auditEventOf,
  position: (row) => ({ key: row.at, id: row.id }),
};

/** Reads the audit log, always through what the caller may see. */
export class AuditReader {
  readonly #database: Database;
  readonly #lists: ListReads;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; lists: ListReads; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#lists = parts.lists;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /**
   * The page of visible events that the filter describes, newest first. One statement; one more when the total is asked for. Throws
   * BAD_USER_INPUT for page sizes, cursors, addresses that are none and lists that are too long.
   */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: AuditFilter | null,
  ): Promise<Connection<AuditEventView>> {
    const wanted = readAuditFilter(filter);
    const reach = this.#reach(caller);
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, listOf('audit', wanted));
    const values: unknown[] = reach === 'ALL' ? [] : [reach];
    const me = reach === 'ALL' ? null : '$1::uuid';
    const scope = { subject: me, viewer: me };
    const query = keyset.query(request, values.length + 1);
    values.push(...query.values);
    const rows = await this.#lists
      .of(caller)
      .query<AuditRow>(
        auditPage(wanted, scope, placed(query, request, values.length - query.values.length), binder(values)),
        values,
      );
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () =>
      this.#count(caller, wanted, reach, scope),
    );
  }

  /** An event; null when there is none or when it is hidden. One statement. */
  async byId(caller: SignedInCaller, text: string): Promise<AuditEventView | null> {
    const id = parseId<AuditEventId>(text);
    if (id === null) return null;
    const reach = this.#reach(caller);
    const [row] = await this.#database.query<AuditRow>(auditEventById(reach), reach === 'ALL' ? [id] : [id, reach]);
    return row === undefined ? null : auditEventOf(row);
  }

  /** The same page of the events about several users. One statement; one more when totals are asked for. */
  async ofUsers(
    caller: SignedInCaller,
    userIds: readonly UserId[],
    request: AuditRequest,
  ): Promise<readonly Connection<AuditEventView>[]> {
    const wanted = readAuditFilter(request.filter ?? null);
    const reach = this.#reach(caller);
    const visible = userIds.filter((id) => reach === 'ALL' || id === reach);
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, listOf('audit of a user', wanted));
    const values: unknown[] = [visible];
    const query = keyset.query(request, 2);
    values.push(...query.values);
    const scope = { subject: 'asked.id', viewer: reach === 'ALL' ? null : 'asked.id' };
    const rows = await this.#lists.of(caller).query<AuditRow & { readonly asked_id: UserId }>(
      `select asked.id as asked_id, page.* from unnest($1::uuid[]) as asked(id)
       cross join lateral (${auditPage(wanted, scope, placed(query, request, 1), binder(values))}) as page`,
      values,
    );
    const totals = once(() => this.#totals(caller, visible, wanted, scope));
    return userIds.map((id) => {
      const own = rows.filter((row) => row.asked_id === id);
      const page = keyset.page(request, query, own);
      return connectionOf(keyset, page, mapped, async () => (await totals()).get(id) ?? 0);
    });
  }

  #reach({ principal }: SignedInCaller): AuditReach {
    return visibleAuditEvents({ principal, now: this.#clock.now() });
  }

  async #count(caller: SignedInCaller, wanted: AuditConditions, reach: AuditReach, scope: AuditScope): Promise<number> {
    const values: unknown[] = reach === 'ALL' ? [] : [reach];
    const matches = auditMatches(wanted, scope, binder(values));
    const [row] = await this.#lists
      .of(caller)
      .query<{ count: number }>(`select count(*)::int as count from ${matches}`, values);
    return row?.count ?? 0;
  }

  async #totals(
    caller: SignedInCaller,
    userIds: readonly UserId[],
    wanted: AuditConditions,
    scope: AuditScope,
  ): Promise<ReadonlyMap<UserId, number>> {
    const values: unknown[] = [userIds];
    const matches = auditMatches(wanted, scope, binder(values));
    const rows = await this.#lists.of(caller).query<{ id: UserId; count: number }>(
      `select asked.id, found.count from unnest($1::uuid[]) as asked(id)
       cross join lateral (select count(*)::int as count from ${matches}) as found`,
      values,
    );
    return new Map(rows.map((row) => [row.id, row.count]));
  }
}

const listOf = (name: string, wanted: AuditConditions): string => JSON.stringify([name, wanted]);

const binder =
  (values: unknown[]) =>
  (value: unknown): string =>
    `$${values.push(value)}`;

/**
 * The place of a page. Besides the comparison of time and id together, the time alone: that is what partitions are left out by.
 * `before`: how many values come before those of the query.
 */
const placed = (query: PageQuery, { after, before: end }: PageRequest, before: number): PageQuery => {
  const bounds: string[] = [];
  let next = before + 1;
  if (after != null) {
    bounds.push(`e.at <= $${next}::timestamptz`);
    next += 2;
  }
  if (end != null) bounds.push(`e.at >= $${next}::timestamptz`);
  return { ...query, condition: [query.condition, ...bounds].join(' and ') };
};
