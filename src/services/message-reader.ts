import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import type { ListReads } from '../database/list-reads.ts';
import { messageColumns, type MessageRow, type MessageView, messageViewOf } from '../entities/message.queries.ts';
import { visibleMessagePage, visibleMessages } from '../entities/message.visibility.ts';
import { selectPage, selectTotal, type VisiblePage } from '../entities/user-page.queries.ts';
import { visibleUsers } from '../entities/user.visibility.ts';
import { type MessageId, newId, parseId, type UserId } from '../ids.ts';
import type { MessageState } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import { type Connection, connectionOf, listName } from './connection.ts';
import type { TimeRange } from './user-filter.ts';

export interface MessageFilter {
  readonly stateIn?: readonly MessageState[] | null | undefined;
  readonly userId?: string | null | undefined;
  readonly template?: string | null | undefined;
  readonly createdAt?: TimeRange | null | undefined;
}

const NEWEST_FIRST: Ordering = { expression: 'm.created_at', type: 'timestamptz', idColumn: 'm.id', descending: true };

type PageRow = MessageRow & { readonly sort_key: string };

/** Reads what became of mails, always through what the caller may see. Text messages are not among them. */
export class MessageReader {
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
   * The page of visible mails that the filter describes, newest first. One statement; one more when the total is asked for. Throws
   * BAD_USER_INPUT for page sizes and cursors.
   */
  async page(
    caller: SignedInCaller,
    request: PageRequest,
    filter: MessageFilter | null,
  ): Promise<Connection<MessageView>> {
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, listName('mail', filter));
    const conditions = new Conditions();
    const visible = visibleMessagePage({ principal: caller.principal, now: this.#clock.now() }, 1);
    conditions.addRaw('true', visible.values);
    addFilter(conditions, filter ?? {});
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#lists.of(caller).query<PageRow>(
      selectPage(
        visible,
        (condition) => `select ${messageColumns}, m.created_at::text as sort_key from messages m
         where ${condition} and ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      ),
      [...conditions.values, ...query.values],
    );
    const mapped = { node: messageViewOf, position: (row: PageRow) => ({ key: row.sort_key, id: row.id }) };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () =>
      this.#count(caller, visible, conditions),
    );
  }

  /** Several mails by id; null for those that do not exist or are hidden. One statement. */
  async byIds(caller: SignedInCaller, ids: readonly MessageId[]): Promise<readonly (MessageView | null)[]> {
    const visible = visibleMessages({ principal: caller.principal, now: this.#clock.now() }, 2);
    const rows = await this.#database.query<MessageRow>(
      `select ${messageColumns} from messages m
       where m.id = any($1::uuid[]) and m.channel = 'EMAIL' and ${visible.condition}`,
      [ids, ...visible.values],
    );
    const byId = new Map(rows.map((row) => [row.id, messageViewOf(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The latest invitation mail of each of these users, as far as the caller may see the users. One statement. */
  async latestInvites(caller: SignedInCaller, userIds: readonly UserId[]): Promise<readonly (MessageView | null)[]> {
    const visible = visibleUsers({ principal: caller.principal, now: this.#clock.now() }, 2);
    const rows = await this.#database.query<MessageRow & { readonly user_id: UserId }>(
      `select latest.* from users u cross join lateral (
         select ${messageColumns} from messages m where m.user_id = u.id and m.template = 'invite' and m.channel = 'EMAIL'
         order by m.created_at desc, m.id desc limit 1) latest
       where u.id = any($1::uuid[]) and ${visible.condition}`,
      [userIds, ...visible.values],
    );
    const byUser = new Map(rows.map((row) => [row.user_id, messageViewOf(row)]));
    return userIds.map((id) => byUser.get(id) ?? null);
  }

  async #count(caller: SignedInCaller, visible: VisiblePage, conditions: Conditions): Promise<number> {
    const [row] = await this.#lists.of(caller).query<{ count: number }>(
      selectTotal(visible, (seen) => `select count(*) from messages m where ${seen} and ${conditions.text}`),
      conditions.values,
    );
    return row?.count ?? 0;
  }
}

const addFilter = (conditions: Conditions, { stateIn, userId, template, createdAt }: MessageFilter): void => {
  conditions.add(`m.channel = 'EMAIL'`);
  if (stateIn != null) conditions.add('m.state = any(?::text[])', stateIn);
  // A text that is no id names nobody, like an id that nobody has.
  if (userId != null) conditions.add('m.user_id = ?', parseId<UserId>(userId) ?? newId<UserId>());
  if (template != null) conditions.add('m.template = ?', template.slice(0, MAXIMUM_NAME).replaceAll('\0', ''));
  if (createdAt?.from != null) conditions.add('m.created_at >= ?::timestamptz', createdAt.from.toISOString());
  if (createdAt?.until != null) conditions.add('m.created_at < ?::timestamptz', createdAt.until.toISOString());
};

/** No template has a longer one. */
const MAXIMUM_NAME = 100;
