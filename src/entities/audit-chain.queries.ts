import { prepared } from '../database/prepared.ts';
import type { AuditPersonalValues } from './audit-event.entity.ts';

/** The columns behind `ChainRow`, of `audit_events` under the alias `e`; every value as text that does not depend on the session. */
const chainColumns = `e.at::text as at, (extract(epoch from e.at) * 1000000)::bigint::text as at_micros, e.id, e.action, e.result, e.actor_type,
  e.actor_id, e.on_behalf_of_id, e.target_type, e.target_id, e.request_id, e.metadata::text as metadata,
  encode(e.personal_commitment, 'hex') as commitment`;

export interface ChainRow {
  readonly at: string;
  readonly at_micros: string;
  readonly id: string;
  readonly action: string;
  readonly result: string;
  readonly actor_type: string | null;
  readonly actor_id: string | null;
  readonly on_behalf_of_id: string | null;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly request_id: string | null;
  readonly metadata: string;
  readonly commitment: string;
}

/** A sealed row with its personal half; null: that row is gone. */
export interface SealedRow extends ChainRow {
  readonly chain_sequence: string;
  readonly chain_hash: string;
  readonly salt: string | null;
  readonly values: AuditPersonalValues['values'] | null;
}

/** What a round of sealing looks at first: is there anything to seal, where the chain ends, and when that was last signed. */
export const chainState = prepared(`
select c.sequence::text as sequence, encode(c.hash, 'hex') as hash,
  exists (select from audit_events where chain_sequence is null) as unsealed,
  k.sequence::text as signed_sequence, k.at::text as signed_at
from audit_chain c left join lateral (select sequence, at from audit_checkpoints order by sequence desc limit 1) k on true`);

/** Whoever seals holds this lock until it commits. */
export const lockChain = prepared(`select sequence::text as sequence, hash from audit_chain for update`);

/** Committed rows that are in no chain yet; `$1` how many. Those of transactions under way are seen by a later round. */
export const unsealedRows = prepared(`
select ${chainColumns} from audit_events e where e.chain_sequence is null order by e.at, e.id limit $1`);

/** `$1` times, `$2` ids, `$3` places, `$4` hashes in hexadecimal. */
export const sealRows = prepared(`
update audit_events e set chain_sequence = s.sequence, chain_hash = decode(s.hash, 'hex')
from unnest($1::timestamptz[], $2::uuid[], $3::bigint[], $4::text[]) as s(at, id, sequence, hash)
where e.at = s.at and e.id = s.id and e.chain_sequence is null returning 1 as sealed`);

/** `$1` sequence, `$2` hash. */
export const moveChain = prepared(`update audit_chain set sequence = $1, hash = $2`);

/** `$1` sequence, `$2` hash, `$3` dropped from, `$4` time, `$5` kid, `$6` signature. */
export const addCheckpoint = `
insert into audit_checkpoints (sequence, hash, dropped_from, at, kid, signature) values ($1, $2, $3, $4, $5, $6)
on conflict (sequence) do update set hash = excluded.hash, dropped_from = excluded.dropped_from, at = excluded.at,
  kid = excluded.kid, signature = excluded.signature`;

/** Sealed rows behind the place `$1`, in the order of the chain; `$2` how many. */
export const sealedRows = `
select ${chainColumns}, e.chain_sequence::text as chain_sequence, encode(e.chain_hash, 'hex') as chain_hash,
  encode(p.salt, 'hex') as salt, p."values"
from (select * from audit_events where chain_sequence > $1::bigint order by chain_sequence limit $2) e
left join audit_personal_values p on p.at = e.at and p.event_id = e.id order by e.chain_sequence, e.id`;

export interface CheckpointRow {
  readonly sequence: string;
  readonly hash: string;
  readonly dropped_from: string | null;
  readonly at: string;
  readonly kid: string;
  readonly signature: string;
}

/** Checkpoints behind the place `$1` up to `$2` (null: all), in order; `$3` how many at most. */
export const checkpointRows = `
select sequence::text as sequence, encode(hash, 'hex') as hash, dropped_from::text as dropped_from, at::text as at, kid, signature
from audit_checkpoints k where k.sequence > $1::bigint and ($2::bigint is null or k.sequence <= $2::bigint) order by k.sequence limit $3`;
