import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import { deviceColumns, type DeviceRow, type DeviceView, deviceViewOf } from '../entities/device.queries.ts';
import { usersWithVisibleSessions } from '../entities/session.visibility.ts';
import { type DeviceId, newId, parseId, type SessionId, type UserId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';
import { type Connection, connectionOf, type Mapped, once } from './connection.ts';

const LAST_USED_FIRST: Ordering = {
  expression: 'd.last_seen_at',
  type: 'timestamptz',
  idColumn: 'd.id',
  descending: true,
};

/** Arguments of the devices of a user. */
export type DeviceRequest = PageRequest;

type PageRow = DeviceRow & { readonly sort_key: string };

/** Reads devices, always through what the caller may see. */
export class DeviceReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /**
   * A page of the devices of a user, of the caller when none is named, last used first; those of a user who is hidden or does
   * not exist are none. One statement; one more when the total is asked for. Throws BAD_USER_INPUT for page sizes and cursors.
   */
  async page(caller: SignedInCaller, userId: string | null, request: DeviceRequest): Promise<Connection<DeviceView>> {
    // A text that is no id names nobody, like an id that nobody has.
    const asked = userId === null ? caller.principal.userId : (parseId<UserId>(userId) ?? newId<UserId>());
    const [page] = await this.ofUsers(caller, [asked], request);
    return page as Connection<DeviceView>;
  }

  /** The same page of the devices of several users. One statement; one more when totals are asked for. */
  async ofUsers(
    caller: SignedInCaller,
    userIds: readonly UserId[],
    request: DeviceRequest,
  ): Promise<readonly Connection<DeviceView>[]> {
    const now = this.#clock.now();
    const keyset = new Keyset(this.#cursorKey, LAST_USED_FIRST, 'devices of a user');
    const visible = usersWithVisibleSessions({ principal: caller.principal, now }, 2);
    const query = keyset.query(request, visible.values.length + 2);
    const rows = await this.#database.query<PageRow>(
      `select page.* from unnest($1::uuid[]) as asked(id) cross join lateral (
         select ${deviceColumns}, d.last_seen_at::text as sort_key from devices d join users u on u.id = d.user_id
         where d.user_id = asked.id and ${visible.condition} and ${query.condition}
         order by ${query.orderBy} limit ${query.limit}) as page`,
      [userIds, ...visible.values, ...query.values],
    );
    const totals = once(() => this.#totals(userIds, visible));
    const mapped: Mapped<PageRow, DeviceView> = {
      node: (row) => deviceViewOf(row, now),
      position: (row) => ({ key: row.sort_key, id: row.device_id }),
    };
    return userIds.map((id) => {
      const own = rows.filter((row) => row.user_id === id);
      return connectionOf(keyset, keyset.page(request, query, own), mapped, async () => (await totals()).get(id) ?? 0);
    });
  }

  /** The devices of several sessions; null where none was recognised or is left. One statement. */
  async ofSessions(caller: SignedInCaller, sessionIds: readonly SessionId[]): Promise<readonly (DeviceView | null)[]> {
    const now = this.#clock.now();
    const visible = usersWithVisibleSessions({ principal: caller.principal, now }, 2);
    const rows = await this.#database.query<DeviceRow & { session_id: SessionId }>(
      `select s.id as session_id, ${deviceColumns} from sessions s
       join devices d on d.id = s.device_id join users u on u.id = d.user_id
       where s.id = any($1::uuid[]) and ${visible.condition}`,
      [sessionIds, ...visible.values],
    );
    const bySession = new Map(rows.map((row) => [row.session_id, deviceViewOf(row, now)]));
    return sessionIds.map((id) => bySession.get(id) ?? null);
  }

  /** Number of sessions on each of several devices that are not over. One statement. */
  async sessionCounts(deviceIds: readonly DeviceId[]): Promise<readonly number[]> {
    const rows = await this.#database.query<{ device_id: DeviceId; count: number }>(
      `select device_id, count(*)::int as count from sessions
       where device_id = any($1::uuid[]) and ended_at is null and expires_at > $2::timestamptz group by device_id`,
      [deviceIds, this.#clock.now().toISOString()],
    );
    const byDevice = new Map(rows.map((row) => [row.device_id, row.count]));
    return deviceIds.map((id) => byDevice.get(id) ?? 0);
  }

  async #totals(
    userIds: readonly UserId[],
    visible: { readonly condition: string; readonly values: readonly unknown[] },
  ): Promise<ReadonlyMap<UserId, number>> {
    const rows = await this.#database.query<{ user_id: UserId; count: number }>(
      `select d.user_id, count(*)::int as count from devices d join users u on u.id = d.user_id
       where d.user_id = any($1::uuid[]) and ${visible.condition} group by d.user_id`,
      [userIds, ...visible.values],
    );
    return new Map(rows.map((row) => [row.user_id, row.count]));
  }
}
