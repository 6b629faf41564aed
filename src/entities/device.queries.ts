import { instantOf } from '../database/sql.ts';
import type { DeviceId, UserId } from '../ids.ts';

/** A device as reads hand it on, without its secret. */
export interface DeviceView {
  readonly id: DeviceId;
  readonly userId: UserId;
  readonly name: string;
  readonly trusted: boolean;
  /** End of a trust that still holds. */
  readonly trustedUntil: Date | null;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly lastIpAddress: string;
}

/** The columns behind `DeviceView`, of `devices` under the alias `d`. */
export const deviceColumns = `d.id as device_id, d.user_id, d.name, d.trusted_until, d.first_seen_at, d.last_seen_at,
  d.last_ip_address`;

export interface DeviceRow {
  readonly device_id: DeviceId;
  readonly user_id: UserId;
  readonly name: string;
  readonly trusted_until: string | null;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly last_ip_address: string;
}

export const deviceViewOf = (row: DeviceRow, now: Date): DeviceView => {
  const until = instantOf(row.trusted_until);
  const trusted = until !== null && until > now;
  return {
    id: row.device_id,
    userId: row.user_id,
    name: row.name,
    trusted,
    trustedUntil: trusted ? until : null,
    firstSeenAt: instantOf(row.first_seen_at),
    lastSeenAt: instantOf(row.last_seen_at),
    lastIpAddress: row.last_ip_address,
  };
};

/** Failures are counted by device as well, and by session where there is none. `$1` users. */
export const unlockDevices = `
with unlocked as (
  update sessions set failed_proof_count = 0, proof_locked_until = null
  where user_id = any($1::uuid[]) and failed_proof_count > 0
)
update devices set failed_sign_in_count = 0, locked_until = null
where user_id = any($1::uuid[]) and (failed_sign_in_count > 0 or locked_until is not null)`;
