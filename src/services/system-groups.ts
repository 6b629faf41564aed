import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { Group, GroupGrant, groupNameKey } from '../entities/group.entity.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import type { Problem } from '../errors.ts';
import type { Happening } from '../events/recorder.ts';
import { type GroupId, parseId, type UserId } from '../ids.ts';
import type { Catalogue } from '../permissions/catalogue-types.ts';
import { type GrantInput, parseGrants } from '../permissions/grant-input.ts';
import { type Grant, grantKey, permissionKey } from '../permissions/grants.ts';
import { grantsChanged } from './group-change.ts';
import type { SystemGroupInput } from './resource-declaration.ts';
import { readText } from './text.ts';

type Path = readonly string[];

/** A group of an application as it can be stored. */
export interface SystemGroup {
  readonly id: GroupId;
  readonly name: string;
  readonly description: string;
  readonly grants: readonly Grant[];
  /** Where it stands in the input. */
  readonly at: Path;
}

/** A group that is to be seeded, and where it stands in the input. */
export interface AskedGroup {
  readonly input: SystemGroupInput;
  readonly at: Path;
}

const MAXIMUM_GROUPS = 100;

/** An application hands out what it declares, and nothing else: no verb on `*`, no resource of others. */
const foreignGrants = (grants: readonly GrantInput[], namespace: string, at: Path): readonly Problem[] =>
  grants.flatMap(({ resource }, index): readonly Problem[] =>
    resource.startsWith(`${namespace}.`)
      ? []
      : [{ code: 'EXCEEDS_OWN_PERMISSIONS', field: [...at, 'permissions', String(index), 'resource'] }],
  );

/** Reads the groups that a registration seeds. Problems: those of the fields and grants, EXCEEDS_OWN_PERMISSIONS, TOO_MANY_ITEMS. */
export const readSystemGroups = (
  asked: readonly AskedGroup[],
  namespace: string,
  catalogue: Catalogue,
): { readonly groups: readonly SystemGroup[]; readonly problems: readonly Problem[] } => {
  if (asked.length > MAXIMUM_GROUPS)
    return { groups: [], problems: [{ code: 'TOO_MANY_ITEMS', field: ['resources'] }] };
  const groups: SystemGroup[] = [];
  const problems: Problem[] = [];
  for (const { input, at } of asked) {
    const id = parseId<GroupId>(input.id);
    const name = readText(input.name, { field: [...at, 'name'], maximum: 100 });
    const description = readText(input.description, {
      field: [...at, 'description'],
      maximum: 1000,
      mayBeBlank: true,
    });
    const foreign = foreignGrants(input.permissions, namespace, at);
    const { grants, problems: wrong } =
      foreign.length > 0
        ? { grants: [], problems: foreign }
        : parseGrants(input.permissions, catalogue, [...at, 'permissions']);
    problems.push(...wrong);
    if (id === null) problems.push({ code: 'INVALID_VALUE', message: 'The id is no UUID.', field: [...at, 'id'] });
    if ('problem' in name) problems.push(name.problem);
    if ('problem' in description) problems.push(description.problem);
    if (id === null || 'problem' in name || 'problem' in description) continue;
    groups.push({ id, name: name.text, description: description.text, grants, at });
  }
  return { groups, problems: [...problems, ...repeated(groups)] };
};

const repeated = (groups: readonly SystemGroup[]): readonly Problem[] =>
  groups.flatMap(({ id, name, at }, index): readonly Problem[] => {
    const before = groups.slice(0, index);
    if (before.some((other) => other.id === id)) return [{ code: 'INVALID_VALUE', field: [...at, 'id'] }];
    const key = groupNameKey(name);
    return before.some((other) => groupNameKey(other.name) === key)
      ? [{ code: 'NAME_IN_USE', field: [...at, 'name'] }]
      : [];
  });

const grantsText = (grants: readonly Grant[]): string =>
  JSON.stringify(grants.map((grant) => grantKey(grant)).toSorted((a, b) => (a < b ? -1 : 1)));

const isUnchanged = (group: SystemGroup, stored: GroupView): boolean =>
  group.name === stored.name &&
  group.description === stored.description &&
  grantsText(group.grants) === grantsText(stored.permissions);

/** What stands where these groups are to stand: same id, or same name. */
interface Present {
  readonly byId: ReadonlyMap<GroupId, GroupView>;
  readonly nameKeys: ReadonlyMap<string, GroupId>;
}

const readPresent = async (em: EntityManager, groups: readonly SystemGroup[]): Promise<Present> => {
  const rows = await sql<GroupRow & { readonly name_key: string }>(
    em,
    `select ${groupColumns}, g.name_key from groups g where g.id = any($1::uuid[]) or g.name_key = any($2::text[])`,
    [groups.map(({ id }) => id), groups.map(({ name }) => groupNameKey(name))],
  );
  return {
    byId: new Map(rows.map((row) => [row.id, groupViewOf(row)])),
    nameKeys: new Map(rows.map((row) => [row.name_key, row.id])),
  };
};

const collisions = (groups: readonly SystemGroup[], present: Present, namespace: string): readonly Problem[] =>
  groups.flatMap(({ id, name, at }): readonly Problem[] => {
    const known = present.byId.get(id);
    if (known !== undefined && !(known.systemManaged && known.source === namespace)) {
      return [{ code: 'RESOURCE_OWNED_BY_ANOTHER', field: [...at, 'id'], targetId: id }];
    }
    const namesake = present.nameKeys.get(groupNameKey(name));
    // A group of this registration that gives the name away makes room for it.
    if (namesake === undefined || namesake === id) return [];
    return groups.some((other) => other.id === namesake) ? [] : [{ code: 'NAME_IN_USE', field: [...at, 'name'] }];
  });

/** What seeding would do. Problems: RESOURCE_OWNED_BY_ANOTHER for an id that is taken, NAME_IN_USE. */
export const planSystemGroups = async (
  em: EntityManager,
  groups: readonly SystemGroup[],
  namespace: string,
): Promise<{
  readonly changed: readonly SystemGroup[];
  readonly present: Present;
  readonly problems: readonly Problem[];
}> => {
  const present = groups.length === 0 ? { byId: new Map(), nameKeys: new Map() } : await readPresent(em, groups);
  return {
    present,
    problems: collisions(groups, present, namespace),
    changed: groups.filter((group) => {
      const stored = present.byId.get(group.id);
      return stored === undefined || !isUnchanged(group, stored);
    }),
  };
};

/** Who seeds, and when. */
export interface Seeding {
  readonly namespace: string;
  readonly createdById: UserId;
  readonly now: Date;
  readonly epoch: string;
}

/** Writes the groups that changed; members stay. Gives what happened. */
export const seedSystemGroups = async (
  em: EntityManager,
  changed: readonly SystemGroup[],
  present: Present,
  seeding: Seeding,
): Promise<readonly Happening[]> => {
  const ids = changed.map(({ id }) => id);
  const renamed = ids.filter((id) => present.byId.has(id));
  // Names may be swapped between groups: each gives up its own first.
  await sql(em, `update groups set name_key = id::text where id = any($1::uuid[])`, [renamed]);
  await sql(em, 'delete from group_grants where group_id = any($1::uuid[])', [renamed]);
  for (const group of changed) {
    if (present.byId.has(group.id)) await updateGroup(em, group, seeding);
    else em.persist(newGroup(group, seeding));
  }
  await em.flush();
  em.persist(changed.flatMap(({ id, grants }) => grants.map((grant, position) => new GroupGrant(id, position, grant))));
  await em.flush();
  return changed.map((group) => happeningOf(group, present.byId.get(group.id) ?? null, seeding.namespace));
};

const newGroup = ({ id, name, description }: SystemGroup, seeding: Seeding): Group => {
  const group = new Group(name, seeding.now);
  group.id = id;
  group.description = description;
  group.systemManaged = true;
  group.scopeMode = 'ALL';
  group.source = seeding.namespace;
  group.createdById = seeding.createdById;
  group.changedEpoch = seeding.epoch;
  return group;
};

const updateGroup = async (em: EntityManager, group: SystemGroup, { now, epoch }: Seeding): Promise<void> => {
  await sql(
    em,
    `update groups set name = $2, name_key = $3, description = $4, updated_at = $5, changed_epoch = $6, version = version + 1
     where id = $1`,
    [group.id, group.name, groupNameKey(group.name), group.description, now.toISOString(), epoch],
  );
};

const happeningOf = ({ id, name, grants }: SystemGroup, before: GroupView | null, namespace: string): Happening => {
  const target = { type: 'Group', id, label: name } as const;
  if (before === null) {
    const facts = { namespace, grants: grants.map(permissionKey) };
    const event = { type: 'GroupCreated', payload: { groupId: id, ...facts } } as const;
    return { action: 'group.created', target, metadata: facts, event };
  }
  const facts = { namespace, ...grantsChanged(before.permissions, grants) };
  const event = { type: 'GroupPermissionsChanged', payload: { groupId: id, ...facts } } as const;
  return { action: 'group.permissions-changed', target, metadata: facts, event };
};
