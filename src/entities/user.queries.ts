import { instantOf } from '../database/sql.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { StoredUserStatus, UserKind, UserStatus } from '../vocabulary.ts';
import { statusOf } from './user.entity.ts';

/** A user as reads hand it on: flat, computed state included, without anything secret. */
export interface UserView {
  readonly id: UserId;
  readonly version: number;
  readonly kind: UserKind;
  readonly displayName: string;
  readonly locale: string;
  readonly email: string | null;
  readonly emailVerifiedAt: Date | null;
  readonly phone: string | null;
  readonly phoneVerifiedAt: Date | null;
  readonly username: string | null;
  readonly status: UserStatus;
  readonly statusReason: string | null;
  readonly lockedUntil: Date | null;
  readonly failedSignInCount: number;
  readonly passwordChangeRequired: boolean;
  /** When TOTP was confirmed; null = no second factor is asked for. */
  readonly mfaEnabledAt: Date | null;
  /** Custom attributes as they are stored; who sees which of them, the settings say. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly lastSignInAt: Date | null;
  readonly externalId: string | null;
  readonly source: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns behind `UserView`, of `users` under the alias `u`. */
export const userColumns = `u.id as user_id, u.version, u.kind, u.display_name, u.locale, u.email, u.email_verified_at,
  u.phone, u.phone_verified_at, u.username, u.status, u.status_reason, u.locked_until, u.failed_sign_in_count,
  u.password_change_required, u.mfa_enabled_at, u.attributes, u.last_sign_in_at, u.external_id, u.source, u.created_at, u.updated_at`;

/**
 * The user `u` may act at `$2`. A lock by an administrator (it has a reason) ends access; an automatic one only stops further
 * sign-ins, otherwise anybody who knows an address could cut its owner off by guessing wrong five times.
 */
export const mayActAt2 = `u.status = 'ACTIVE'
  and (u.locked_until is null or u.locked_until <= $2::timestamptz or u.status_reason is null)`;

/** The ids of a user's groups that hold everywhere, sorted; of the user `u`. */
export const groupIdsColumn = `array(select m.group_id::text from memberships m
  where m.user_id = u.id and m.organization_id is null order by m.group_id) as group_ids`;

export interface UserRow {
  readonly user_id: UserId;
  readonly version: number;
  readonly kind: UserKind;
  readonly display_name: string;
  readonly locale: string;
  readonly email: string | null;
  readonly email_verified_at: string | null;
  readonly phone: string | null;
  readonly phone_verified_at: string | null;
  readonly username: string | null;
  readonly status: StoredUserStatus;
  readonly status_reason: string | null;
  readonly locked_until: string | null;
  readonly failed_sign_in_count: number;
  readonly password_change_required: boolean;
  readonly mfa_enabled_at: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly last_sign_in_at: string | null;
  readonly external_id: string | null;
  readonly source: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface GroupIdsRow {
  readonly group_ids: readonly GroupId[];
}

export const userViewOf = (row: UserRow, now: Date): UserView => {
  const lockedUntil = instantOf(row.locked_until);
  const status = statusOf({ status: row.status, lockedUntil }, now);
  return {
    id: row.user_id,
    version: row.version,
    kind: row.kind,
    displayName: row.display_name,
    locale: row.locale,
    email: row.email,
    emailVerifiedAt: instantOf(row.email_verified_at),
    phone: row.phone,
    phoneVerifiedAt: instantOf(row.phone_verified_at),
    username: row.username,
    status,
    statusReason: row.status_reason,
    lockedUntil: status === 'LOCKED' ? lockedUntil : null,
    failedSignInCount: row.failed_sign_in_count,
    passwordChangeRequired: row.password_change_required,
    mfaEnabledAt: instantOf(row.mfa_enabled_at),
    attributes: row.attributes,
    lastSignInAt: instantOf(row.last_sign_in_at),
    externalId: row.external_id,
    source: row.source,
    createdAt: instantOf(row.created_at),
    updatedAt: instantOf(row.updated_at),
  };
};
