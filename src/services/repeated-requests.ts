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
import { usersWithin, type Viewer, type Visibility, visibleUsers } from '../entities/user.visibility.ts';
import { type Problem, reject } from '../errors.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import type { Reach } from '../permissions/effective-grants.ts';
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

/** A kind of rows: how they are read, who sees one, and who may do something to it within a reach. */
interface Kind<Row, View> {
  /** Ends before the conditions; the row's id is `$1`. */
  readonly select: string;
  readonly visible: (viewer: Viewer, first: number) => Visibility;
  readonly within: (reach: Reach, first: number) => Visibility;
  readonly viewOf: (row: Row, now: Date) => View;
}

const USER: Kind<UserRow, UserView> = {
  select: `select ${userColumns} from users u where u.id = $1`,
  visible: visibleUsers,
  within: usersWithin,
  viewOf: userViewOf,
};

const ORGANIZATION: Kind<OrganizationRow, OrganizationView> = {
  select: `select ${organizationColumns} from organizations o where o.id = $1`,
  visible: visibleOrganizations,
  within: organizationsWithin,
  viewOf: organizationViewOf,
};

/** Errors of what it returns: TARGET_NOT_FOUND. */
const repeated =
  <Row extends object, View>({ select, visible, within, viewOf }: Kind<Row, View>) =>
  async (em: EntityManager, viewer: Viewer, id: string, { permission, field }: Repeated): Promise<View> => {
    const seen = visible(viewer, 2);
    const held = within(reachOf(viewer.principal, permission, viewer.now), 2 + seen.values.length);
    const [row] = await sql<Row>(em, `${select} and (${seen.condition} or ${held.condition})`, [
      id,
      ...seen.values,
      ...held.values,
    ]);
    if (row !== undefined) return viewOf(row, viewer.now);
    return reject('TARGET_NOT_FOUND', field === undefined ? { targetId: id } : { field, targetId: id });
  };

/** The user that an earlier request was about. */
export const repeatedUser = repeated(USER);

/** The organization that an earlier request was about. */
export const repeatedOrganization = repeated(ORGANIZATION);
