import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, instant } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { lockChain } from '../entities/audit-chain.queries.ts';
import type { Recorder } from '../events/recorder.ts';
import type { AuditChainService } from './audit-chain.ts';
import type { StatsCounter } from './stats-counter.ts';
import { systemOrigin } from './caller.ts';

interface Parts {
  readonly database: Database;
  readonly chain: AuditChainService;
  readonly statsCounter: StatsCounter;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** Rows that follow each other in the chain, with the hash of the last. */
interface Run {
  readonly first: string;
  readonly last: string;
  readonly hash: Buffer;
}

/**
 * The first instant of the months that are kept; null: all are. The months before this one are kept whole: a month is older than n
 * months when n whole months lie between it and the present one.
 */
export const keptSince = (now: Date, retentionMonths: number): Date | null => {
  if (retentionMonths === 0) return null;
  const months = now.getUTCFullYear() * 12 + now.getUTCMonth() - retentionMonths;
  const [year, month] = [String(Math.floor(months / 12)), String((months % 12) + 1)];
  return instant(`${year.padStart(4, '0')}-${month.padStart(2, '0')}-01T00:00:00Z`);
};

/** The names are made by `ensure_audit_partitions`. */
const MONTHS = `
select substr(c.relname, 14) as month from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'audit_events'::regclass and c.relname ~ '^audit_events_\\d{4}_\\d{2}$' order by 1`;

/**
 * Drops whole months of the log once they are older than the settings keep them. What was dropped is stated in signed
 * checkpoints, one for each run of places, so that the chain is whole from there on: a late event of an old month can lie between
 * those of a young one.
 */
export class AuditRetention {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Drops what is due; gives the months, as 2026_01. A month with events that are not sealed, or not counted, yet is left for the next time. */
  async run(): Promise<readonly string[]> {
    const { database, statsCounter, clock, config } = this.#parts;
    const since = keptSince(clock.now(), config.audit.retentionMonths);
    if (since === null) return [];
    const kept = since.toISOString().slice(0, 7).replace('-', '_');
    const due = (await database.query<{ month: string }>(MONTHS)).map(({ month }) => month).filter((one) => one < kept);
    if (due.length > 0) await statsCounter.count();
    const dropped: string[] = [];
    for (const month of due) {
      if (await database.transaction((em) => this.#drop(em, month))) dropped.push(month);
    }
    return dropped;
  }

  async #drop(em: EntityManager, month: string): Promise<boolean> {
    const { chain, recorder } = this.#parts;
    const partition = `audit_events_${month}`;
    // Writers wait for this lock, so it is given up rather than waited for long.
    await sql(em, `set local lock_timeout = '3s'`);
    await sql(em, lockChain);
    await sql(em, `lock table audit_events, audit_personal_values in access exclusive mode`);
    const [open] = await sql(
      em,
      `select 1 as found from ${partition}
       where chain_sequence is null or chain_sequence > (select position from stats_state) limit 1`,
    );
    if (open !== undefined) return false;
    const runs = await sql<Run>(em, runsOf(partition));
    for (const { first, last, hash } of runs) {
      await sql(em, 'delete from audit_checkpoints where sequence between $1 and $2 and dropped_from is null', [
        first,
        last,
      ]);
      await chain.sign(
        { query: (text, values) => sql(em, text, values) },
        { sequence: last, hash, droppedFrom: first },
      );
    }
    const [counted] = await sql<{ count: number }>(em, `select count(*)::int as count from ${partition}`);
    await sql(em, `drop table ${partition}`);
    await sql(em, `drop table audit_personal_values_${month}`);
    await recorder.record(em, systemOrigin('retention'), [
      { action: 'audit.retention-applied', metadata: { month: month.replace('_', '-'), rows: counted?.count ?? 0 } },
    ]);
    return true;
  }
}

const runsOf = (partition: string): string => `
select r.first::text as first, r.last::text as last, e.chain_hash as hash
from (select min(chain_sequence) as first, max(chain_sequence) as last
  from (select chain_sequence, chain_sequence - row_number() over (order by chain_sequence) as run from ${partition}) s
  group by run) r
join ${partition} e on e.chain_sequence = r.last order by r.first`;
