import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { organizationNameKey } from '../entities/organization.entity.ts';
import type { GroupId, OrganizationId } from '../ids.ts';

/*
 * The tree is written here and nowhere else, under the lock of access changes: the place of every organization is kept by its parent
 * and, for each pair of it with one above, by a row of the closure.
 */

interface NewOrganization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly level: number;
  readonly parentId: OrganizationId | null;
  readonly groupIds: readonly GroupId[];
  readonly now: Date;
}

/** Stores an organization below its parent, with its groups. */
export const insertOrganization = async (em: EntityManager, made: NewOrganization): Promise<void> => {
  await sql(
    em,
    `with made as (
       insert into organizations (id, name, name_key, level, parent_id, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $6)
     ), placed as (
       insert into organization_closure (ancestor_id, descendant_id, depth)
       select c.ancestor_id, $1::uuid, c.depth + 1 from organization_closure c where c.descendant_id = $5::uuid
       union all select $1::uuid, $1::uuid, 0
     ) insert into organization_groups (organization_id, group_id) select $1::uuid, unnest($7::uuid[])`,
    [
      made.id,
      made.name,
      organizationNameKey(made.name),
      made.level,
      made.parentId,
      made.now.toISOString(),
      made.groupIds,
    ],
  );
};

/** Puts an organization with all below it under another one, or under none. */
export const placeBelow = async (
  em: EntityManager,
  id: OrganizationId,
  { parentId, now }: { readonly parentId: OrganizationId | null; readonly now: Date },
): Promise<void> => {
  await sql(
    em,
    `delete from organization_closure
     where descendant_id in (select c.descendant_id from organization_closure c where c.ancestor_id = $1)
       and ancestor_id in (select c.ancestor_id from organization_closure c where c.descendant_id = $1 and c.depth > 0)`,
    [id],
  );
  await sql(
    em,
    `insert into organization_closure (ancestor_id, descendant_id, depth)
     select above.ancestor_id, below.descendant_id, above.depth + below.depth + 1
     from organization_closure above, organization_closure below
     where above.descendant_id = $2 and below.ancestor_id = $1`,
    [id, parentId],
  );
  await sql(em, 'update organizations set parent_id = $2, version = version + 1, updated_at = $3 where id = $1', [
    id,
    parentId,
    now.toISOString(),
  ]);
};

/** An organization of a subtree, for the log. */
interface Below {
  readonly id: OrganizationId;
  readonly name: string;
  readonly depth: number;
}

/** An organization and all below it, itself first. */
export const subtreeOf = async (em: EntityManager, id: OrganizationId): Promise<readonly Below[]> =>
  sql<Below>(
    em,
    `select o.id, o.name, c.depth from organization_closure c join organizations o on o.id = c.descendant_id
     where c.ancestor_id = $1 order by c.depth, o.id`,
    [id],
  );

/** The groups whose reach names an organization of the subtree: what memory holds of them speaks of places that change. */
export const groupsReaching = async (em: EntityManager, id: OrganizationId): Promise<readonly GroupId[]> => {
  const rows = await sql<{ group_id: GroupId }>(
    em,
    `select distinct l.group_id from group_organizations l
     join organization_closure c on c.descendant_id = l.organization_id where c.ancestor_id = $1`,
    [id],
  );
  return rows.map((row) => row.group_id);
};

/**
 * The groups by which anybody holds anything in one of these organizations and below: of memberships within it, of all its members,
 * and those that reach it. Without the groups of their levels, which are given as positions.
 */
export const groupsHoldingAt = async (
  em: EntityManager,
  ids: readonly OrganizationId[],
): Promise<{ readonly groupIds: readonly GroupId[]; readonly levels: readonly number[] }> => {
  const [row] = await sql<{ group_ids: readonly GroupId[]; levels: readonly number[] }>(
    em,
    `select array(
         select m.group_id::text from memberships m where m.organization_id = any($1::uuid[])
         union select og.group_id::text from organization_groups og where og.organization_id = any($1::uuid[])
         union select l.group_id::text from group_organizations l where l.organization_id = any($1::uuid[])) as group_ids,
       array(select distinct o.level from organizations o where o.id = any($1::uuid[])) as levels`,
    [ids],
  );
  return { groupIds: row?.group_ids ?? [], levels: row?.levels ?? [] };
};
