import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { insertServiceAccount } from '../entities/service-account.queries.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type GroupId, type MembershipId, newId, type UserId } from '../ids.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import { and, can, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { refusingVanishedGroups } from './new-user.ts';
import {
  groupsOfOrganizations,
  handingOutProblems,
  loadTarget,
  organizationHappening,
} from './organization-targets.ts';
import { repeatedUser } from './repeated-requests.ts';
import { Reading } from './text.ts';
import { assignmentProblems, readGroupIds } from './user.service.ts';

const PERMISSION = 'create:service-accounts';
const MAKE: Rule = and(can(PERMISSION), viaSession, notImpersonating);
const NAME = { field: ['name'], maximum: 100 } as const;

export interface NewServiceAccountInput {
  readonly name: string;
  readonly groupIds: readonly string[];
  readonly organizationId: string | null;
  readonly idempotencyKey: string | null;
}

/**
 * Makes service accounts: accounts of programs, which have neither identifiers nor credentials and act by API key only. What they may
 * do is said by their groups, as with people.
 */
export class ServiceAccountService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Makes a service account, ACTIVE from the start. Nobody puts it into groups that give more than they hold; whoever may make them
   * within an organization only makes them there. Errors: REQUIRED, TOO_LONG, NO_GROUPS_LEFT, TOO_MANY_GROUPS, TARGET_NOT_FOUND,
   * EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION. Throws FORBIDDEN and STEP_UP_REQUIRED.
   */
  async create(caller: SignedInCaller, input: NewServiceAccountInput): Promise<UserView> {
    const reading = new Reading();
    const name = reading.text(input.name, NAME);
    const groups = readGroupIds(input.groupIds);
    rejectAny([...reading.problems, ...groups.problems]);
    const request = idempotentRequest(caller, input);
    const read = this.#database.query.bind(this.#database);
    return refusingVanishedGroups(read, groups.ids, () =>
      this.#database.transaction(async (em) => {
        const authority = await this.#guard.lock(em, caller, MAKE);
        const earlier = await this.#idempotency.claim<{ userId: UserId }>(em, request);
        if (earlier !== null)
          return repeatedUser(em, this.#viewer(authority), earlier.userId, { permission: PERMISSION });
        const place = await this.#place(em, authority, input.organizationId);
        rejectAny(
          assignmentProblems(this.#directory, authority, groups.ids, {
            field: 'groupIds',
            lineage: place?.lineage ?? null,
          }),
        );
        const user = await this.#save(em, caller, { name, groupIds: groups.ids, place });
        await this.#idempotency.keep(em, request, { userId: user.id });
        return user;
      }),
    );
  }

  /** A hidden organization looks like a missing one; what its members get by it must be the caller's to give. */
  async #place(em: EntityManager, authority: Authority, id: string | null): Promise<OrganizationView | null> {
    if (id === null) {
      authority.demandAt(PERMISSION, []);
      return null;
    }
    const target = { id, field: 'organizationId', permission: PERMISSION } as const;
    const organization = await loadTarget(em, authority, this.#clock.now(), target);
    authority.demandAt('assign:organizations', organization.lineage);
    const ofAll = this.#directory.list(await groupsOfOrganizations(em, [organization.id]));
    const given = [...ofAll, ...this.#directory.ofLevel(organization.levelPosition)];
    rejectAny(handingOutProblems(authority, given, organization.lineage, 'organizationId'));
    return organization;
  }

  async #save(
    em: EntityManager,
    caller: SignedInCaller,
    { name, groupIds, place }: { name: string; groupIds: readonly GroupId[]; place: OrganizationView | null },
  ): Promise<UserView> {
    const now = this.#clock.now();
    const [row] = await sql<UserRow>(em, insertServiceAccount, [
      newId<UserId>(),
      name,
      now.toISOString(),
      groupIds.map(() => newId<MembershipId>()),
      groupIds,
      caller.principal.userId,
      place?.id ?? null,
      // As for people: Members is for everybody, everywhere; what else comes with an organization holds within it.
      groupIds.map((id) => (id === MEMBERS_GROUP_ID ? null : (place?.id ?? null))),
    ]);
    if (row === undefined) throw new Error('The new service account is not there.');
    const user = userViewOf(row, now);
    await this.#recorder.record(em, originOf(caller), happenings(user, groupIds, place));
    return user;
  }

  #viewer({ principal }: Authority): Viewer {
    return { principal, now: this.#clock.now() };
  }
}

const happenings = (
  user: UserView,
  groupIds: readonly GroupId[],
  place: OrganizationView | null,
): readonly Happening[] => {
  const created: Happening = {
    action: 'user.created',
    target: userReference(user),
    metadata: { kind: user.kind, groupIds },
    event: { type: 'UserRegistered', payload: { userId: user.id, kind: user.kind, groupIds } },
  };
  if (place === null) return [created];
  const joined = organizationHappening('organization.members-changed', place.name, {
    type: 'OrganizationMembersChanged',
    payload: { organizationId: place.id, added: [user.id], removed: [] },
  });
  return [created, joined];
};

const idempotentRequest = (
  caller: SignedInCaller,
  { idempotencyKey, ...input }: NewServiceAccountInput,
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'createServiceAccount', key: idempotencyKey, input };
