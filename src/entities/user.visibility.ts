import { may } from '../permissions/may.ts';
import type { Principal } from '../principal.ts';

/** Somebody who looks, and when. */
export interface Viewer {
  readonly principal: Principal;
  readonly now: Date;
}

/** A condition on the users `u`, with the values of its parameters. */
export interface Visibility {
  readonly condition: string;
  readonly values: readonly unknown[];
}

/**
 * Which users a caller may see: everybody with `view:users`, else only oneself. The one predicate behind lists, loaders and
 * federation references, so that no path shows what another hides. `first` is the number of its first parameter.
 */
export const visibleUsers = ({ principal, now }: Viewer, first: number): Visibility =>
  may(principal, 'view:users', now)
    ? { condition: 'true', values: [] }
    : { condition: `u.id = $${first}`, values: [principal.userId] };
