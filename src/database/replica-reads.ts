import { Breaker } from '../cache/breaker.ts';
import type { Log } from '../log.ts';
import type { Figure } from '../telemetry/figures.ts';
import type { ListReads } from './list-reads.ts';
import { type Position, positionOf, presentPosition, type ReplicaRefusal, RequestPosition } from './position.ts';
import { type DatabaseReplica, type PlacedPosition, ReplicaRefused } from './database-replica.ts';
import { ReplicaFigures, type ReplicaLag } from './replica-figures.ts';
import type { StatementRunner } from './sql.ts';

/** After these the replica is left alone until it is known to work again; the others are about one statement. */
const OPENS: ReadonlySet<ReplicaRefusal> = new Set(['lag', 'away', 'history']);

interface Primary {
  readonly server: string;
  readonly system: string;
}

interface Parts {
  readonly primary: StatementRunner;
  readonly replica: DatabaseReplica;
  readonly log: Log;
}

/**
 * Lists by a replica that is as fresh as the primary was when the request began, by the primary wherever that cannot be had: no request
 * fails for the replica's sake. After its first failure nobody asks it but one probe a second in the background, by the present position
 * of the primary; until the first probe succeeded nothing is read from it.
 */
export class ReplicaReads implements ListReads {
  readonly #parts: Parts;
  readonly #breaker: Breaker;
  readonly #figures = new ReplicaFigures({ isUsed: () => this.asksPosition, lag: () => this.lag() });
  #reason: ReplicaRefusal = 'away';
  /** The last state that was logged; undefined: none yet. */
  #told: ReplicaRefusal | null | undefined;
  /** The run of the primary that was last seen, and its system. */
  #primary: Primary | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#breaker = new Breaker({
      probe: () => this.#probe(),
      onOpen: () => undefined,
      onClose: () => this.#tell(null),
    });
    this.#breaker.open();
  }

  /** Whether requests need their position: not while nothing is read from the replica. */
  get asksPosition(): boolean {
    return !this.#breaker.isOpen;
  }

  /** Why nothing is read from the replica at present; null: lists are. */
  get refusal(): ReplicaRefusal | null {
    return this.#breaker.isOpen ? this.#reason : null;
  }

  get figures(): readonly Figure[] {
    return this.#figures.all;
  }

  of({ position }: { readonly position: RequestPosition | null }): StatementRunner {
    const granted = position?.granted ?? null;
    if (granted === null) return this.#parts.primary;
    return {
      query: (text, values = []) =>
        typeof granted === 'string' ? this.#onPrimary(granted, text, values) : this.#read(granted, text, values),
    };
  }

  /**
   * The position of a request by what the statement that authenticated it gave. `hasNewerRights`: what the caller may do was known from
   * memory, and is newer than the position. Rows as of then could be shown by a right that was given after they had changed.
   */
  ofRequest(given: string | null | undefined, hasNewerRights: boolean): RequestPosition {
    if (hasNewerRights) return new RequestPosition('rights');
    return new RequestPosition(positionOf(given) ?? this.#reason);
  }

  /** Asks the replica now whether it can be used. */
  start(): void {
    void this.probe();
  }

  /** The same, told when it is known. Never throws. */
  probe(): Promise<void> {
    return this.#breaker.probe();
  }

  /** The position of the primary at this moment, granted: for work in the background, which reads what was decided before. */
  async present(): Promise<RequestPosition> {
    const position = new RequestPosition(
      (this.asksPosition ? (await this.#present())?.position : null) ?? this.#reason,
    );
    position.grant();
    return position;
  }

  /** Throws where one of the two does not answer. One statement for each. */
  async lag(): Promise<ReplicaLag> {
    const { place, age } = await this.#parts.replica.replayed();
    const [row] = await this.#parts.primary.query<{ bytes: number }>(
      `select greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), $1::pg_lsn), 0)::float8 as bytes`,
      [place],
    );
    const bytes = row?.bytes ?? Number.NaN;
    // A primary that rests commits nothing, which makes nobody late.
    return { bytes, seconds: bytes === 0 ? 0 : age };
  }

  async stop(): Promise<void> {
    this.#breaker.stop();
  }

  async #read<Row extends object>(position: Position, text: string, values: readonly unknown[]): Promise<Row[]> {
    if (this.#breaker.isOpen) return this.#onPrimary(this.#reason, text, values);
    try {
      const rows = await this.#parts.replica.read<Row>(this.#placed(position), text, values);
      this.#figures.reads.add('replica', 'none');
      return rows;
    } catch (error) {
      const reason = error instanceof ReplicaRefused ? error.reason : 'away';
      if (OPENS.has(reason)) this.#leaveAlone(reason, error);
      return this.#onPrimary(reason, text, values);
    }
  }

  #onPrimary<Row extends object>(reason: ReplicaRefusal, text: string, values: readonly unknown[]): Promise<Row[]> {
    this.#figures.reads.add('primary', reason);
    return this.#parts.primary.query<Row>(text, values);
  }

  #leaveAlone(reason: ReplicaRefusal, error: unknown): void {
    this.#reason = reason;
    if (this.#breaker.isOpen) return;
    this.#tell(reason, error);
    this.#breaker.open();
  }

  /** Being late for a second is told by figures alone: it may happen often. */
  #tell(reason: ReplicaRefusal | null, error?: unknown): void {
    if (reason === this.#told || reason === 'lag') return;
    this.#told = reason;
    if (reason === null) return this.#parts.log('info', 'the replica of the database answers lists');
    const details = { reason, err: error };
    this.#parts.log('warn', 'the replica of the database is left alone; lists are read from the primary', details);
  }

  /** A primary that was exchanged, or started again, is looked at anew before anything is read by its positions. */
  #placed({ server, timeline, place }: Position): PlacedPosition {
    if (this.#primary?.server !== server) throw new ReplicaRefused('history');
    return { system: this.#primary.system, timeline, place };
  }

  async #probe(): Promise<void> {
    const present = await this.#present();
    try {
      if (present === null) throw new ReplicaRefused('history');
      this.#primary = { server: present.position.server, system: present.system };
      await this.#parts.replica.reach(this.#placed(present.position));
    } catch (error) {
      const reason = error instanceof ReplicaRefused ? error.reason : 'away';
      this.#reason = reason;
      this.#tell(reason, error);
      throw error;
    }
  }

  async #present(): Promise<{ readonly position: Position; readonly system: string } | null> {
    const [row] = await this.#parts.primary.query<{ position: string | null; system: string }>(
      `select ${presentPosition} as position, (select system_identifier::text from pg_control_system()) as system`,
    );
    const position = positionOf(row?.position);
    return row === undefined || position === null ? null : { position, system: row.system };
  }
}
