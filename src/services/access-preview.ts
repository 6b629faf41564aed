import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { sql } from '../database/sql.ts';
import {
  type Assignment,
  assignmentFacts,
  assignmentsColumn,
  type AssignmentsRow,
} from '../entities/assignment.queries.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import { organizationReach } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import type { Problem } from '../errors.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import { grantKey } from '../permissions/grants.ts';
import { assignedGroups, type EffectivePermission, effectivePermissions } from './assigned-groups.ts';
import { shownAssignments } from './assignment-visibility.ts';
import type { SignedInCaller } from './caller.ts';
import type { OrganizationLevels } from './organization-levels.ts';

/** Whose access a change can concern. */
export type Affected =
  | { readonly users: readonly UserId[] }
  /** Whoever has one of these groups, in any way. */
  | { readonly groups: readonly GroupId[] }
  /** Whoever gets a group by a level that names one of these: a group that is made with the name. */
  | { readonly groupNames: readonly string[] }
  /** The members of these organizations and of those below. */
  | { readonly organizations: readonly OrganizationId[] };

/** What one subject would gain and lose. */
export interface AccessDifference {
  readonly userId: UserId;
  readonly gained: readonly EffectivePermission[];
  readonly lost: readonly EffectivePermission[];
}

/** What a change would do to access. */
export interface AccessPreview {
  /** At most 100 subjects. */
  readonly changes: readonly AccessDifference[];
  readonly affectedCount: number;
  /** Outcomes that the change would give. */
  readonly verdicts: readonly Problem[];
}

/** What some users have at one moment of a transaction. */
interface Snapshot {
  readonly assignments: ReadonlyMap<UserId, readonly Assignment[]>;
  readonly groups: ReadonlyMap<GroupId, GroupView>;
}

/** Leaves out which of somebody's assignments are not for the caller to see. */
type Shown = (of: UserId, assignments: readonly Assignment[]) => readonly Assignment[];

const MAXIMUM_SHOWN = 100;

/** Users who may act at `$1`, or may as soon as they accept: what somebody shut out holds is of no effect. */
const MAY_ACT = `u.status <> 'DISABLED'
  and (u.locked_until is null or u.locked_until <= $1::timestamptz or u.status_reason is null)`;

/**
 * Compares what people may do before and after a change, both seen from inside its transaction, which holds the lock of access
 * changes: exactly what the change does, by the definitions that will decide afterwards.
 */
export class AccessPreviewer {
  readonly #levels: OrganizationLevels;
  readonly #clock: Clock;

  constructor(parts: { levels: OrganizationLevels; clock: Clock }) {
    this.#levels = parts.levels;
    this.#clock = parts.clock;
  }

  /**
   * Runs `change` in the transaction and tells what it did; users that it makes are among those concerned. What somebody has where the
   * caller sees no organization is left out, as it is of `User.permissions`.
   */
  async compare(
    em: EntityManager,
    { principal }: SignedInCaller,
    affected: Affected,
    change: () => Promise<readonly Problem[]>,
  ): Promise<AccessPreview> {
    // Others who change access wait from here on, as they would when the change itself takes the lock.
    await sql(em, 'select epoch from permission_epoch where id = 1 for update');
    const began = this.#clock.now();
    const concerned = new Set(await this.#idsOf(em, affected, null));
    const before = await this.#snapshot(em, [...concerned]);
    const viewer = { principal, now: began };
    const own = await ownAssignments(em, viewer);
    const verdicts = await change();
    for (const id of await this.#idsOf(em, affected, began)) concerned.add(id);
    const after = await this.#snapshot(em, [...concerned]);
    const shown = shownOf(viewer, own, [before, after]);
    const [earlier, later] = [this.#permissionsIn(before, shown), this.#permissionsIn(after, shown)];
    const changes = [...concerned].flatMap((userId) => {
      const difference = differenceOf(userId, earlier(userId), later(userId));
      return difference === null ? [] : [difference];
    });
    return { changes: changes.slice(0, MAXIMUM_SHOWN), affectedCount: changes.length, verdicts };
  }

  async #idsOf(em: EntityManager, affected: Affected, madeSince: Date | null): Promise<readonly UserId[]> {
    const users = 'users' in affected ? affected.users : [];
    const groups = 'groups' in affected ? affected.groups : [];
    const organizations = 'organizations' in affected ? affected.organizations : [];
    const names = 'groupNames' in affected ? affected.groupNames : [];
    const rows = await sql<{ id: UserId }>(em, CONCERNED, [
      users,
      groups,
      organizations,
      [...this.#levelsOf(groups), ...this.#levelsNaming(names)],
      madeSince?.toISOString() ?? null,
    ]);
    return rows.map((row) => row.id);
  }

  /** Positions of levels; groups are named there by name, too, so every level with groups counts when one is concerned. */
  #levelsOf(groups: readonly GroupId[]): readonly number[] {
    if (groups.length === 0) return [];
    return this.#levels.list.filter((level) => level.groups.length > 0).map(({ position }) => position);
  }

  #levelsNaming(names: readonly string[]): readonly number[] {
    return this.#levels.list
      .filter(({ groups }) => groups.some((name) => names.includes(name)))
      .map(({ position }) => position);
  }

  async #snapshot(em: EntityManager, userIds: readonly UserId[]): Promise<Snapshot> {
    const rows = await sql<{ id: UserId; assignments: readonly Assignment[] }>(
      em,
      `select u.id, ${assignmentsColumn} from users u where u.id = any($2::uuid[]) and ${MAY_ACT}`,
      [this.#clock.now().toISOString(), userIds],
    );
    const groupRows = await sql<GroupRow>(em, `select ${groupColumns} from groups g`);
    return {
      assignments: new Map(rows.map((row) => [row.id, row.assignments])),
      groups: new Map(groupRows.map((row) => [row.id, groupViewOf(row)])),
    };
  }

  #permissionsIn({ assignments, groups }: Snapshot, shown: Shown): (userId: UserId) => readonly EffectivePermission[] {
    // Most members of a group have the same groups: what those give is computed once.
    const known = new Map<string, readonly EffectivePermission[]>();
    return (userId) => {
      const held = shown(userId, assignments.get(userId) ?? []);
      const key = held.join(' ');
      const made = known.get(key) ?? effectivePermissions(assignedGroups(held, groups, this.#levels));
      known.set(key, made);
      return made;
    };
  }
}

/** How the caller has groups; nobody asks who sees every organization anyway. */
const ownAssignments = async (em: EntityManager, viewer: Viewer): Promise<readonly Assignment[]> => {
  if (organizationReach(viewer) === 'ALL') return [];
  const [row] = await sql<AssignmentsRow>(em, `select ${assignmentsColumn} from users u where u.id = $1`, [
    viewer.principal.userId,
  ]);
  return row?.assignments ?? [];
};

const placeOf = (assignment: Assignment): OrganizationId | null => assignmentFacts(assignment).lineage?.at(-1) ?? null;

/** An organization that is seen before or after the change is seen both times: what moves out of sight is not told as lost. */
const shownOf = (viewer: Viewer, own: readonly Assignment[], snapshots: readonly Snapshot[]): Shown => {
  const self = viewer.principal.userId;
  const isShown = shownAssignments(viewer, own);
  if (organizationReach(viewer) === 'ALL') return isShown;
  const seen = snapshots.flatMap(({ assignments }) =>
    [...assignments].flatMap(([id, held]) => (id === self ? [] : isShown(id, held))),
  );
  const places = new Set<OrganizationId | null>([null, ...seen.map((one) => placeOf(one))]);
  return (of, held) => (of === self ? held : held.filter((one) => places.has(placeOf(one))));
};

/** `$1` users, `$2` groups, `$3` organizations, `$4` levels, `$5` since when this transaction may have made users, or null. */
const CONCERNED = `
select id from users where id = any($1::uuid[])
union select user_id from memberships where group_id = any($2::uuid[])
union select om.user_id from organization_groups og join organization_members om on om.organization_id = og.organization_id
  where og.group_id = any($2::uuid[])
union select om.user_id from organizations o join organization_members om on om.organization_id = o.id
  where o.level = any($4::smallint[])
union select om.user_id from organization_closure c join organization_members om on om.organization_id = c.descendant_id
  where c.ancestor_id = any($3::uuid[])
union select id from users where created_at >= $5::timestamptz and xmin = pg_current_xact_id()::xid
order by id`;

const keyOf = ({ permission, scope }: EffectivePermission): string =>
  `${grantKey(permission)} ${scope.mode} ${scope.organizationIds.join(' ')}`;

const differenceOf = (
  userId: UserId,
  before: readonly EffectivePermission[],
  after: readonly EffectivePermission[],
): AccessDifference | null => {
  if (before === after) return null;
  const earlier = new Set(before.map((one) => keyOf(one)));
  const later = new Set(after.map((one) => keyOf(one)));
  const gained = after.filter((one) => !earlier.has(keyOf(one)));
  const lost = before.filter((one) => !later.has(keyOf(one)));
  return gained.length + lost.length === 0 ? null : { userId, gained, lost };
};
