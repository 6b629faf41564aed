import { auditColumns, type AuditRow, personalOfEvent } from './audit.queries.ts';

/** An event as it happened, with the transaction that wrote it. */
export interface TailedRow extends Omit<AuditRow, 'open'> {
  readonly transaction_id: string;
}

/** What a round of the tail reads: the snapshot it was read in, and an event; nulls beside the snapshot when there is none. */
export type TailRow = { readonly snapshot: string } & (TailedRow | { readonly [Key in keyof TailedRow]: null });

/** Where the tail begins: whatever commits after this statement is told. */
export const tailStart = 'select pg_current_snapshot()::text as snapshot';

/**
 * Events that no transaction saw in the snapshot `$1` and that this statement sees. A position by time or by a counter would pass over
 * what is written early and committed late; a snapshot says exactly which transactions were over. So every event is read once, in the
 * first round after its commit.
 *
 * `$2` nothing older than this, so that only the present partitions are looked at (and events of a restored database, whose numbers of
 * transactions lie ahead, stay where they are); `$3` only about these users, null = about anybody; `$4` how many at most. When there
 * were as many, the rest of them: `$5` the snapshot of the first statement, `$6` to `$8` transaction, time and id of the last event read.
 */
export const tailedEvents = `
select now_seen.snapshot, found.* from (select pg_current_snapshot()::text as snapshot) as now_seen
left join lateral (
  select ${auditColumns}, e.transaction_id::text as transaction_id
  from audit_events e ${personalOfEvent}
  where e.transaction_id >= pg_snapshot_xmin($1::pg_snapshot) and e.transaction_id < pg_snapshot_xmax(pg_current_snapshot())
    and not pg_visible_in_snapshot(e.transaction_id, $1::pg_snapshot) and e.at > $2::timestamptz
    and ($3::text[] is null or e.target_id = any($3::text[]) or e.actor_id::text = any($3::text[])
      or e.on_behalf_of_id::text = any($3::text[]))
    and ($5::pg_snapshot is null or (pg_visible_in_snapshot(e.transaction_id, $5::pg_snapshot)
      and (e.transaction_id, e.at, e.id) > ($6::xid8, $7::timestamptz, $8::uuid)))
  order by e.transaction_id, e.at, e.id limit $4
) as found on true`;
