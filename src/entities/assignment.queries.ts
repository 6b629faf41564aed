import { type GroupId, parseId, type OrganizationId } from '../ids.ts';

/**
 * One way in which somebody has a group, as one text, so that a list of them is a key: `<group>` by membership, as far as the group
 * reaches; `<group>@<lineage>` by membership within an organization; `+<group>@<lineage>` as a member of an organization that has the
 * group; `+<level>@<lineage>` as a member of an organization at that level. The lineage names the organization and those above it,
 * the root first, divided by `/`.
 */
export type Assignment = string & { readonly __assignment: true };

/** The lineage of the organization that `id` names, as text. */
const lineageText = (id: string): string =>
  `(select string_agg(c.ancestor_id::text, '/' order by c.depth desc) from organization_closure c where c.descendant_id = ${id})`;

const assignmentsWhere = (membership: string, inherited: string): string => `array(
  select m.group_id::text || case when m.organization_id is null then '' else '@' || ${lineageText('m.organization_id')} end as a
  from memberships m where m.user_id = u.id${membership}
  union all
  select '+' || g.source || '@' || ${lineageText('om.organization_id')}
  from organization_members om, lateral (
    select og.group_id::text as source from organization_groups og where og.organization_id = om.organization_id
    union all
    select o.level::text from organizations o where o.id = om.organization_id
  ) g
  where om.user_id = u.id${inherited}
  order by a) as assignments`;

/** All that gives grants to the user `u`, each once, in one order. */
export const assignmentsColumn = assignmentsWhere('', '');

/**
 * The same as far as groups and levels (ids and positions as text) in the parameter `sources` give it, or organizations in
 * `organizations`.
 */
export const assignmentsThrough = ({ sources, organizations }: Readonly<Record<'sources' | 'organizations', string>>) =>
  assignmentsWhere(
    ` and m.group_id::text = any(${sources}::text[])`,
    ` and (g.source = any(${sources}::text[]) or om.organization_id = any(${organizations}::uuid[]))`,
  );

export interface AssignmentsRow {
  readonly assignments: readonly Assignment[];
}

/** What an assignment says. `level` is set instead of `groupId` for what a level gives. */
export interface AssignmentFacts {
  readonly groupId: GroupId | null;
  readonly level: number | null;
  /** The root first; null = as far as the group reaches. */
  readonly lineage: readonly OrganizationId[] | null;
  /** By an organization, not by a membership of one's own. */
  readonly inherited: boolean;
}

export const assignmentFacts = (assignment: Assignment): AssignmentFacts => {
  const inherited = assignment.startsWith('+');
  const [source = '', lineage] = assignment.slice(inherited ? 1 : 0).split('@');
  const groupId = parseId<GroupId>(source);
  return {
    groupId,
    level: groupId === null ? Number(source) : null,
    lineage: lineage === undefined ? null : (lineage.split('/') as OrganizationId[]),
    inherited,
  };
};

/** The groups of which somebody is a member, each once. */
export const memberGroupIds = (assignments: readonly Assignment[]): readonly GroupId[] => {
  const ids = new Set<GroupId>();
  for (const one of assignments) {
    if (one.startsWith('+')) continue;
    const [groupId = ''] = one.split('@', 1);
    ids.add(groupId as GroupId);
  }
  return [...ids];
};

/** The organizations of which somebody is a member, each once: every one has a level, which is an assignment. */
export const memberOrganizationIds = (assignments: readonly Assignment[]): readonly OrganizationId[] => [
  ...new Set(
    assignments
      .map((one) => assignmentFacts(one))
      .flatMap(({ inherited, lineage }) => (inherited ? (lineage?.at(-1) ?? []) : [])),
  ),
];

/** A lineage as a column: the organization and those above it, the root first; of the organization that the expression names. */
export const lineageColumn = (id: string): string =>
  `array(select c.ancestor_id::text from organization_closure c where c.descendant_id = ${id} order by c.depth desc)`;
