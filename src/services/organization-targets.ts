import type { EntityManager } from '@mikro-orm/postgresql';
import { constraintOf } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { GroupView } from '../entities/group.queries.ts';
import {
  organizationColumns,
  type OrganizationRow,
  type OrganizationView,
  organizationViewOf,
} from '../entities/organization.queries.ts';
import { visibleOrganizations } from '../entities/organization.visibility.ts';
import { type Problem, reject, Rejection } from '../errors.ts';
import type { EventOf } from '../events/event-types.ts';
import type { Happening } from '../events/recorder.ts';
import { type GroupId, type OrganizationId, parseId } from '../ids.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import type { Authority, Way } from './authority.ts';
import type { GroupDirectory } from './group-directory.ts';
import { targetNotFound } from './target-ids.ts';

/** More groups than this no organization has. */
const MAXIMUM_GROUPS = 100;

/** How an input names an organization, and what the caller must hold there. */
export interface OrganizationTarget {
  readonly id: string;
  readonly field: string;
  readonly permission: PermissionName;
  readonly expectedVersion?: number | null | undefined;
}

/**
 * Loads the organization that a mutation names. One that does not exist and one that the caller may not see are refused alike:
 * TARGET_NOT_FOUND. Throws FORBIDDEN when the caller sees it without holding the permission there, and then VERSION_CONFLICT with the
 * present organization. The lock of access changes, which the caller of this holds, keeps it as it is.
 */
export const loadTarget = async (
  em: EntityManager,
  authority: Authority,
  now: Date,
  { id, field, permission, expectedVersion }: OrganizationTarget,
): Promise<OrganizationView> => {
  const visible = visibleOrganizations({ principal: authority.principal, now }, 2);
  const [row] = await sql<OrganizationRow>(
    em,
    `select ${organizationColumns} from organizations o where o.id = $1 and ${visible.condition}`,
    [parseId<OrganizationId>(id), ...visible.values],
  );
  if (row === undefined) throw new Rejection([targetNotFound(field, id)]);
  const organization = organizationViewOf(row);
  authority.demandAt(permission, organization.lineage);
  if (expectedVersion != null && expectedVersion !== organization.version) {
    throw new Rejection([{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }], { organization });
  }
  return organization;
};

/** The organization below which another is to stand; null: none, a root. Errors and lock as with `loadTarget`. */
export const loadParent = async (
  em: EntityManager,
  authority: Authority,
  now: Date,
  parentId: string | null,
): Promise<OrganizationView | null> => {
  const permission = 'create:organizations';
  if (parentId !== null) return loadTarget(em, authority, now, { id: parentId, field: 'parentId', permission });
  authority.demandAt(permission, []);
  return null;
};

/** An organization inside a transaction, whoever looks. */
export const readOrganization = async (em: EntityManager, id: OrganizationId): Promise<OrganizationView> => {
  const [row] = await sql<OrganizationRow>(em, `select ${organizationColumns} from organizations o where o.id = $1`, [
    id,
  ]);
  return row === undefined ? reject('TARGET_NOT_FOUND', { targetId: id }) : organizationViewOf(row);
};

/** Reads the groups of an input, each once; none for an absent list. Problems: TOO_MANY_ITEMS, TARGET_NOT_FOUND. */
export const readGroups = (texts: readonly string[] | null | undefined): readonly GroupId[] => {
  if (texts == null) return [];
  const field = 'groupIds';
  if (texts.length > MAXIMUM_GROUPS) return reject('TOO_MANY_ITEMS', { field: [field] });
  const ids = texts.map((text) => parseId<GroupId>(text));
  const problems = texts.filter((_text, index) => ids[index] === null).map((text) => targetNotFound(field, text));
  if (problems.length > 0) throw new Rejection(problems);
  return [...new Set(ids.filter((id) => id !== null))];
};

/** What stands in the way of giving members of the organization these groups, or of taking them away; throws FORBIDDEN. */
export const groupProblems = (
  directory: GroupDirectory,
  authority: Authority,
  groupIds: readonly GroupId[],
  { lineage, way = 'handingOut' }: { readonly lineage: readonly OrganizationId[]; readonly way?: Way },
): readonly Problem[] => {
  const field = 'groupIds';
  const unknown = groupIds.filter((id) => directory.find(id) === undefined);
  if (unknown.length > 0) return unknown.map((id) => targetNotFound(field, id));
  if (groupIds.length > 0) authority.demandAt('assign:groups', lineage);
  return problemsOf(authority, directory.list(groupIds), { lineage, field, way });
};

/** The same of groups that nobody names, but that come with an organization. */
export const handingOutProblems = (
  authority: Authority,
  groups: readonly GroupView[],
  lineage: readonly OrganizationId[],
  field: string,
): readonly Problem[] => problemsOf(authority, groups, { lineage, field, way: 'handingOut' });

/** The same when they take them away: then no second person is asked. */
export const takingAwayProblems = (
  authority: Authority,
  groups: readonly GroupView[],
  lineage: readonly OrganizationId[],
  field: string,
): readonly Problem[] => problemsOf(authority, groups, { lineage, field, way: 'takingAway' });

const problemsOf = (
  authority: Authority,
  groups: readonly GroupView[],
  { lineage, field, way }: { lineage: readonly OrganizationId[]; field: string; way: Way },
): readonly Problem[] =>
  groups.flatMap(({ id, permissions }) => authority[way](permissions, [lineage], { field: [field], targetId: id }));

/** Whether these groups would give the caller anything new within the organization. */
export const wouldRaise = (
  authority: Authority,
  groups: readonly GroupView[],
  lineage: readonly OrganizationId[],
): boolean => groups.some(({ permissions }) => authority.wouldRaise(permissions, [lineage]));

/** The groups that members of these organizations have by them, without those of their levels. */
export const groupsOfOrganizations = async (
  em: EntityManager,
  ids: readonly OrganizationId[],
): Promise<readonly GroupId[]> => {
  const rows = await sql<{ group_id: GroupId }>(
    em,
    'select distinct group_id from organization_groups where organization_id = any($1::uuid[]) order by group_id',
    [ids],
  );
  return rows.map((row) => row.group_id);
};

/** Whether the caller of a change is a member of the organization. */
export const isMember = async (em: EntityManager, authority: Authority, id: OrganizationId): Promise<boolean> => {
  const rows = await sql(em, 'select from organization_members where organization_id = $1 and user_id = $2', [
    id,
    authority.principal.userId,
  ]);
  return rows.length > 0;
};

/** Siblings have different names, however many requests make them at once: NAME_IN_USE. */
export const refusingTakenNames = async <T>(field: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (constraintOf(error) === 'organizations_sibling_unique') return reject('NAME_IN_USE', { field: [field] });
    throw error;
  }
};

/** A change of an organization, for the log and for those outside; the log says what the event tells. */
export const organizationHappening = (action: string, name: string, event: EventOf<OrganizationEvent>): Happening => {
  const { organizationId, ...facts } = event.payload;
  return { action, target: { type: 'Organization', id: organizationId, label: name }, metadata: facts, event };
};

type OrganizationEvent =
  | 'OrganizationCreated'
  | 'OrganizationUpdated'
  | 'OrganizationMoved'
  | 'OrganizationDeleted'
  | 'OrganizationMembersChanged';
