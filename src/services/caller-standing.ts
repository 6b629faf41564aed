import type { Assignment } from '../entities/assignment.queries.ts';
import type { SignedInCaller } from './caller.ts';
import { permissionVersionOf } from './group-directory.ts';

/** What a statement that changes something says of whoever asked for it: `askingCaller`. */
export interface AskingCallerRow {
  /** null: shut out, or gone. */
  readonly caller_assignments: readonly Assignment[] | null;
  readonly caller_epoch: string;
  /** The session goes on. */
  readonly caller_present: boolean;
}

/**
 * Whether the caller is still in the session in which they asked, with all that they could do then. Where it is not so, or cannot be told
 * this easily, what they asked for is judged once more under the lock of access changes.
 */
export const standsAsBefore = ({ principal }: SignedInCaller, row: AskingCallerRow): boolean =>
  principal.via === 'session' &&
  principal.actorId === null &&
  row.caller_present &&
  row.caller_assignments !== null &&
  principal.permissionVersion === permissionVersionOf(row.caller_epoch, row.caller_assignments);
