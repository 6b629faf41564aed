import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { type Assignment, assignmentsColumn } from '../entities/assignment.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { usersWhollyWithin, visibleUsers } from '../entities/user.visibility.ts';
import { Rejection } from '../errors.ts';
import type { UserId } from '../ids.ts';
import type { Grant } from '../permissions/grants.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import type { Authority } from './authority.ts';
import type { GroupDirectory } from './group-directory.ts';
import { targetNotFound } from './target-ids.ts';
import { targetColumns, type TargetRow } from './user-targets.ts';

export interface ImpersonationTarget extends TargetRow {
  /** The target lies where the actor may act as administrators. */
  readonly admin_reached: boolean;
  /** What the actor has. */
  readonly actor_assignments: readonly Assignment[];
  readonly epoch: string;
}

const isAdminGrant = ({ action, resource }: Grant): boolean => action === 'admin' && resource === '*';

/** An administrator of everything or of one organization, whatever the constraints. */
const isAdministrator = ({ list, places }: EffectiveGrants): boolean =>
  [list, ...places.map(({ grants }) => grants.list)].some((grants) => grants.some((grant) => isAdminGrant(grant)));

/**
 * Loads and locks whom the caller wants to act as, and judges whether they may; under the lock of access changes. Somebody who is
 * hidden, or not wholly in the reach of `impersonate:users`, is TARGET_NOT_FOUND. NOT_IMPERSONABLE are programs, people who could not
 * sign in themselves, administrators (without `impersonate-admin:users` there), and whoever holds anything, anywhere, that the caller
 * does not hold in the same place. Protected permissions count for that although nobody can use them while impersonating: other
 * applications read the groups of a token and know nothing of that rule.
 */
export const impersonationTarget = async (
  em: EntityManager,
  {
    authority,
    directory,
    now,
  }: { readonly authority: Authority; readonly directory: GroupDirectory; readonly now: Date },
  targetId: UserId,
): Promise<ImpersonationTarget> => {
  const reached = usersWhollyWithin(authority.reach('impersonate:users'), 2);
  const admin = usersWhollyWithin(authority.reach('impersonate-admin:users'), 2 + reached.values.length);
  const first = 2 + reached.values.length + admin.values.length;
  const visible = visibleUsers({ principal: authority.principal, now }, first);
  const [row] = await sql<ImpersonationTarget>(
    em,
    `select ${targetColumns}, ${admin.condition} as admin_reached, (select epoch::text from permission_epoch) as epoch,
       (select ${assignmentsColumn} from users u where u.id = $${first + visible.values.length}) as actor_assignments
     from users u where u.id = $1 and ${reached.condition} and ${visible.condition} for update of u`,
    [targetId, ...reached.values, ...admin.values, ...visible.values, authority.principal.userId],
  );
  if (row === undefined) throw new Rejection([targetNotFound('userId', targetId)]);
  const theirs = directory.grantsOf(row.assignments);
  const canSignIn = row.kind === 'PERSON' && userViewOf(row, now).status === 'ACTIVE';
  const isOutOfReach = isAdministrator(theirs) && !row.admin_reached;
  if (!canSignIn || isOutOfReach || authority.principal.grants.lacking(theirs).length > 0) {
    throw new Rejection([{ code: 'NOT_IMPERSONABLE', field: ['userId'], targetId }]);
  }
  return row;
};
