import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { reject, rejectAny } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { GroupId, OrganizationId } from '../ids.ts';
import { exceeding } from '../permissions/grants.ts';
import { aal2, and, can, freshly, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import { endMemberships } from './ended-memberships.ts';
import type { GroupDirectory } from './group-directory.ts';
import { groupsHoldingAt, groupsReaching, placeBelow, subtreeOf } from './organization.statements.ts';
import {
  handingOutProblems,
  loadParent,
  loadTarget,
  organizationHappening,
  readOrganization,
  refusingTakenNames,
  takingAwayProblems,
} from './organization-targets.ts';
import { Reading } from './text.ts';

interface MoveInput {
  readonly id: string;
  /** null = none; absent (undefined) is no place. */
  readonly parentId: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

interface DeleteInput {
  readonly id: string;
  readonly reason: string | null;
  readonly expectedVersion?: number | null | undefined;
}

/** As the rule tree asks it; asked again once the lock is held. */
const DELETE: Rule = and(can('delete:organizations'), viaSession, notImpersonating, freshly(10), aal2);

/** Moves and deletes organizations with all below them. */
export class OrganizationPlaceService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #maximumDepth: number;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#maximumDepth = parts.config.organizations.maximumDepth;
  }

  /**
   * Puts an organization with all below it under another one, or makes it a root. Needs `move:organizations` there and
   * `create:organizations` at the new place. Those who hold something above it now lose it over all that moves, those above the new
   * place gain it: of neither may the caller lack anything, and they gain nothing themselves. Errors: REQUIRED, TARGET_NOT_FOUND,
   * VERSION_CONFLICT (with the current organization), CYCLE, LEVEL_NOT_ALLOWED, DEPTH_LIMIT, NAME_IN_USE, SELF_ESCALATION,
   * EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION; throws FORBIDDEN.
   */
  async move(caller: SignedInCaller, { parentId, ...input }: MoveInput): Promise<OrganizationView> {
    // A client that leaves an unset variable out does not mean the root: that would take the subtree out of everybody's reach.
    if (parentId === undefined) return reject('REQUIRED', { field: ['parentId'] });
    return refusingTakenNames('parentId', () =>
      this.#database.transaction(async (em) => {
        const authority = await this.#guard.lock(em, caller, can('move:organizations'));
        const now = this.#clock.now();
        const moved = await loadTarget(em, authority, now, { ...input, field: 'id', permission: 'move:organizations' });
        const parent = await loadParent(em, authority, this.#clock.now(), parentId);
        if ((parent?.id ?? null) === moved.parentId) return moved;
        await this.#requirePlace(em, moved, parent);
        await this.#requireAuthority(em, authority, moved, parent);
        await placeBelow(em, moved.id, { parentId: parent?.id ?? null, now });
        await this.#renew(em, await groupsReaching(em, moved.id));
        await this.#recorder.record(em, originOf(caller), [
          organizationHappening('organization.moved', moved.name, {
            type: 'OrganizationMoved',
            payload: {
              organizationId: moved.id,
              fromParentId: moved.parentId,
              toParentId: parent?.id ?? null,
            },
          }),
        ]);
        return readOrganization(em, moved.id);
      }),
    );
  }

  /**
   * Deletes an organization and all below it, with what anybody held within them; the users stay. Errors: TARGET_NOT_FOUND,
   * VERSION_CONFLICT (with the current organization), NO_GROUPS_LEFT, TOO_LONG; throws FORBIDDEN, STEP_UP_REQUIRED.
   */
  async delete(caller: SignedInCaller, { reason, ...input }: DeleteInput): Promise<readonly OrganizationId[]> {
    const reading = new Reading();
    const why = reading.optionalText(reason, { field: ['reason'], maximum: 500, mayBeBlank: true });
    rejectAny(reading.problems);
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, DELETE);
      const root = await loadTarget(em, authority, this.#clock.now(), {
        ...input,
        field: 'id',
        permission: 'delete:organizations',
      });
      const subtree = await subtreeOf(em, root.id);
      const ids = subtree.map(({ id }) => id);
      const reaching = await groupsReaching(em, root.id);
      const stranded = await endMemberships(em, { organizationIds: ids });
      await sql(em, 'delete from organizations where id = any($1::uuid[])', [ids]);
      rejectAny(stranded);
      await this.#renew(em, reaching);
      // People type a reason: it stays in the log.
      const noted = why === null || why === '' ? {} : { reason: why };
      await this.#recorder.record(
        em,
        originOf(caller),
        subtree.map(({ id, name }) => {
          const payload = { organizationId: id, rootId: root.id };
          const deleted = organizationHappening('organization.deleted', name, { type: 'OrganizationDeleted', payload });
          return { ...deleted, metadata: { ...deleted.metadata, ...noted } };
        }),
      );
      return ids;
    });
  }

  /** What the tree itself asks of a place. */
  async #requirePlace(em: EntityManager, moved: OrganizationView, parent: OrganizationView | null): Promise<void> {
    if (parent === null) return;
    const at = { field: ['parentId'] };
    if (parent.lineage.includes(moved.id)) reject('CYCLE', at);
    if (moved.levelPosition <= parent.levelPosition) reject('LEVEL_NOT_ALLOWED', at);
    const [tallest] = await sql<{ depth: number }>(
      em,
      'select max(depth)::int as depth from organization_closure where ancestor_id = $1',
      [moved.id],
    );
    if (parent.lineage.length + 1 + (tallest?.depth ?? 0) > this.#maximumDepth) reject('DEPTH_LIMIT', at);
  }

  async #requireAuthority(
    em: EntityManager,
    authority: Authority,
    moved: OrganizationView,
    parent: OrganizationView | null,
  ): Promise<void> {
    const above = moved.lineage.slice(0, -1);
    const newAbove = parent?.lineage ?? [];
    const { grants, userId } = authority.principal;
    const gained = exceeding(grants.at([...newAbove, moved.id]), grants.at(moved.lineage), grants.catalogue);
    if (gained.length > 0) reject('SELF_ESCALATION', { field: ['parentId'], targetId: userId });
    const losing = await this.#groupsHoldingAt(
      em,
      above.filter((id) => !newAbove.includes(id)),
    );
    const gaining = await this.#groupsHoldingAt(
      em,
      newAbove.filter((id) => !above.includes(id)),
    );
    rejectAny([
      ...takingAwayProblems(authority, losing, moved.lineage, 'parentId'),
      ...handingOutProblems(authority, gaining, moved.lineage, 'parentId'),
    ]);
  }

  /** The groups by which anybody holds anything in one of these organizations and below, each once. */
  async #groupsHoldingAt(em: EntityManager, ids: readonly OrganizationId[]): Promise<readonly GroupView[]> {
    if (ids.length === 0) return [];
    const { groupIds, levels } = await groupsHoldingAt(em, ids);
    const groups = [...this.#directory.list(groupIds), ...levels.flatMap((level) => this.#directory.ofLevel(level))];
    return [...new Map(groups.map((group) => [group.id, group])).values()];
  }

  /**
   * Groups that reach organizations are held in memory with the places of these: they are read anew from the next request on. Without any,
   * too, rows of the organizations lie elsewhere now: answers that somebody keeps by the version of permissions are over.
   */
  async #renew(em: EntityManager, groupIds: readonly GroupId[]): Promise<void> {
    const epoch = await this.#guard.nextEpoch(em);
    await sql(em, 'update groups set changed_epoch = $2 where id = any($1::uuid[])', [groupIds, epoch]);
  }
}
