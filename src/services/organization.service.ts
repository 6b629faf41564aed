import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { organizationNameKey } from '../entities/organization.entity.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { reject, rejectAny } from '../errors.ts';
import type { EventPayload } from '../events/event-types.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type GroupId, newId, type OrganizationId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import type { OrganizationLevels } from './organization-levels.ts';
import {
  groupProblems,
  groupsOfOrganizations,
  handingOutProblems,
  isMember,
  loadParent,
  loadTarget,
  organizationHappening,
  readGroups,
  readOrganization,
  refusingTakenNames,
  takingAwayProblems,
  wouldRaise,
} from './organization-targets.ts';
import { insertOrganization } from './organization.statements.ts';
import { repeatedOrganization } from './repeated-requests.ts';
import { Reading } from './text.ts';

export interface NewOrganizationInput {
  readonly parentId: string | null;
  readonly name: string;
  readonly level: number | null;
  readonly groupIds: readonly string[];
  readonly idempotencyKey: string | null;
}

/** Absent (undefined) or null = keep. */
export interface OrganizationChangeInput {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly level?: number | null | undefined;
  readonly groupIds?: readonly string[] | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

const NAME = { field: ['name'], maximum: 100 } as const;

/** Makes and changes organizations. What a change asks for is asked at the place it concerns. */
export class OrganizationService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #levels: OrganizationLevels;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #maximumDepth: number;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    levels: OrganizationLevels;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#levels = parts.levels;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#maximumDepth = parts.config.organizations.maximumDepth;
  }

  /**
   * Makes an organization below a parent where the caller holds `create:organizations`; a root where they hold it everywhere. Errors:
   * those of the name, TARGET_NOT_FOUND, NAME_IN_USE among siblings, INVALID_VALUE and LEVEL_NOT_ALLOWED of the level, DEPTH_LIMIT,
   * EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION; throws FORBIDDEN.
   */
  async create(caller: SignedInCaller, input: NewOrganizationInput): Promise<OrganizationView> {
    const reading = new Reading();
    const name = reading.text(input.name, NAME);
    rejectAny(reading.problems);
    this.#requireLevel(input.level);
    const groupIds = readGroups(input.groupIds);
    const request = idempotentRequest(caller, input);
    return refusingTakenNames('name', () =>
      this.#database.transaction(async (em) => {
        const earlier = await this.#idempotency.claim<{ organizationId: OrganizationId }>(em, request);
        const permission = 'create:organizations';
        const viewer = { principal: caller.principal, now: this.#clock.now() };
        if (earlier !== null) return repeatedOrganization(em, viewer, earlier.organizationId, { permission });
        const authority = await this.#guard.lock(em, caller, can(permission));
        const parent = await loadParent(em, authority, this.#clock.now(), input.parentId);
        const id = newId<OrganizationId>();
        const lineage = [...(parent?.lineage ?? []), id];
        const level = input.level ?? (parent === null ? 0 : parent.levelPosition + 1);
        if (parent !== null) this.#requireBelow(parent, level);
        if (lineage.length > this.#maximumDepth) reject('DEPTH_LIMIT', { field: ['parentId'] });
        rejectAny(groupProblems(this.#directory, authority, groupIds, { lineage }));
        const now = this.#clock.now();
        await insertOrganization(em, { id, name, level, parentId: parent?.id ?? null, groupIds, now });
        await this.#recorder.record(em, originOf(caller), [
          organizationHappening('organization.created', name, {
            type: 'OrganizationCreated',
            payload: { organizationId: id, parentId: parent?.id ?? null, level, groupIds },
          }),
        ]);
        await this.#idempotency.keep(em, request, { organizationId: id });
        return readOrganization(em, id);
      }),
    );
  }

  /**
   * Changes name, level or groups where the caller holds `update:organizations`, groups also `assign:groups`. Members get and lose what
   * groups and levels give, so of either the caller gives and takes nothing that they do not hold there. Errors: those of the name,
   * TARGET_NOT_FOUND, VERSION_CONFLICT (with the current organization), NAME_IN_USE, INVALID_VALUE, LEVEL_NOT_ALLOWED,
   * EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, SELF_ESCALATION; throws FORBIDDEN.
   */
  async update(caller: SignedInCaller, input: OrganizationChangeInput): Promise<OrganizationView> {
    const reading = new Reading();
    const name = reading.optionalText(input.name, NAME);
    rejectAny(reading.problems);
    this.#requireLevel(input.level ?? null);
    const groupIds = input.groupIds == null ? null : readGroups(input.groupIds);
    return refusingTakenNames('name', () =>
      this.#database.transaction(async (em) => {
        const authority = await this.#guard.lock(em, caller, can('update:organizations'));
        const present = await loadTarget(em, authority, this.#clock.now(), {
          ...input,
          field: 'id',
          permission: 'update:organizations',
        });
        const changed = { name: name ?? present.name, level: input.level ?? present.levelPosition };
        const levelChange = await this.#changeLevel(em, authority, present, changed.level);
        const groupChange = await this.#changeGroups(em, authority, present, groupIds);
        const unchanged = changed.name === present.name && levelChange === null && groupChange === null;
        if (unchanged) return present;
        await sql(
          em,
          `update organizations set name = $2, name_key = $3, level = $4, version = version + 1, updated_at = $5 where id = $1`,
          [present.id, changed.name, organizationNameKey(changed.name), changed.level, this.#clock.now().toISOString()],
        );
        await this.#recorder.record(em, originOf(caller), [
          updated(present, changed, { ...levelChange, ...groupChange }),
        ]);
        return readOrganization(em, present.id);
      }),
    );
  }

  #requireLevel(level: number | null): void {
    if (level !== null && this.#levels.list[level] === undefined) reject('INVALID_VALUE', { field: ['level'] });
  }

  /** A level below the parent's; the last one has none below. */
  #requireBelow(parent: OrganizationView, level: number): void {
    if (level <= parent.levelPosition || level >= this.#levels.list.length) {
      reject('LEVEL_NOT_ALLOWED', { field: ['level'] });
    }
  }

  /** What of the level changes; null when nothing does. */
  async #changeLevel(
    em: EntityManager,
    authority: Authority,
    present: OrganizationView,
    level: number,
  ): Promise<object | null> {
    if (level === present.levelPosition) return null;
    const [around] = await sql<{ above: number | null; below: number | null }>(
      em,
      `select (select p.level from organizations p where p.id = $2) as above,
         (select min(c.level) from organizations c where c.parent_id = $1) as below`,
      [present.id, present.parentId],
    );
    if (level <= (around?.above ?? -1) || level >= (around?.below ?? Infinity)) {
      reject('LEVEL_NOT_ALLOWED', { field: ['level'] });
    }
    const before = this.#directory.ofLevel(present.levelPosition);
    const after = this.#directory.ofLevel(level);
    const added = after.filter(({ id }) => !before.some((group) => group.id === id));
    const removed = before.filter(({ id }) => !after.some((group) => group.id === id));
    await this.#requireNotRaising(em, authority, present, { groupIds: added.map(({ id }) => id), field: 'level' });
    rejectAny([
      ...takingAwayProblems(authority, removed, present.lineage, 'level'),
      ...handingOutProblems(authority, added, present.lineage, 'level'),
    ]);
    return { level };
  }

  /** Replaces the groups, if another list is wanted; what of them changes, null when nothing does. */
  async #changeGroups(
    em: EntityManager,
    authority: Authority,
    { id, lineage }: OrganizationView,
    wanted: readonly GroupId[] | null,
  ): Promise<object | null> {
    if (wanted === null) return null;
    const present = await groupsOfOrganizations(em, [id]);
    const added = wanted.filter((one) => !present.includes(one));
    const removed = present.filter((one) => !wanted.includes(one));
    if (added.length === 0 && removed.length === 0) return null;
    await this.#requireNotRaising(em, authority, { id, lineage }, { groupIds: added, field: 'groupIds' });
    rejectAny([
      ...groupProblems(this.#directory, authority, removed, { lineage, way: 'takingAway' }),
      ...groupProblems(this.#directory, authority, added, { lineage }),
    ]);
    await sql(em, 'delete from organization_groups where organization_id = $1 and group_id = any($2::uuid[])', [
      id,
      removed,
    ]);
    await sql(em, 'insert into organization_groups (organization_id, group_id) select $1, unnest($2::uuid[])', [
      id,
      added,
    ]);
    return { groupsAdded: added, groupsRemoved: removed };
  }

  /** Members of an organization do not raise their own rights by what it gives to all. */
  async #requireNotRaising(
    em: EntityManager,
    authority: Authority,
    { id, lineage }: Pick<OrganizationView, 'id' | 'lineage'>,
    { groupIds, field }: { readonly groupIds: readonly GroupId[]; readonly field: string },
  ): Promise<void> {
    if (!wouldRaise(authority, this.#directory.list(groupIds), lineage)) return;
    if (await isMember(em, authority, id))
      reject('SELF_ESCALATION', { field: [field], targetId: authority.principal.userId });
  }
}

const updated = (
  before: OrganizationView,
  after: { readonly name: string; readonly level: number },
  facts: Omit<EventPayload<'OrganizationUpdated'>, 'organizationId'>,
): Happening => ({
  ...organizationHappening('organization.updated', after.name, {
    type: 'OrganizationUpdated',
    payload: { organizationId: before.id, ...facts },
  }),
  changes: [
    { field: 'name', before: before.name, after: after.name },
    { field: 'level', before: String(before.levelPosition), after: String(after.level) },
  ].filter((change) => change.before !== change.after),
});

const idempotentRequest = (
  caller: SignedInCaller,
  { idempotencyKey, ...input }: NewOrganizationInput,
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'createOrganization', key: idempotencyKey, input };
