import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type Database, sqlStateOf } from './database.ts';
import type { Position, ReplicaRefusal } from './position.ts';

/** Longest time of the question how far the replica is. */
const QUESTION_MS = 250;
/** How long a replica that is nearly there is waited for, in steps: about 20 ms together. */
const WAITS_MS = [2, 5, 10] as const;
/** How much later than the server itself we give up a statement. */
const GRACE_MS = 500;

export class ReplicaRefused extends Error {
  override readonly name = 'ReplicaRefused';
  readonly reason: ReplicaRefusal;

  constructor(reason: ReplicaRefusal, cause?: unknown) {
    super(`The replica did not answer: ${reason}.`, { cause });
    this.reason = reason;
  }
}

/**
 * Whether the server that answers is a standby with the very history of the position, and has replayed it. A promoted one is none any
 * more. The timeline is that of its last restart point, which is never ahead of what it replays: after a failover it comes late, not early.
 */
const REACHED = `
select pg_is_in_recovery() and (select system_identifier::text from pg_control_system()) = $1
    and greatest((select timeline_id from pg_control_checkpoint()), (select min_recovery_end_timeline from pg_control_recovery()))
      = ('x' || $2)::bit(32)::int as is_same,
  coalesce(pg_last_wal_replay_lsn() >= $3::pg_lsn, false) as has_reached`;

const REPLAYED = `select pg_last_wal_replay_lsn()::text as place,
  coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8 as age`;

/** A position, with the identifier of the system that it belongs to. */
export type PlacedPosition = Pick<Position, 'timeline' | 'place'> & { readonly system: string };

/** What a replica has replayed, and how long ago its latest transaction was committed. */
export interface Replayed {
  readonly place: string | null;
  readonly age: number;
}

/**
 * A standby that follows the primary. Each statement is preceded by the question whether it is far enough, on the same connection: a
 * snapshot that is taken afterwards holds everything that was replayed before, and replay only moves forward. Both in one statement
 * would be wrong, since its snapshot is older than what it finds out.
 */
export class DatabaseReplica {
  readonly #database: Database;
  readonly #statementMs: number;
  readonly #isPooled: boolean;

  /** `isPooled`: a pooler may give each transaction another connection, so question and statement are one. */
  constructor(parts: { database: Database; statementMs: number; isPooled: boolean }) {
    this.#database = parts.database;
    this.#statementMs = parts.statementMs;
    this.#isPooled = parts.isPooled;
  }

  /** The rows of a statement, as fresh as those of the primary at the position. Throws ReplicaRefused where that cannot be had. */
  read<Row extends object>(position: PlacedPosition, text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#connected(async (connection) => {
      if (this.#isPooled) await connection.query('begin read only', [], QUESTION_MS);
      await reach(connection, position);
      const rows = await connection.query<Row>(text, values, this.#statementMs + GRACE_MS);
      if (this.#isPooled) await connection.query('commit', [], QUESTION_MS);
      return rows;
    });
  }

  /** Throws ReplicaRefused unless the position is reached. */
  async reach(position: PlacedPosition): Promise<void> {
    await this.#connected((connection) => reach(connection, position));
  }

  async replayed(): Promise<Replayed> {
    const [row] = await this.#connected((connection) => connection.query<Replayed>(REPLAYED, [], QUESTION_MS));
    if (row === undefined) throw new ReplicaRefused('away');
    return row;
  }

  async #connected<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#database.isExhausted) throw new ReplicaRefused('busy');
    try {
      return await this.#database.onConnection(work);
    } catch (error) {
      throw error instanceof ReplicaRefused ? error : new ReplicaRefused(reasonOf(error), error);
    }
  }
}

const reach = async (connection: Connection, position: PlacedPosition): Promise<void> => {
  for (let attempt = 0; ; attempt += 1) {
    const found = await comparison(connection, position);
    if (!found.is_same) throw new ReplicaRefused('history');
    if (found.has_reached) return;
    const wait = WAITS_MS[attempt];
    if (wait === undefined) throw new ReplicaRefused('lag');
    await sleep(wait);
  }
};

interface Comparison {
  readonly is_same: boolean;
  readonly has_reached: boolean;
}

/** Whatever goes wrong here is about the server, not about the statement that was asked for. */
const comparison = async (connection: Connection, { system, timeline, place }: PlacedPosition): Promise<Comparison> => {
  try {
    const [found] = await connection.query<Comparison>(REACHED, [system, timeline, place], QUESTION_MS);
    return found ?? { is_same: false, has_reached: false };
  } catch (error) {
    throw new ReplicaRefused('away', error);
  }
};

/** Classes of SQLSTATE by which a server says that it cannot serve: connection, rights, resources, shutdown, system, defects. */
const UNABLE: ReadonlySet<string> = new Set(['08', '28', '3D', '53', '57', '58', 'XX']);
const QUERY_CANCELED = '57014';

/** A statement that a living server ended says nothing against it: replay was in its way, it took too long, or it is wrong anywhere. */
const reasonOf = (error: unknown): ReplicaRefusal => {
  const code = sqlStateOf(error);
  if (code === QUERY_CANCELED) return 'cancelled';
  return code !== null && /^[0-9A-Z]{5}$/.test(code) && !UNABLE.has(code.slice(0, 2)) ? 'cancelled' : 'away';
};
