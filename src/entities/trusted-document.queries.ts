import { instantOf } from '../database/sql.ts';
import type { TrustedDocumentId } from '../ids.ts';

/** A trusted document as the API shows it. */
export interface TrustedDocumentView {
  readonly id: TrustedDocumentId;
  /** `sha256:` and the hash of the text, in hex. */
  readonly documentId: string;
  readonly operationName: string | null;
  readonly text: string;
  readonly clientName: string | null;
  readonly enabled: boolean;
  readonly useCount: number;
  readonly lastUsedAt: Date | null;
  readonly registeredAt: Date;
}

/** The columns behind `TrustedDocumentView`, of `trusted_documents` under the alias `d`. */
export const trustedDocumentColumns = `d.id, d.hash, d.operation_name, d.text, d.client_name, d.enabled, d.use_count::text as use_count,
  d.last_used_at, d.registered_at`;

export interface TrustedDocumentRow {
  readonly id: TrustedDocumentId;
  readonly hash: string;
  readonly operation_name: string | null;
  readonly text: string;
  readonly client_name: string | null;
  readonly enabled: boolean;
  readonly use_count: string;
  readonly last_used_at: string | null;
  readonly registered_at: string;
}

export const trustedDocumentViewOf = (row: TrustedDocumentRow): TrustedDocumentView => ({
  id: row.id,
  documentId: `sha256:${row.hash}`,
  operationName: row.operation_name,
  text: row.text,
  clientName: row.client_name,
  enabled: row.enabled,
  useCount: Number(row.use_count),
  lastUsedAt: instantOf(row.last_used_at),
  registeredAt: instantOf(row.registered_at),
});

/**
 * Changes of documents take turns, until the end of their transaction: what has a higher epoch is committed later, so that whoever has
 * read one epoch has missed none below it.
 */
export const lockTrustedDocuments = `select pg_advisory_xact_lock(hashtext('gatehouse.trusted-documents'))`;

const NEXT_EPOCH = 'next as (select coalesce(max(changed_epoch), 0) + 1 as epoch from trusted_documents)';

export interface RegisteredDocumentRow extends TrustedDocumentRow {
  /** It was not known, was switched off, or belongs to more clients than before. */
  readonly changed: boolean;
}

/**
 * Registers documents: ids `$1`, hashes `$2`, texts `$3` and names of operations `$4`, of the client `$5`, at `$6` by `$7`. Known ones
 * are switched on; one that another client registers, too, belongs to all. Gives each of them, in any order.
 */
export const registerTrustedDocuments = `with given as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as g(id, hash, text, operation_name)
), ${NEXT_EPOCH}, written as (
  insert into trusted_documents as d (id, hash, text, operation_name, client_name, enabled, use_count, changed_epoch,
    registered_at, registered_by_id)
  select g.id, g.hash, g.text, g.operation_name, $5::text, true, 0, next.epoch, $6::timestamptz, $7::uuid from given g, next
  on conflict (hash) do update set enabled = true, changed_epoch = excluded.changed_epoch,
    client_name = case when d.client_name = excluded.client_name then d.client_name end
  where not d.enabled or (d.client_name is not null and d.client_name is distinct from excluded.client_name)
  returning ${trustedDocumentColumns}
)
select w.*, true as changed from written w
union all
select ${trustedDocumentColumns}, false as changed from trusted_documents d
where d.hash = any($2::text[]) and d.hash not in (select hash from written)`;

/** Switches the documents `$1` off. Gives those that were on. */
export const disableTrustedDocuments = `with ${NEXT_EPOCH}
update trusted_documents d set enabled = false, changed_epoch = next.epoch from next
where d.id = any($1::uuid[]) and d.enabled returning ${trustedDocumentColumns}`;

/** What changed since the epoch `$1`. */
export const changedTrustedDocuments = `select hash, enabled, changed_epoch::text as epoch from trusted_documents
where changed_epoch > $1::bigint`;

export interface ChangedDocumentRow {
  readonly hash: string;
  readonly enabled: boolean;
  readonly epoch: string;
}

/** Adds the runs `$2` to the documents with the hashes `$1`; in the order of their ids, so that replicas do not wait in circles. */
export const countTrustedDocumentRuns = `with used as (
  select d.id, noted.runs from unnest($1::text[], $2::int[]) as noted(hash, runs)
  join trusted_documents d on d.hash = noted.hash order by d.id for no key update of d
)
update trusted_documents d set use_count = d.use_count + used.runs, last_used_at = greatest(d.last_used_at, $3::timestamptz)
from used where d.id = used.id`;
