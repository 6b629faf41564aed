import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { type Assignment, assignmentFacts, lineageColumn } from '../entities/assignment.queries.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import type { GroupId, OrganizationId } from '../ids.ts';
import { type Grant, grantKey, permissionKey } from '../permissions/grants.ts';
import { assignedGroups, type EffectivePermission, effectivePermissions, whereOf } from './assigned-groups.ts';
import type { OrganizationLevels } from './organization-levels.ts';

interface OrganizationFacts {
  readonly id: OrganizationId;
  readonly level: number;
  /** Itself with those above it, the root first. */
  readonly lineage: readonly OrganizationId[];
  /** The groups of all members, without those of the level. */
  readonly groupIds: readonly GroupId[];
}

/** Whose definition a change may touch, beside groups that it makes. */
export interface AffectedDefinitions {
  readonly groups: readonly GroupId[];
  /** These and all below them. */
  readonly organizations: readonly OrganizationId[];
}

/** What groups, levels and organizations give at one moment of a transaction that holds the lock of access changes. */
export class Definitions {
  readonly groups: ReadonlyMap<GroupId, GroupView>;
  /** The organizations that a change may touch. */
  readonly organizations: ReadonlyMap<OrganizationId, OrganizationFacts>;
  readonly #levels: OrganizationLevels;
  readonly #groupsOfLevels = new Map<number, readonly GroupId[]>();

  constructor(
    levels: OrganizationLevels,
    groups: ReadonlyMap<GroupId, GroupView>,
    organizations: readonly OrganizationFacts[],
  ) {
    this.#levels = levels;
    this.groups = groups;
    this.organizations = new Map(organizations.map((one) => [one.id, one]));
  }

  /** As a change left them that began at `epoch`. Only what it may have touched is read: there can be many groups. */
  async afterwards(em: EntityManager, epoch: string, affected: AffectedDefinitions): Promise<Definitions> {
    const reaching = [...this.groups.values()].filter(({ listed }) =>
      listed.some((lineage) => affected.organizations.some((id) => lineage.includes(id))),
    );
    const touched = [...affected.groups, ...reaching.map(({ id }) => id)];
    const rows = await sql<GroupRow>(
      em,
      `select ${groupColumns} from groups g where g.id = any($1::uuid[]) or g.changed_epoch > $2`,
      [touched, epoch],
    );
    const groups = new Map(this.groups);
    for (const id of touched) groups.delete(id);
    for (const row of rows) groups.set(row.id, groupViewOf(row));
    return new Definitions(this.#levels, groups, await readSubtrees(em, affected.organizations));
  }

  /** The groups that the level gives; looked up once. */
  groupsOf(level: number): readonly GroupId[] {
    const known = this.#groupsOfLevels.get(level);
    if (known !== undefined) return known;
    const found = this.#levels.groupsOf(level, this.groups.values());
    this.#groupsOfLevels.set(level, found);
    return found;
  }

  /** What an organization gives to each of its members, by itself and by its level. */
  givenBy({ groupIds, level }: OrganizationFacts): readonly GroupId[] {
    return [...groupIds, ...this.groupsOf(level)];
  }

  permissionsOf(assignments: readonly Assignment[]): readonly EffectivePermission[] {
    return effectivePermissions(assignedGroups(assignments, this.groups, this));
  }
}

/** What these organizations and all below them are. */
export const readSubtrees = async (
  em: EntityManager,
  ids: readonly OrganizationId[],
): Promise<readonly OrganizationFacts[]> => (ids.length === 0 ? [] : sql<OrganizationFacts>(em, SUBTREES, [ids]));

const SUBTREES = `
select o.id, o.level, ${lineageColumn('o.id')} as lineage,
  array(select og.group_id::text from organization_groups og where og.organization_id = o.id order by 1) as "groupIds"
from organization_closure c join organizations o on o.id = c.descendant_id where c.ancestor_id = any($1::uuid[])`;

/**
 * What a change does to definitions, and so to everybody who has them: their memberships stay as they are, but for those in a group or
 * an organization that is no more. Whoever gains or loses anything by it has one of `groups`, or belongs to an organization at one of
 * `levels` or among `organizations`.
 */
export interface DefinitionChange {
  readonly before: Definitions;
  readonly after: Definitions;
  /** Groups that are new or gone, or give something else or elsewhere. */
  readonly groups: readonly GroupId[];
  /** Levels that give such a group, or other groups. */
  readonly levels: readonly number[];
  /** Organizations that are gone, or give other groups to their members. */
  readonly organizations: readonly OrganizationId[];
  /** Those of `organizations` that are gone: within them people had whatever groups. */
  readonly gone: readonly OrganizationId[];
  /** Groups that give others than before what they give, or give other things themselves. */
  readonly concerned: readonly GroupId[];
}

export const isChanged = ({ groups, levels, organizations }: DefinitionChange): boolean =>
  groups.length + levels.length + organizations.length > 0;

export const definitionChange = (
  before: Definitions,
  after: Definitions,
  levels: OrganizationLevels,
): DefinitionChange => {
  const groups = [...new Set([...before.groups.keys(), ...after.groups.keys()])].filter((id) => {
    const [earlier, later] = [before.groups.get(id), after.groups.get(id)];
    return earlier !== later && giftOf(earlier) !== giftOf(later);
  });
  const positions = levels.list.map(({ position }) => position);
  const ofLevels = positions.map((level) => differing(before.groupsOf(level), after.groupsOf(level)));
  const organizations = [...before.organizations.values()].flatMap((one) => {
    const other = after.organizations.get(one.id);
    const given = differing(before.givenBy(one), other === undefined ? [] : after.givenBy(other));
    return other !== undefined && given.length === 0 ? [] : [{ id: one.id, given }];
  });
  return {
    before,
    after,
    groups,
    levels: positions.filter(
      (level, index) => ofLevels[index]?.length !== 0 || before.groupsOf(level).some((id) => groups.includes(id)),
    ),
    organizations: organizations.map(({ id }) => id),
    gone: organizations.flatMap(({ id }) => (after.organizations.has(id) ? [] : [id])),
    concerned: [...new Set([...groups, ...ofLevels.flat(), ...organizations.flatMap(({ given }) => given)])],
  };
};

/** How somebody whose memberships stay has groups after the change. */
export const assignmentsAfter = (
  { after, organizations }: { readonly after: Definitions; readonly organizations: ReadonlySet<OrganizationId> },
  assignments: readonly Assignment[],
): readonly Assignment[] => {
  if (organizations.size === 0) return assignments;
  const joined = new Set<OrganizationId>();
  const kept = assignments.filter((one) => {
    const { inherited, lineage } = assignmentFacts(one);
    const place = lineage?.at(-1);
    if (place === undefined || !organizations.has(place)) return true;
    if (inherited) joined.add(place);
    return !inherited && after.organizations.has(place);
  });
  return [...kept, ...[...joined].flatMap((id) => inheritedAt(after.organizations.get(id)))];
};

const inheritedAt = (organization: OrganizationFacts | undefined): readonly Assignment[] => {
  if (organization === undefined) return [];
  const { groupIds, level, lineage } = organization;
  return [...groupIds, level].map((source) => `+${source}@${lineage.join('/')}` as Assignment);
};

/** Equal for definitions that give the same in the same places. */
const giftOf = (group: GroupView | undefined): string => {
  if (group === undefined) return '';
  const where = whereOf(group);
  const places = where === 'ALL' ? where : where.map((lineage) => String(lineage.at(-1))).toSorted();
  return JSON.stringify([places, [...new Set(group.permissions.map(grantKey))].toSorted()]);
};

const differing = (some: readonly GroupId[], others: readonly GroupId[]): readonly GroupId[] => [
  ...some.filter((id) => !others.includes(id)),
  ...others.filter((id) => !some.includes(id)),
];

/**
 * Groups and levels (ids and positions as text) that give a grant which one of these groups gives or gave. Whatever changes about these
 * groups alone, others give what they gave.
 */
export const sourcesOf = (
  { before, after }: Pick<DefinitionChange, 'before' | 'after'>,
  concerned: ReadonlySet<GroupId>,
  levels: OrganizationLevels,
): readonly string[] => {
  const times = [before, after];
  const all = [...new Set(times.flatMap(({ groups }) => [...groups.values()]))];
  const given = all.filter(({ id }) => concerned.has(id)).flatMap(({ permissions }) => permissions);
  const [names, grants] = [new Set(given.map(permissionKey)), new Set(given.map(grantKey))];
  const isGiven = (one: Grant): boolean => names.has(permissionKey(one)) && grants.has(grantKey(one));
  const givers = new Set(all.filter(({ permissions }) => permissions.some(isGiven)).map(({ id }) => id));
  const giving = levels.list.filter(({ position }) =>
    times.some((one) => one.groupsOf(position).some((id) => givers.has(id))),
  );
  return [...givers, ...giving.map(({ position }) => String(position))];
};
