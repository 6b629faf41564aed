/** How far the changes of a primary had come: of which run of which server, in which timeline, and up to which place of its log. */
export interface Position {
  /** When the server started, in microseconds: no other one did just then, and a restart is noticed. */
  readonly server: string;
  readonly timeline: string;
  readonly place: string;
}

/**
 * SQL: the position of the server that answers, null on a standby. What was acknowledged to anybody lies before it: the place up to
 * which the log is on disk, which is as far as a standby is told of it. Where commits do not wait for the disk, they are acknowledged
 * before: then it is the place up to which the log is filled. The identifier of the system would cost ten times as much to read.
 */
export const presentPosition = `case when not pg_is_in_recovery() then concat_ws(' ',
  (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint, left(pg_walfile_name(pg_current_wal_flush_lsn()), 8),
  case when current_setting('synchronous_commit') = 'off' then pg_current_wal_insert_lsn() else pg_current_wal_flush_lsn() end) end`;

/** A further column of a statement that authenticates. */
export const positionColumn = `, ${presentPosition} as position`;

/** Reads what `presentPosition` gave; null for none. */
export const positionOf = (text: string | null | undefined): Position | null => {
  const [server, timeline, place] = text?.split(' ') ?? [];
  return server === undefined || timeline === undefined || place === undefined ? null : { server, timeline, place };
};

/** Why a statement that a replica may answer is not answered by it. */
export type ReplicaRefusal = 'lag' | 'away' | 'history' | 'busy' | 'cancelled' | 'rights';

/**
 * The position at which a request was authenticated, or why there is none. Nothing is read by it before somebody says that the request
 * changes nothing: what a mutation shows lies behind what it wrote.
 */
export class RequestPosition {
  readonly #found: Position | ReplicaRefusal;
  #isGranted = false;

  constructor(found: Position | ReplicaRefusal) {
    this.#found = found;
  }

  /** From now on lists may be read by it. */
  grant(): void {
    this.#isGranted = true;
  }

  /** Null: not granted, the primary is to be read. */
  get granted(): Position | ReplicaRefusal | null {
    return this.#isGranted ? this.#found : null;
  }
}
