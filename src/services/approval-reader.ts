import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import {
  approvalRequestColumns,
  type ApprovalRequestRow,
  type ApprovalRequestView,
  approvalRequestViewOf,
  stateIsIn,
} from '../entities/approval-request.queries.ts';
import { type ApprovalRequestId, newId, parseId, type UserId } from '../ids.ts';
import { may } from '../permissions/may.ts';
import type { ApprovalState } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import { type Connection, connectionOf, listName } from './connection.ts';

export interface ApprovalFilter {
  readonly stateIn?: readonly ApprovalState[] | null | undefined;
  readonly requestedById?: string | null | undefined;
}

/** Ids are UUIDv7: newest first needs no other column. */
const NEWEST_FIRST: Ordering = { expression: 'a.id', type: 'uuid', idColumn: 'a.id', descending: true };

/** Reads changes that wait, or waited, for a second person. */
export class ApprovalReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /** Several requests by id; null for those that do not exist or are hidden. One statement. */
  async byIds(
    { principal }: SignedInCaller,
    ids: readonly ApprovalRequestId[],
  ): Promise<readonly (ApprovalRequestView | null)[]> {
    const now = this.#clock.now();
    const seesAll = may(principal, 'view:approvals', now);
    const rows = await this.#database.query<ApprovalRequestRow>(
      `select ${approvalRequestColumns} from approval_requests a where a.id = any($1::uuid[]) and ($2 or a.requested_by_id = $3)`,
      [ids, seesAll, principal.userId],
    );
    const byId = new Map(rows.map((row) => [row.id, approvalRequestViewOf(row, now)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The page of one's own requests, with `view:approvals` of all. One statement; one more when the total is asked for. */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: ApprovalFilter | null,
  ): Promise<Connection<ApprovalRequestView>> {
    const now = this.#clock.now();
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, listName('approvals', filter));
    const conditions = new Conditions();
    conditions.addRaw(stateIsIn, [filter?.stateIn ?? STATES, now.toISOString()]);
    if (!may(caller.principal, 'view:approvals', now)) conditions.add('a.requested_by_id = ?', caller.principal.userId);
    if (filter?.requestedById != null) {
      // A text that is no id names nobody, like an id that nobody has.
      conditions.add('a.requested_by_id = ?', parseId<UserId>(filter.requestedById) ?? newId<UserId>());
    }
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#database.query<ApprovalRequestRow>(
      `select ${approvalRequestColumns} from approval_requests a
       where ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    const mapped = {
      node: (row: ApprovalRequestRow) => approvalRequestViewOf(row, now),
      position: (row: ApprovalRequestRow) => ({ key: row.id, id: row.id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, async () => {
      const [row] = await this.#database.query<{ count: number }>(
        `select count(*)::int as count from approval_requests a where ${conditions.text}`,
        conditions.values,
      );
      return row?.count ?? 0;
    });
  }
}

const STATES: readonly ApprovalState[] = ['PENDING', 'APPROVED', 'REJECTED', 'CANCELLED', 'EXPIRED'];
