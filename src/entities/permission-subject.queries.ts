import { type ApiKeyRow, apiKeyColumns, keyWorksAt2 } from './api-key.queries.ts';
import { assignmentsColumn, type AssignmentsRow } from './assignment.queries.ts';
import { mayActAt2, userColumns, type UserRow } from './user.queries.ts';
import type { Visibility } from './user.visibility.ts';

/** What one statement tells about somebody whose permissions are asked about. */
export interface SubjectRow extends UserRow, AssignmentsRow {
  /** Whether the account may act, or the key works, at this moment. */
  readonly active: boolean;
  readonly epoch: string;
}

export type KeySubjectRow = SubjectRow & ApiKeyRow;

const accountColumns = `${userColumns}, ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch`;

/** A user who is visible. `$1` user, `$2` now; the condition's parameters begin at `$3`. */
export const userSubject = (visible: Visibility): string =>
  `select ${accountColumns}, (${mayActAt2}) as active from users u where u.id = $1 and ${visible.condition}`;

/** A key whose owner is visible. `$1` key, `$2` now; the condition's parameters begin at `$3`. */
export const keySubject = (visible: Visibility): string =>
  `select ${apiKeyColumns}, ${accountColumns}, (${keyWorksAt2}) as active
   from api_keys k join users u on u.id = k.owner_id where k.id = $1 and ${visible.condition}`;
