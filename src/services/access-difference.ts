import { type Assignment, assignmentFacts } from '../entities/assignment.queries.ts';
import { organizationReach } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import type { OrganizationId, UserId } from '../ids.ts';
import { grantKey } from '../permissions/grants.ts';
import type { DefinitionChange } from './access-definitions.ts';
import type { EffectivePermission } from './assigned-groups.ts';
import { shownAssignments } from './assignment-visibility.ts';

/** What a subject would gain and lose. */
export interface Difference {
  readonly gained: readonly EffectivePermission[];
  readonly lost: readonly EffectivePermission[];
}

/** What one subject would gain and lose. */
export interface AccessDifference extends Difference {
  readonly userId: UserId;
}

/** As many are told of; all are counted. */
export const MAXIMUM_SHOWN = 100;

/** Users who may act at `$1`, or may as soon as they accept: what somebody shut out holds is of no effect. */
export const MAY_ACT = `u.status <> 'DISABLED'
  and (u.locked_until is null or u.locked_until <= $1::timestamptz or u.status_reason is null)`;

const keyOf = ({ permission, scope }: EffectivePermission): string =>
  `${grantKey(permission)} ${scope.mode} ${scope.organizationIds.join(' ')}`;

/** null when both say the same. */
export const differenceOf = (
  before: readonly EffectivePermission[],
  after: readonly EffectivePermission[],
): Difference | null => {
  const earlier = new Set(before.map((one) => keyOf(one)));
  const later = new Set(after.map((one) => keyOf(one)));
  const gained = after.filter((one) => !earlier.has(keyOf(one)));
  const lost = before.filter((one) => !later.has(keyOf(one)));
  return gained.length + lost.length === 0 ? null : { gained, lost };
};

/** Leaves out which of somebody's assignments are not for the caller to see. */
export type Shown = (of: UserId, assignments: readonly Assignment[]) => readonly Assignment[];

/**
 * What the caller may see of assignments (`own` are theirs), before a change and after it. An organization that is seen at either time is
 * seen both times: what moves out of sight is not told as lost.
 */
export const shownEitherTime = (
  viewer: Viewer,
  own: readonly Assignment[],
  { before, after }: Pick<DefinitionChange, 'before' | 'after'>,
): Shown => {
  const isShown = shownAssignments(viewer, own);
  if (organizationReach(viewer) === 'ALL') return isShown;
  const seen = new Map<OrganizationId, boolean>();
  const isSeen = (of: UserId, one: Assignment): boolean => {
    const place = assignmentFacts(one).lineage?.at(-1);
    if (place === undefined) return true;
    const known = seen.get(place);
    if (known !== undefined) return known;
    const times = [before, after].flatMap(({ organizations }) => organizations.get(place) ?? []);
    const asked = [one, ...times.map(({ lineage }) => `+@${lineage.join('/')}` as Assignment)];
    const answer = isShown(of, asked).length > 0;
    seen.set(place, answer);
    return answer;
  };
  return (of, held) => (of === viewer.principal.userId ? held : held.filter((one) => isSeen(of, one)));
};
