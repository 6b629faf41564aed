import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import {
  organizationColumns,
  type OrganizationRow,
  type OrganizationView,
  organizationViewOf,
} from '../entities/organization.queries.ts';
import { organizationsWithin, visibleOrganizations } from '../entities/organization.visibility.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { usersWithin, type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import { type Problem, reject } from '../errors.ts';
import type { OrganizationId, UserId } from '../ids.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { reachOf } from '../permissions/may.ts';

/*
 * What the answer to a repeated request shows: rows as they are now, to those who may see them now, or hold there what the request
 * takes. An idempotency key lives for a day and the rights that it was used with perhaps not: what is out of reach is as gone.
 */

/** What the request takes, and where its input names the row. */
interface Repeated {
  readonly permission: PermissionName;
  readonly field?: Problem['field'];
}

const gone = (targetId: string, { field }: Repeated): never =>
  reject('TARGET_NOT_FOUND', field === undefined ? { targetId } : { field, targetId });

/** The user that an earlier request was about. Errors: TARGET_NOT_FOUND. */
export const repeatedUser = async (
  em: EntityManager,
  viewer: Viewer,
  id: UserId,
  repeated: Repeated,
): Promise<UserView> => {
  const visible = visibleUsers(viewer, 2);
  const within = usersWithin(reachOf(viewer.principal, repeated.permission, viewer.now), 2 + visible.values.length);
  const [row] = await sql<UserRow>(
    em,
    `select ${userColumns} from users u where u.id = $1 and (${visible.condition} or ${within.condition})`,
    [id, ...visible.values, ...within.values],
  );
  return row === undefined ? gone(id, repeated) : userViewOf(row, viewer.now);
};

/** The organization that an earlier request was about. Errors: TARGET_NOT_FOUND. */
export const repeatedOrganization = async (
  em: EntityManager,
  viewer: Viewer,
  id: OrganizationId,
  repeated: Repeated,
): Promise<OrganizationView> => {
  const visible = visibleOrganizations(viewer, 2);
  const reach = reachOf(viewer.principal, repeated.permission, viewer.now);
  const within = organizationsWithin(reach, 2 + visible.values.length);
  const [row] = await sql<OrganizationRow>(
    em,
    `select ${organizationColumns} from organizations o where o.id = $1 and (${visible.condition} or ${within.condition})`,
    [id, ...visible.values, ...within.values],
  );
  return row === undefined ? gone(id, repeated) : organizationViewOf(row);
};
