import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { type Assignment, assignmentsThrough } from '../entities/assignment.queries.ts';
import { type Viewer, visibleUsers } from '../entities/user.visibility.ts';
import type { UserId } from '../ids.ts';
import { assignmentsAfter, type DefinitionChange, sourcesOf } from './access-definitions.ts';
import {
  type AccessDifference,
  type Difference,
  differenceOf,
  MAXIMUM_SHOWN,
  MAY_ACT,
  type Shown,
} from './access-difference.ts';
import type { OrganizationLevels } from './organization-levels.ts';
import { groupsHoldingAt } from './organization.statements.ts';

/** Whoever has changed definitions, as far as the caller may know. */
export interface Crowd {
  /** The first of them. */
  readonly changes: readonly AccessDifference[];
  readonly count: number;
}

interface Question {
  readonly viewer: Viewer;
  readonly shown: Shown;
  readonly change: DefinitionChange;
  readonly levels: OrganizationLevels;
  /** People who are told of otherwise. */
  readonly except: readonly UserId[];
  /** Whether those who have no more to do with the change than a group must be seen by the caller. */
  readonly onlySeen: boolean;
}

const BATCH = 500;
const MAXIMUM_REMEMBERED = 1000;

/** Whoever has a group, by a membership of their own, an organization or its level. `$2` groups, `$3` levels. */
const HOLDERS = `
  select m.user_id from memberships m where m.group_id = any($2::uuid[])
  union select om.user_id from organization_groups og join organization_members om on om.organization_id = og.organization_id
    where og.group_id = any($2::uuid[])
  union select om.user_id from organizations o join organization_members om on om.organization_id = o.id
    where o.level = any($3::smallint[])`;

/** `$4` organizations, `$5` sources, `$6` people who are left out, `$7` organizations that stay; `holders` is a statement. */
const open = (holders: string): string => `declare access_crowd no scroll cursor for
select u.id, ${assignmentsThrough({ sources: '$5', organizations: '$7' })} from users u
where u.id in (
  select om.user_id from organization_members om where om.organization_id = any($4::uuid[])
  union (${holders})
) and u.id <> all($6::uuid[]) and ${MAY_ACT}
order by u.id`;

/**
 * Counts who gains or loses by changed definitions, and tells of the first. Reads them by a cursor, in the transaction at hand: one
 * moment, and memory for one batch, however many they are. Needs no lock, since each is compared by what they have at that moment.
 */
export const differencesOfCrowd = async (em: EntityManager, question: Question): Promise<Crowd> => {
  const { viewer, except, change } = question;
  const { groups, levels, organizations, gone } = change;
  const within = gone.length === 0 ? [] : (await groupsHoldingAt(em, gone)).groupIds;
  const sources = sourcesOf(change, new Set([...change.concerned, ...within]), question.levels);
  const staying = organizations.filter((id) => change.after.organizations.has(id));
  const values = [viewer.now.toISOString(), groups, levels, organizations, sources, except, staying];
  const seen = question.onlySeen ? visibleUsers(viewer, values.length + 1) : { condition: 'true', values: [] };
  const holders = `select h.user_id from (${HOLDERS}) h join users u on u.id = h.user_id where ${seen.condition}`;
  await sql(em, open(seen.condition === 'true' ? HOLDERS : holders), [...values, ...seen.values]);
  const differenceFor = comparing(question);
  const changes: AccessDifference[] = [];
  let count = 0;
  for (;;) {
    const rows = await sql<{ id: UserId; assignments: readonly Assignment[] }>(em, `fetch ${BATCH} from access_crowd`);
    for (const { id, assignments } of rows) {
      const difference = differenceFor(id, assignments);
      if (difference === null) continue;
      count += 1;
      if (changes.length < MAXIMUM_SHOWN) changes.push({ userId: id, ...difference });
    }
    if (rows.length < BATCH) return { changes, count };
  }
};

type Comparison = (of: UserId, assignments: readonly Assignment[]) => Difference | null;

const comparing = ({ viewer, shown, change }: Question): Comparison => {
  const { before, after } = change;
  const organizations = new Set(change.organizations);
  const compare: Comparison = (of, assignments) =>
    differenceOf(
      before.permissionsOf(shown(of, assignments)),
      after.permissionsOf(shown(of, assignmentsAfter({ after, organizations }, assignments))),
    );
  // Most members of a group have the same groups: what those give is computed once.
  const known = new Map<string, Difference | null>();
  return (of, assignments) => {
    if (of === viewer.principal.userId) return compare(of, assignments);
    const key = assignments.join(' ');
    const found = known.get(key);
    if (found !== undefined) return found;
    const difference = compare(of, assignments);
    if (known.size >= MAXIMUM_REMEMBERED) known.clear();
    known.set(key, difference);
    return difference;
  };
};
