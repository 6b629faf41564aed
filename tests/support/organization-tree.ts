import type { Database } from '../../src/database/database.ts';
import { newId, type OrganizationId } from '../../src/ids.ts';

interface Shape {
  /** Name of the root; the others are numbered. */
  readonly name: string;
  /** How many there will be at most. */
  readonly organizations: number;
  /** How many each has directly below it. */
  readonly fanOut: number;
  readonly levels: number;
  readonly parentId?: OrganizationId;
  /** Level of the root. */
  readonly level?: number;
}

interface Row {
  readonly id: OrganizationId;
  readonly name: string;
  readonly level: number;
  /** Those above, the root first. */
  readonly above: readonly OrganizationId[];
}

const rowsOf = ({ name, organizations, fanOut, levels, level = 0 }: Shape, above: Row['above']): readonly Row[] => {
  const rows: Row[] = [{ id: newId<OrganizationId>(), name, level, above }];
  for (let index = 0; index < rows.length && rows.length < organizations; index += 1) {
    const parent = rows[index];
    if (parent === undefined || parent.level - level + 1 >= levels) continue;
    for (let child = 0; child < fanOut && rows.length < organizations; child += 1) {
      rows.push({
        id: newId<OrganizationId>(),
        name: `${name} ${rows.length}`,
        level: parent.level + 1,
        above: [...parent.above, parent.id],
      });
    }
  }
  return rows;
};

/** Grows a tree directly, in bulk; gives its root. */
export const growTree = async (database: Database, shape: Shape): Promise<OrganizationId> => {
  const lineage = await database.query<{ id: OrganizationId }>(
    'select ancestor_id as id from organization_closure where descendant_id = $1 order by depth desc',
    [shape.parentId ?? null],
  );
  const rows = rowsOf(
    shape,
    lineage.map(({ id }) => id),
  );
  await database.query(
    `insert into organizations (id, parent_id, name, name_key, level, created_at, updated_at)
     select id, parent_id, name, lower(name), level, now(), now()
     from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as r(id, parent_id, name, level)`,
    [
      rows.map(({ id }) => id),
      rows.map(({ above }) => above.at(-1) ?? null),
      rows.map(({ name }) => name),
      rows.map(({ level }) => level),
    ],
  );
  const pairs = rows.flatMap(({ id, above }) =>
    [...above, id].map((ancestorId, index) => ({ ancestorId, id, depth: above.length - index })),
  );
  await database.query(
    `insert into organization_closure (ancestor_id, descendant_id, depth)
     select * from unnest($1::uuid[], $2::uuid[], $3::int[])`,
    [pairs.map(({ ancestorId }) => ancestorId), pairs.map(({ id }) => id), pairs.map(({ depth }) => depth)],
  );
  const [root] = rows;
  if (root === undefined) throw new Error('A tree has a root.');
  return root.id;
};
