import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { type ChainedRow, chainHash } from '../crypto/audit-hash.ts';
import { signCheckpoint } from '../crypto/checkpoint-signature.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql, type StatementRunner } from '../database/sql.ts';
import {
  addCheckpoint,
  type ChainRow,
  chainState,
  lockChain,
  moveChain,
  sealRows,
  unsealedRows,
} from '../entities/audit-chain.queries.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import type { LeaseService } from './lease.service.ts';
import type { SigningKeyService } from './signing-key.service.ts';

const INTERVAL_MS = 10_000;
/** Longer than a batch takes; prolonged before each. */
const LEASE_SECONDS = 60;
const LEASE = 'audit-chain';
/** Rows of one transaction. */
const BATCH = 1000;

interface ChainState {
  readonly sequence: string;
  readonly hash: string;
  readonly unsealed: boolean;
  readonly signed_sequence: string | null;
  readonly signed_at: string | null;
}

interface Parts {
  readonly database: Database;
  readonly leases: LeaseService;
  readonly signingKeys: SigningKeyService;
  readonly clock: Clock;
  readonly config: Config;
  readonly background: BackgroundWork;
}

/**
 * Seals committed audit events into a chain: each gets the next place and a hash over the one before and itself. The order is that
 * of sealing, not of time: a row that is committed late is sealed late, and none is passed over. The end of the chain is signed
 * from time to time, so that even whoever may do everything in the database cannot rewrite what lies before.
 */
export class AuditChainService {
  readonly #parts: Parts;
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
    const failed = 'audit events could not be sealed; the next round tries again';
    this.#rounds = parts.background.rounds('audit_sealing', failed);
  }

  /** Begins to seal every ten seconds, in one replica at a time. */
  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    this.#tick();
  }

  /** Stops, waits for the round under way, and seals and signs what is there. */
  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
    await this.#rounds.follow(this.run({ sign: true }));
  }

  /**
   * One round: seals all that is committed, then signs the end of the chain when that is due, or at once. One statement when there
   * is nothing to do. Gives how many rows were sealed; null while another replica is at it.
   */
  async run(options: { readonly sign?: boolean } = {}): Promise<number | null> {
    const { database, leases } = this.#parts;
    const before = await this.#state();
    if (!before.unsealed && !this.#isDue(before, options.sign === true)) return 0;
    const lease = await leases.take(LEASE, LEASE_SECONDS);
    if (lease === null) return null;
    let sealed = 0;
    for (let count = BATCH; count === BATCH; sealed += count) {
      if ((await leases.take(LEASE, LEASE_SECONDS)) === null) return sealed;
      count = await database.transaction((em) => seal(em));
    }
    const state = await this.#state();
    if (this.#isDue(state, options.sign === true)) {
      await this.sign(database, { sequence: state.sequence, hash: Buffer.from(state.hash, 'hex'), droppedFrom: null });
    }
    await leases.release(lease);
    return sealed;
  }

  /** Writes a signed checkpoint; of rows that are dropped, in the transaction that drops them. */
  async sign(
    database: StatementRunner,
    { sequence, hash, droppedFrom }: { sequence: string; hash: Buffer; droppedFrom: string | null },
  ): Promise<void> {
    const key = await this.#parts.signingKeys.active();
    const at = this.#parts.clock.now().toISOString();
    const signature = await signCheckpoint(key, { sequence, hash: hash.toString('hex'), droppedFrom, at });
    await database.query(addCheckpoint, [sequence, hash, droppedFrom, at, key.kid, signature]);
  }

  async #state(): Promise<ChainState> {
    const [state] = await this.#parts.database.query<ChainState>(chainState);
    if (state === undefined) throw new Error('The audit chain has no beginning: its row is gone.');
    return state;
  }

  #isDue({ sequence, signed_sequence: signed, signed_at: at }: ChainState, atOnce: boolean): boolean {
    if (sequence === '0' || sequence === signed) return false;
    const due = secondsAfter(this.#parts.clock.now(), -this.#parts.config.audit.checkpointSeconds);
    return atOnce || at === null || instantOf(at) <= due;
  }

  #tick(): void {
    this.#running = this.#rounds.follow(this.run());
  }
}

/** A row as the chain hashes it at a place. */
export const chainedRowOf = (row: ChainRow, sequence: string): ChainedRow => ({
  sequence,
  atMicros: row.at_micros,
  id: row.id,
  action: row.action,
  result: row.result,
  actorType: row.actor_type,
  actorId: row.actor_id,
  onBehalfOfId: row.on_behalf_of_id,
  targetType: row.target_type,
  targetId: row.target_id,
  requestId: row.request_id,
  metadata: row.metadata,
  commitment: row.commitment,
});

/** Seals one batch; gives how many rows it had. */
const seal = async (em: EntityManager): Promise<number> => {
  const [end] = await sql<{ sequence: string; hash: Buffer }>(em, lockChain);
  if (end === undefined) throw new Error('The audit chain has no beginning: its row is gone.');
  const rows = await sql<ChainRow>(em, unsealedRows, [BATCH]);
  if (rows.length === 0) return 0;
  let { hash } = end;
  let sequence = BigInt(end.sequence);
  const places = rows.map((row) => {
    sequence += 1n;
    hash = chainHash(hash, chainedRowOf(row, sequence.toString()));
    return { sequence: sequence.toString(), hash: hash.toString('hex') };
  });
  const sealed = await sql(em, sealRows, [
    rows.map(({ at }) => at),
    rows.map(({ id }) => id),
    places.map((place) => place.sequence),
    places.map((place) => place.hash),
  ]);
  if (sealed.length !== rows.length) throw new Error('Audit events changed while they were sealed.');
  await sql(em, moveChain, [sequence.toString(), hash]);
  return rows.length;
};
