import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type Assignment, assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import { organizationReach } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import type { Problem } from '../errors.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import { differencesOfCrowd } from './access-crowd.ts';
import { definitionChange, Definitions, isChanged, readSubtrees } from './access-definitions.ts';
import {
  type AccessDifference,
  differenceOf,
  MAXIMUM_SHOWN,
  MAY_ACT,
  type Shown,
  shownEitherTime,
} from './access-difference.ts';
import type { SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { OrganizationLevels } from './organization-levels.ts';

/** Whose access a change can concern, beside users that it makes. */
export type Affected =
  /** These, as many as one mutation takes. */
  | { readonly users: readonly UserId[] }
  /** Whoever has one of these groups, or gets a new one by a level. No membership changes, but those in a group that is deleted. */
  | { readonly groups: readonly GroupId[] }
  /** Whoever has to do with these organizations or those below. No membership changes, but those in an organization that is deleted. */
  | { readonly organizations: readonly OrganizationId[] };

/** What a change would do to access. */
export interface AccessPreview {
  /** At most 100 subjects. */
  readonly changes: readonly AccessDifference[];
  readonly affectedCount: number;
  /** Outcomes that the change would give. */
  readonly verdicts: readonly Problem[];
}

/** What is kept of a change that was made and undone. */
export interface Trial {
  readonly viewer: Viewer;
  readonly shown: Shown;
  readonly before: Definitions;
  readonly after: Definitions;
  /** The people whom the change is about, and those whom it made. */
  readonly named: readonly UserId[];
  /** What these would gain and lose. */
  readonly differences: readonly AccessDifference[];
  /** Whether others must be seen by the caller to be told of. */
  readonly onlySeen: boolean;
  readonly verdicts: readonly Problem[];
}

/** How people have groups at one moment; nobody who may not act. */
type Snapshot = ReadonlyMap<UserId, readonly Assignment[]>;

/**
 * Compares what people may do before and after a change. Both is seen from inside its transaction, which holds the lock of access changes:
 * what groups and organizations give, and how those have groups whom the change is about. Whoever merely has such a group, a million
 * people perhaps, is read once the change is undone and others may go on.
 */
export class AccessPreviewer {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #levels: OrganizationLevels;
  readonly #clock: Clock;

  constructor(parts: { database: Database; directory: GroupDirectory; levels: OrganizationLevels; clock: Clock }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#levels = parts.levels;
    this.#clock = parts.clock;
  }

  /**
   * Runs `change` in the transaction, to be undone, and notes what it did; users that it makes are among those concerned. What somebody
   * has where the caller sees no organization is left out, as it is of `User.permissions`.
   */
  async try(
    em: EntityManager,
    { principal }: SignedInCaller,
    affected: Affected,
    change: () => Promise<readonly Problem[]>,
  ): Promise<Trial> {
    // Others who change access wait from here on, as they would when the change itself takes the lock.
    const [row] = await sql<{ epoch: string }>(em, LOCK);
    if (row === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    await this.#directory.reachWithin(em, row.epoch);
    const viewer = { principal, now: this.#clock.now() };
    const { users, ...definitions } = { users: [], groups: [], organizations: [], ...affected };
    const own = await ownAssignments(em, viewer);
    const earlier = await this.#snapshot(em, viewer, users);
    const subtrees = await readSubtrees(em, definitions.organizations);
    const before = new Definitions(this.#levels, this.#directory.all(), subtrees);
    const verdicts = await change();
    const made = await sql<{ id: UserId }>(em, MADE, [viewer.now.toISOString()]);
    const named = [...new Set([...users.toSorted(byId), ...made.map(({ id }) => id)])];
    const later = await this.#snapshot(em, viewer, named);
    const after = await before.afterwards(em, row.epoch, definitions);
    const shown = shownEitherTime(viewer, own, { before, after });
    const differences = named.flatMap((userId): readonly AccessDifference[] => {
      const difference = differenceOf(
        before.permissionsOf(shown(userId, earlier.get(userId) ?? [])),
        after.permissionsOf(shown(userId, later.get(userId) ?? [])),
      );
      return difference === null ? [] : [{ userId, ...difference }];
    });
    // An administrator within an organization may delete it, and knows nothing of strangers in a group that reaches it.
    const onlySeen = definitions.organizations.length > 0;
    return { viewer, shown, before, after, named, differences, onlySeen, verdicts };
  }

  /** Tells of the change that was tried and is undone by now. */
  async tell({ viewer, shown, before, after, named, differences, onlySeen, verdicts }: Trial): Promise<AccessPreview> {
    const change = definitionChange(before, after, this.#levels);
    const question = { viewer, shown, change, levels: this.#levels, except: named, onlySeen };
    const crowd = isChanged(change)
      ? await this.#database.transaction((em) => differencesOfCrowd(em, question))
      : { changes: [], count: 0 };
    return {
      changes: [...crowd.changes, ...differences].slice(0, MAXIMUM_SHOWN),
      affectedCount: crowd.count + differences.length,
      verdicts,
    };
  }

  async #snapshot(em: EntityManager, { now }: Viewer, userIds: readonly UserId[]): Promise<Snapshot> {
    if (userIds.length === 0) return new Map();
    const rows = await sql<AssignmentsRow & { readonly id: UserId }>(
      em,
      `select u.id, ${assignmentsColumn} from users u where u.id = any($2::uuid[]) and ${MAY_ACT}`,
      [now.toISOString(), userIds],
    );
    return new Map(rows.map((row) => [row.id, row.assignments]));
  }
}

const LOCK = 'select epoch::text as epoch from permission_epoch where id = 1 for update';

const byId = (a: UserId, b: UserId): number => (a < b ? -1 : Number(a > b));

/** Users whom this transaction made; `$1` when it began. */
const MADE = `select id from users where created_at >= $1::timestamptz and xmin = pg_current_xact_id()::xid order by id`;

/** How the caller has groups; nobody asks who sees every organization anyway. */
const ownAssignments = async (em: EntityManager, viewer: Viewer): Promise<readonly Assignment[]> => {
  if (organizationReach(viewer) === 'ALL') return [];
  const [row] = await sql<AssignmentsRow>(em, `select ${assignmentsColumn} from users u where u.id = $1`, [
    viewer.principal.userId,
  ]);
  return row?.assignments ?? [];
};
