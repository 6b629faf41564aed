import { chainHash, GENESIS, personalCommitment } from '../crypto/audit-hash.ts';
import { isCheckpointSigned } from '../crypto/checkpoint-signature.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { type CheckpointRow, checkpointRows, type SealedRow, sealedRows } from '../entities/audit-chain.queries.ts';
import { chainedRowOf } from './audit-chain.ts';
import { CheckpointKeys } from './checkpoint-keys.ts';

const BATCH = 2000;

/** A place of the chain that somebody noted elsewhere. */
export interface KnownPlace {
  readonly sequence: string;
  /** Hexadecimal. */
  readonly hash: string;
}

/** What a verification found. `broken` names the first thing that is wrong; null: everything is as it was written. */
export interface ChainReport {
  readonly rows: number;
  /** Rows whose personal values were erased. */
  readonly erased: number;
  /** Rows that retention removed, vouched for by signed checkpoints. */
  readonly dropped: number;
  readonly checkpoints: number;
  readonly unsealed: number;
  readonly end: KnownPlace | null;
  readonly broken: string | null;
}

class Broken extends Error {}

/** With other master keys than the servers have every checkpoint looks forged. */
const UNDER_OTHER_KEYS =
  ', or MASTER_KEYS are not those of the servers: no signing key of the database opens under them.';

const broken = (message: string): never => {
  throw new Broken(message);
};

/**
 * Computes the chain of audit events anew from what the tables hold, in batches of constant size, and compares: every hash, every
 * commitment to personal values that are still there, every signed checkpoint, the noted end of the chain.
 */
export class AuditVerification {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;

  constructor(parts: { database: Database; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
  }

  /** Stops at the first thing that is wrong. `known`: a checkpoint that was noted outside of this database. */
  async verify(known: KnownPlace | null = null): Promise<ChainReport> {
    const walk = new Walk(this.#database, new CheckpointKeys(this.#database, this.#masterKeys), known);
    try {
      await walk.run();
      return await walk.report(null);
    } catch (error) {
      if (error instanceof Broken) return walk.report(error.message);
      throw error;
    }
  }
}

/** One walk along the chain, checkpoints beside rows. */
class Walk {
  readonly #database: Database;
  readonly #keys: CheckpointKeys;
  readonly #known: KnownPlace | null;
  #sequence = 0n;
  #hash: Buffer = GENESIS;
  #rows = 0;
  #erased = 0;
  #dropped = 0;
  #checkpoints = 0;
  #ahead: CheckpointRow[] = [];

  constructor(database: Database, keys: CheckpointKeys, known: KnownPlace | null) {
    this.#database = database;
    this.#keys = keys;
    this.#known = known;
  }

  async run(): Promise<void> {
    const noted = await this.#notedEnd();
    for (;;) {
      const rows = await this.#rowsAhead();
      const last = rows.at(-1)?.chain_sequence ?? null;
      const checkpoints = await this.#checkpointsUntil(last);
      if (last === null && !(await this.#goesOn(checkpoints))) break;
      if (last === null) continue;
      this.#ahead = checkpoints;
      for (const row of rows) {
        await this.#step(row);
        this.#compare(noted, `the noted end of the chain, place ${noted.sequence}, has another hash.`);
      }
      if (this.#ahead[0] !== undefined)
        broken(`the checkpoint at place ${this.#ahead[0].sequence} fits nowhere in the chain.`);
    }
    await this.#checkEnd(noted);
  }

  /** Behind the last row: rows that were dropped, or rows that were sealed while this ran; a checkpoint with neither has lost its rows. */
  async #goesOn(checkpoints: CheckpointRow[]): Promise<boolean> {
    const [first] = checkpoints;
    if (first === undefined) return false;
    const before = this.#sequence;
    this.#ahead = checkpoints;
    await this.#passDropped();
    this.#ahead = [];
    if (this.#sequence > before || (await this.#rowsAhead()).length > 0) return true;
    return broken(
      `the events behind place ${this.#sequence} are missing: a checkpoint was signed at ${first.sequence}.`,
    );
  }

  #rowsAhead(): Promise<SealedRow[]> {
    return this.#database.query<SealedRow>(sealedRows, [this.#sequence.toString(), BATCH]);
  }

  #checkpointsUntil(last: string | null): Promise<CheckpointRow[]> {
    return this.#database.query<CheckpointRow>(checkpointRows, [this.#sequence.toString(), last, BATCH]);
  }

  async #step(row: SealedRow): Promise<void> {
    await this.#passDropped();
    const place = BigInt(row.chain_sequence);
    const next = this.#sequence + 1n;
    if (place === this.#sequence) broken(`${named(row)} stands at a place that another event has: it was inserted.`);
    if (place < this.#sequence) return;
    if (place !== next) {
      broken(`the event at place ${next} is missing: it was deleted (the next one there is ${named(row)}).`);
    }
    const hash = chainHash(this.#hash, chainedRowOf(row, row.chain_sequence));
    if (hash.toString('hex') !== row.chain_hash) {
      broken(`${named(row)} is not what was sealed: it was changed, inserted or moved.`);
    }
    this.#checkPersonal(row);
    this.#sequence = place;
    this.#hash = hash;
    this.#rows += 1;
    this.#compareKnown();
    const checkpoint = this.#checkpointAt(place);
    if (checkpoint !== null) await this.#checkCheckpoint(checkpoint);
  }

  #checkPersonal(row: SealedRow): void {
    const { salt, values } = row;
    if (salt === null || values === null) return broken(`the personal values of ${named(row)} were deleted.`);
    if (salt !== '') {
      if (personalCommitment(salt, values) !== row.commitment) {
        broken(`the personal values of ${named(row)} are not what was sealed: they were changed.`);
      }
      return;
    }
    const { actorLabel, targetLabel, ipAddress, userAgent, changes } = values;
    const left = [actorLabel, targetLabel, ipAddress, userAgent, ...changes.flatMap((one) => [one.before, one.after])];
    if (left.some((value) => value !== null)) broken(`the erased personal values of ${named(row)} were written anew.`);
    this.#erased += 1;
  }

  /** Rows that retention removed are vouched for by a checkpoint that says from where to where. */
  async #passDropped(): Promise<void> {
    for (;;) {
      const [first] = this.#ahead;
      if (first === undefined || first.dropped_from !== (this.#sequence + 1n).toString()) return;
      await this.#checkSignature(first);
      this.#ahead.shift();
      this.#dropped += Number(BigInt(first.sequence) - this.#sequence);
      this.#sequence = BigInt(first.sequence);
      this.#hash = Buffer.from(first.hash, 'hex');
      this.#checkpoints += 1;
      this.#compareKnown();
    }
  }

  #checkpointAt(place: bigint): CheckpointRow | null {
    const [first] = this.#ahead;
    if (first === undefined || BigInt(first.sequence) > place) return null;
    this.#ahead.shift();
    if (BigInt(first.sequence) < place) broken(`the checkpoint at place ${first.sequence} fits nowhere in the chain.`);
    return first;
  }

  async #checkCheckpoint(checkpoint: CheckpointRow): Promise<void> {
    await this.#checkSignature(checkpoint);
    if (checkpoint.hash !== this.#hash.toString('hex')) {
      broken(
        `the chain up to place ${checkpoint.sequence} is not the one that was signed there: it was computed anew.`,
      );
    }
    this.#checkpoints += 1;
  }

  async #checkSignature({ sequence, hash, dropped_from: droppedFrom, at, kid, signature }: CheckpointRow) {
    const key = await this.#keys.get(kid);
    const facts = { sequence, hash, droppedFrom, at: instantOf(at).toISOString() };
    if (key === null || !(await isCheckpointSigned(signature, key, facts))) {
      const hint = key !== null || (await this.#keys.anyOpens()) ? '.' : UNDER_OTHER_KEYS;
      broken(`the checkpoint at place ${sequence} has no valid signature${hint}`);
    }
  }

  #compareKnown(): void {
    if (this.#known === null) return;
    this.#compare(this.#known, `the chain at place ${this.#known.sequence} has another hash than the one given.`);
  }

  #compare(place: KnownPlace, message: string): void {
    if (place.sequence === this.#sequence.toString() && place.hash !== this.#hash.toString('hex')) broken(message);
  }

  async #notedEnd(): Promise<KnownPlace> {
    const [end] = await this.#database.query<KnownPlace>(
      `select sequence::text as sequence, encode(hash, 'hex') as hash from audit_chain`,
    );
    return end ?? broken('the noted end of the chain is gone.');
  }

  /** `noted`: the end as it was noted when this began; what was sealed since lies behind it. */
  async #checkEnd(noted: KnownPlace): Promise<void> {
    const now = await this.#notedEnd();
    const reached = this.#sequence;
    if (reached < BigInt(noted.sequence)) {
      broken(`the events from place ${reached + 1n} to ${noted.sequence} are missing: they were deleted.`);
    }
    if (reached > BigInt(now.sequence)) broken(`the events behind the noted end ${now.sequence} were inserted.`);
    if (this.#known !== null && BigInt(this.#known.sequence) > reached) {
      broken(`the chain ends at ${reached}, before the place ${this.#known.sequence} that was given.`);
    }
  }

  async report(message: string | null): Promise<ChainReport> {
    const [row] = await this.#database.query<{ count: number }>(
      'select count(*)::int as count from audit_events where chain_sequence is null',
    );
    return {
      rows: this.#rows,
      erased: this.#erased,
      dropped: this.#dropped,
      checkpoints: this.#checkpoints,
      unsealed: row?.count ?? 0,
      end: this.#sequence === 0n ? null : { sequence: this.#sequence.toString(), hash: this.#hash.toString('hex') },
      broken: message,
    };
  }
}

const named = ({ chain_sequence: place, id, at, action }: SealedRow): string =>
  `event ${id} (${action}, ${instantOf(at).toISOString()}, place ${place})`;
