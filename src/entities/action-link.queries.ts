import type { ActionLinkId, UserId } from '../ids.ts';

/** What an action link is for. */
export interface ActionLinkRow {
  readonly id: ActionLinkId;
  readonly secret_hash: Buffer;
  readonly recipient: string;
}

/** `$1` name of the resource. The owner of its namespace; null when that account is gone. */
export const ownerOfResource = `
select n.owner_id from registered_resources r join resource_namespaces n on n.namespace = r.namespace where r.name = $1`;

export interface ResourceOwnerRow {
  readonly owner_id: UserId | null;
}

/**
 * One link per recipient. `$1` ids, `$2` selectors, `$3` hashes, `$4` recipients, `$5` action, `$6` resource, `$7` row, `$8` whose keys
 * may redeem them, `$9` now, `$10` end.
 */
export const insertActionLinks = `
insert into action_links (id, selector, secret_hash, recipient, action, resource, row_id, created_by_id, created_at, expires_at)
select l.id, l.selector, l.secret_hash, l.recipient, $5, $6, $7, $8, $9::timestamptz, $10::timestamptz
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[]) as l(id, selector, secret_hash, recipient)`;

/** `$1` selector. */
export const actionLinkBySelector = `select id, secret_hash, recipient from action_links where selector = $1`;

/**
 * Uses a link up, if everything about it fits and nobody has; otherwise nothing changes. `$1` id, `$2` action, `$3` resource, `$4` row,
 * `$5` recipient, `$6` whose keys may redeem it, `$7` now.
 */
export const redeemActionLink = `
update action_links set used_at = $7::timestamptz
where id = $1 and action = $2 and resource = $3 and row_id = $4 and recipient = $5 and created_by_id = $6
  and used_at is null and expires_at > $7::timestamptz
returning id`;
