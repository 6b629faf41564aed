import type { UserId } from '../ids.ts';
import { may } from '../permissions/may.ts';
import type { Viewer } from './user.visibility.ts';

/** Which events somebody may see: all, or those about one person. */
export type AuditReach = 'ALL' | UserId;

/**
 * Which audit events a caller may see: with `view:audit` all (it never holds within one organization), else those about oneself:
 * one is who did it, for whom an API key or somebody else did it, or to whom it was done. The one rule behind list, totals, fields
 * and exports.
 */
export const visibleAuditEvents = ({ principal, now }: Viewer): AuditReach =>
  may(principal, 'view:audit', now) ? 'ALL' : principal.userId;

/**
 * What of an event its target has no business with, when another person did it: where that person was, with which program, in
 * which request, and what they wrote down as their reason. SQL over the events `e`; `me` is SQL too.
 */
export const circumstancesVisibleTo = (me: string): string =>
  `(e.actor_id is null or e.actor_id = ${me} or (e.actor_type = 'ApiKey' and e.on_behalf_of_id = ${me}))`;

/** The ids of an event that say whom it concerns. */
export interface Concerned {
  readonly actor_type: string | null;
  readonly actor_id: string | null;
  readonly on_behalf_of_id: string | null;
  readonly target_id: string | null;
}

/** Whether an event is about somebody, as `visibleAuditEvents` means it; for events that are told of as they happen. */
export const isAbout = (event: Concerned, userId: string): boolean =>
  event.actor_id === userId || event.on_behalf_of_id === userId || event.target_id === userId;

/** `circumstancesVisibleTo` of an event that is already read. */
export const showsCircumstancesTo = (event: Concerned, me: string): boolean =>
  event.actor_id === null || event.actor_id === me || (event.actor_type === 'ApiKey' && event.on_behalf_of_id === me);
