import { prepared } from '../database/prepared.ts';
/**
 * Statements of the outbox. Events get their positions after their commit, by one relay at a time, in the order of `sequence`: what
 * is seen together is ordered by it, and what is committed later comes later. So a transaction that stays open keeps nothing back
 * but its own events, and none is passed over. Events of one aggregate are written under the lock of its row, which makes their
 * order that of the changes.
 */

/** Whether events wait for a position, the newest position, and where each sink stands. */
export const outboxState = prepared(`select exists (select from outbox_events where published_at is null) as waiting,
  last_position::text as last_position,
  (select coalesce(jsonb_object_agg(name, position::text), '{}') from outbox_sinks) as positions
from outbox_order`);

/** $1 fencing: the turn to give positions, until the end of the transaction; no row: somebody else has a newer lease. */
export const lockOutboxOrder = prepared(
  `select last_position::text as last_position from outbox_order where fencing <= $1 for update`,
);

/** $1 last position as locked, $2 at most so many, $3 now, $4 fencing: gives positions; how many. */
export const placeEvents = prepared(`with next as materialized (
  select id, row_number() over (order by sequence) as place
  from (select id, sequence from outbox_events where published_at is null order by sequence limit $2) waiting
), placed as (
  update outbox_events e set position = $1::bigint + next.place, published_at = $3::timestamptz
  from next where e.id = next.id returning 1
), counted as (select count(*)::int as count from placed)
update outbox_order set last_position = $1::bigint + counted.count, fencing = $4 from counted returning counted.count`);

/**
 * $1 names, $2 fencing, $3 now: the sinks belong to this relay from now on. A new one begins with the oldest event that is kept.
 */
export const claimSinks = `insert into outbox_sinks (name, position, fencing, served_at, minute_count, previous_minute_count)
select name, coalesce((select min(position) - 1 from outbox_events), (select last_position from outbox_order)), $2,
  $3::timestamptz, 0, 0
from unnest($1::text[]) as name
on conflict (name) do update set fencing = excluded.fencing, served_at = excluded.served_at
where outbox_sinks.fencing <= excluded.fencing`;

export interface OutboxRow {
  readonly id: string;
  readonly position: string;
  readonly type: string;
  readonly type_version: number;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly occurred_at: string;
  /** Where the sink stood when this was read. */
  readonly behind: string;
}

/** $1 sink, $2 fencing, $3 at most so many: what the sink takes next; nothing when it belongs to another relay. */
export const nextEvents = prepared(`select e.id, e.position::text as position, e.type, e.type_version, e.aggregate_type,
  e.aggregate_id, e.payload, e.occurred_at, s.position::text as behind
from outbox_sinks s cross join lateral (
  select * from outbox_events where position > s.position order by position limit $3
) e where s.name = $1 and s.fencing = $2 order by e.position`);

/** $1 sink, $2 fencing, $3 from, $4 to, $5 now, $6 events: they are taken; no row: the sink was taken over, or set back. */
export const advanceSink =
  prepared(`update outbox_sinks set position = $4, published_at = $5::timestamptz, failed_at = null, failure = null,
  previous_minute_count = case date_trunc('minute', $5::timestamptz) - minute_starts_at
    when interval '0' then previous_minute_count when interval '1 minute' then minute_count else 0 end,
  minute_count = $6::int + case when minute_starts_at = date_trunc('minute', $5::timestamptz) then minute_count else 0 end,
  minute_starts_at = date_trunc('minute', $5::timestamptz)
where name = $1 and fencing = $2 and position = $3 returning 1 as advanced`);

/** $1 sink, $2 fencing, $3 now, $4 why. */
export const failSink = `update outbox_sinks set failed_at = $3::timestamptz, failure = $4 where name = $1 and fencing = $2`;

/**
 * $1 now, $2 those published until then, $3 at most so many: deletes what every sink has taken that a relay served within a day;
 * while none did, nothing.
 */
export const deletePublished = `delete from outbox_events where ctid = any(array(
  select ctid from outbox_events where position <= (
    select min(position) from outbox_sinks where served_at > $1::timestamptz - interval '1 day')
  and published_at <= $2::timestamptz order by position limit $3)) returning 1 as gone`;

export interface SinkRow {
  readonly name: string;
  readonly published_at: string | null;
  readonly failed_at: string | null;
  readonly failure: string | null;
  readonly pending: number;
  /** Events of the last sixty seconds, the minute before taken in part. */
  readonly per_minute: number;
  /** When the oldest event happened that some sink has not taken; the same in each row, as `relay`. */
  readonly oldest: string | null;
  readonly relay: string | null;
}

/** $1 sinks, $2 now, $3 lease, $4 how many events without a position are counted at most: where each sink stands. */
export const sinkStates = `with waiting as (
  select count(*)::int as count,
    (select occurred_at from outbox_events where published_at is null order by sequence limit 1) as oldest
  from (select from outbox_events where published_at is null order by sequence limit $4) unplaced
), sinks as (
  select n.place, n.name as sink, s.*, o.last_position,
    coalesce(s.position, (select min(position) - 1 from outbox_events), o.last_position) as reached
  from unnest($1::text[]) with ordinality as n(name, place) cross join outbox_order o
  left join outbox_sinks s on s.name = n.name
)
select s.sink as name, s.published_at, s.failed_at, s.failure, (s.last_position - s.reached + w.count)::int as pending,
  case date_trunc('minute', $2::timestamptz) - s.minute_starts_at
    when interval '0' then s.minute_count
      + round(s.previous_minute_count * (60 - extract(second from $2::timestamptz)) / 60)::int
    when interval '1 minute' then round(s.minute_count * (60 - extract(second from $2::timestamptz)) / 60)::int
    else 0 end as per_minute,
  least(w.oldest, (select occurred_at from outbox_events
    where position > (select min(reached) from sinks) order by position limit 1)) as oldest,
  (select holder from leases where name = $3 and expires_at > $2::timestamptz) as relay
from sinks s cross join waiting w order by s.place`;

export interface SinkConditionRow {
  readonly name: string;
  /** Its last try failed. */
  readonly failing: boolean;
  readonly failure: string | null;
  /** There is an event from before `$2` that it has not taken. */
  readonly late: boolean;
}

/** $1 sinks, $2 time: how they do. By short walks along indexes; a sink that no relay has served yet waits for a position, too. */
export const sinkConditions = `select n.name, s.failed_at is not null as failing, s.failure,
  coalesce((select occurred_at < $2::timestamptz from outbox_events where published_at is null order by sequence limit 1), false)
  or coalesce((select published_at < $2::timestamptz from outbox_events where position > s.position order by position limit 1), false)
    as late
from unnest($1::text[]) as n(name) left join outbox_sinks s on s.name = n.name`;

/**
 * $1 sink, $2 the first position to come again, or null, $3 the earliest time of events to come again, or null: sets a sink back,
 * never forward; how many events come again. No row: no relay has served such a sink yet.
 */
export const setSinkBack = `with before as materialized (
  select name, position from outbox_sinks where name = $1 for update
), target as (
  select coalesce($2::bigint, (select min(position) from outbox_events where occurred_at >= $3::timestamptz)) - 1 as wanted,
    (select min(position) - 1 from outbox_events) as kept
)
update outbox_sinks s set position = case when wanted is null or kept is null then before.position
  else least(before.position, greatest(wanted, kept)) end
from before, target where s.name = before.name
returning (before.position - s.position)::int as count`;

/** Deliveries to webhooks that were given up, at most `$1` of them: in the order of an index, whatever lies before them in the table. */
export const deadDeliveries = `select count(*)::int as count from (
  select from webhook_deliveries where state = 'DEAD' order by created_at, id limit $1) dead`;
