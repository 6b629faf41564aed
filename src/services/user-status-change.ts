import { instantOf } from '../database/sql.ts';
import type { UserRow, UserView } from '../entities/user.queries.ts';
import { Rejection } from '../errors.ts';
import type { Happening } from '../events/recorder.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import type { SessionEndReason } from '../vocabulary.ts';
import { userReference } from './caller.ts';
import { readText } from './text.ts';

/** One kind of change of the state of accounts. */
export interface StatusChange {
  readonly permission: PermissionName;
  readonly action: string;
  readonly reason: string | null;
  /** The new values, as SQL over the users `u`; `$2` now, `$3` reason, `$4` until. */
  readonly set: string;
  readonly until: Date | null;
  /** Takes rights away: needs reach over the targets, spares the last administrator, ends sessions for this reason. */
  readonly ends: SessionEndReason | null;
  readonly onOneself: boolean;
  /** Whether it lets somebody in again, or sooner, who is shut out like this. */
  readonly letsIn?: (state: ShutOut) => boolean;
}

/** How somebody is shut out; an automatic lock shuts nobody out. */
export interface ShutOut {
  readonly disabled: boolean;
  /** End of a lock by hand; null without one. */
  readonly lockedUntil: Date | null;
}

export const shutOut = (row: Pick<UserRow, 'status' | 'status_reason' | 'locked_until'>, now: Date): ShutOut => {
  const until = row.status_reason === null ? null : instantOf(row.locked_until);
  return { disabled: row.status === 'DISABLED', lockedUntil: until !== null && until > now ? until : null };
};

/** Reads why. Errors: REQUIRED, TOO_LONG. */
export const readReason = (reason: string): string => {
  const read = readText(reason, { field: ['reason'], maximum: 500 });
  if ('problem' in read) throw new Rejection([read.problem]);
  return read.text;
};

/** One line and one event for each of the accounts, as they are after the change. */
export const happeningsOf = (users: readonly UserView[], change: StatusChange): readonly Happening[] =>
  users.map((user) => ({
    action: change.action,
    target: userReference(user),
    metadata: change.reason === null ? {} : { reason: change.reason },
    event: { type: 'UserStatusChanged', payload: { userId: user.id, status: user.status } },
  }));
