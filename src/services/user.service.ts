import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { type Problem, rejectAny, Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type GroupId, newId, type OrganizationId, parseId, type UserId } from '../ids.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { type AttributeValues, type UserAttributes } from './attributes.ts';
import type { Authority, Way } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import { type AskingCallerRow, standsAsBefore } from './caller-standing.ts';
import { type GroupDirectory, whereOf } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import {
  type DeliveredInvitation,
  type InvitationService,
  NOBODY_INVITED,
  type SentLink,
} from './invitation.service.ts';
import {
  accountValues,
  type Identifiers,
  readIdentifiers,
  refusingTakenIdentifiers,
  refusingVanishedGroups,
  shownAddresses,
} from './new-user.ts';
import { divided, joinAsNew, newUserHappenings } from './new-member.ts';
import { groupsOfOrganizations, handingOutProblems, loadTarget } from './organization-targets.ts';
import type { PasswordService } from './passwords.ts';
import { repeatedUser } from './repeated-requests.ts';
import { Reading } from './text.ts';
import { userCreation } from './user-creation.statements.ts';

/** A user can be in at most this many groups. */
export const MAXIMUM_GROUPS = 100;

export interface NewUserInput {
  readonly email: string | null;
  readonly phone: string | null;
  readonly username: string | null;
  readonly displayName: string;
  readonly locale: string | null;
  readonly groupIds: readonly string[];
  /** To join; the groups beyond Members hold within it. */
  readonly organizationId: string | null;
  readonly password: Secret<string> | null;
  readonly passwordChangeRequired: boolean | null;
  /** Custom attributes. */
  readonly attributes: object | null;
  readonly idempotencyKey: string | null;
}

/** A new user with what became of the invitation; both null when a password was given. */
export interface CreatedUser extends DeliveredInvitation {
  readonly user: UserView;
}

/** What was saved: with an invitation that is still to be delivered, or, of an earlier request, as it stands. */
interface SavedUser {
  readonly user: UserView;
  readonly sent: SentLink | null;
  readonly earlier: DeliveredInvitation | null;
}

const NOT_INVITED: DeliveredInvitation = { inviteEmail: null, setupLink: null };

interface CheckedInput {
  readonly identifiers: Identifiers;
  readonly displayName: string;
  readonly locale: string;
  readonly groupIds: readonly GroupId[];
  readonly attributes: AttributeValues;
}

/** Makes users. */
export class UserService {
  readonly #database: Database;
  readonly #passwords: PasswordService;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #attributes: UserAttributes;
  readonly #invitations: InvitationService;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    passwords: PasswordService;
    directory: GroupDirectory;
    guard: AccessGuard;
    attributes: UserAttributes;
    invitations: InvitationService;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#passwords = parts.passwords;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#attributes = parts.attributes;
    this.#invitations = parts.invitations;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Makes a user, ACTIVE with a password, else INVITED with a set-up link, which is mailed where that is possible: whatever becomes
   * of the mail, the user is kept. Nobody puts people into groups that give more than they hold, nor into an organization that does;
   * whoever may make users within an organization only makes them there. Errors: those of the fields, EXACTLY_ONE_REQUIRED without any
   * address, NO_GROUPS_LEFT, TARGET_NOT_FOUND for groups and the organization, EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, those of a new password, *_IN_USE.
   */
  async create(caller: SignedInCaller, input: NewUserInput): Promise<CreatedUser> {
    const checked = this.#check(caller, input);
    const person = { ...input, displayName: checked.displayName };
    const use = { field: 'password' };
    const password = input.password === null ? null : await this.#passwords.prepare(person, input.password, use);
    const passwordHash = password?.hash ?? null;
    const request = idempotentRequest(caller, input);
    const save = (): Promise<SavedUser> =>
      this.#database.transaction(async (em) => {
        const earlier = await this.#idempotency.claim<{ userId: UserId }>(em, request);
        if (earlier !== null) {
          const viewer = { principal: caller.principal, now: this.#clock.now() };
          const user = await repeatedUser(em, viewer, earlier.userId, { permission: 'create:users' });
          return { user, sent: null, earlier: await this.#invitations.present(em, earlier.userId) };
        }
        const saved = await this.#save(em, caller, { checked, input, passwordHash });
        await this.#idempotency.keep(em, request, { userId: saved.user.id });
        return saved;
      });
    const read = this.#database.query.bind(this.#database);
    const { user, sent, earlier } = await refusingTakenIdentifiers(read, checked.identifiers, () =>
      refusingVanishedGroups(read, checked.groupIds, save),
    );
    const delivered = sent === null ? (earlier ?? NOT_INVITED) : await this.#invitations.deliver(sent);
    return { user, ...delivered };
  }

  async #save(
    em: EntityManager,
    caller: SignedInCaller,
    { checked, input, passwordHash }: { checked: CheckedInput; input: NewUserInput; passwordHash: string | null },
  ): Promise<SavedUser> {
    const now = this.#clock.now();
    const place = await this.#place(em, caller, checked, input.organizationId);
    const [everywhere, within] = divided(checked.groupIds, place);
    const { identifiers, displayName, locale, groupIds } = checked;
    const addedById = caller.principal.userId;
    const id = newId<UserId>();
    const account = accountValues(id, {
      ...checked,
      groupIds: everywhere,
      status: passwordHash === null ? 'INVITED' : 'ACTIVE',
      // Not vouched for: whoever makes the account, of one organization perhaps, need not tell whose the address is, and knows the
      // password. The first proof by its owner takes that away.
      verifiedAt: null,
      passwordHash,
      passwordChangeRequired: passwordHash !== null && (input.passwordChangeRequired ?? true),
      addedById,
      now,
    });
    const made = { id, kind: 'PERSON', displayName, locale, ...shownAddresses(identifiers) } as const;
    const invited =
      passwordHash === null ? this.#invitations.prepare(made, { invitedById: addedById, groupIds }) : null;
    const { token, message, invitation } = invited ?? NOBODY_INVITED;
    const record = this.#recorder.values(originOf(caller), newUserHappenings(made, groupIds, place, invited !== null));
    const asking = [addedById, now.toISOString(), caller.principal.sessionId];
    const values = userCreation.values({ caller: asking, account, token, message, invitation, record });
    const [row] = await sql<UserRow & AskingCallerRow>(em, userCreation.text, values);
    if (row === undefined) throw new Error('The new account is not there.');
    if (place === null && !standsAsBefore(caller, row)) {
      rejectAny(this.#problemsEverywhere(await this.#guard.lock(em, caller, can('create:users')), groupIds));
    }
    if (place !== null) await joinAsNew(em, { place, userId: id, groupIds: within, addedById, now });
    return { user: userViewOf(row, now), sent: invited?.sent ?? null, earlier: null };
  }

  #check(caller: SignedInCaller, input: NewUserInput): CheckedInput {
    const reading = new Reading();
    const displayName = reading.text(input.displayName, { field: ['displayName'], maximum: 100 });
    const locale = input.locale === null ? 'en' : reading.locale(input.locale);
    const { identifiers, problems } = readIdentifiers(input);
    const none = input.email === null && input.phone === null && input.username === null;
    const groups = readGroupIds(input.groupIds);
    const attributes = this.#attributes.read(input.attributes, 'administrator');
    const authority = this.#guard.authorityOf(caller);
    const all = [
      ...reading.problems,
      ...problems,
      ...attributes.problems,
      ...(none ? [{ code: 'REQUIRED', field: ['email'] } as const] : []),
      ...groups.problems,
      ...(input.organizationId === null ? this.#problemsEverywhere(authority, groups.ids) : []),
    ];
    if (all.length > 0) throw new Rejection(all);
    const values = this.#attributes.after({}, attributes.changes);
    return { identifiers, displayName, locale, groupIds: groups.ids, attributes: values };
  }

  #problemsEverywhere(authority: Authority, groupIds: readonly GroupId[]): readonly Problem[] {
    authority.demandAt('create:users', []);
    return assignmentProblems(this.#directory, authority, groupIds, { field: 'groupIds' });
  }

  /** A hidden organization looks like a missing one; what its members get by it must be the caller's to give. */
  async #place(
    em: EntityManager,
    caller: SignedInCaller,
    { groupIds }: CheckedInput,
    id: string | null,
  ): Promise<OrganizationView | null> {
    if (id === null) return null;
    const authority = await this.#guard.lock(em, caller, can('create:users'));
    const target = { id, field: 'organizationId', permission: 'create:users' } as const;
    const place = await loadTarget(em, authority, this.#clock.now(), target);
    authority.demandAt('assign:organizations', place.lineage);
    const ofAll = this.#directory.list(await groupsOfOrganizations(em, [place.id]));
    rejectAny([
      ...assignmentProblems(this.#directory, authority, groupIds, { field: 'groupIds', lineage: place.lineage }),
      ...handingOutProblems(
        authority,
        [...ofAll, ...this.#directory.ofLevel(place.levelPosition)],
        place.lineage,
        'organizationId',
      ),
    ]);
    return place;
  }
}

/** Reads a list of groups: at least one, at most 100, each once. */
export const readGroupIds = (
  texts: readonly string[],
): { readonly ids: readonly GroupId[]; readonly problems: readonly Problem[] } => {
  const field = ['groupIds'];
  if (texts.length === 0) return { ids: [], problems: [{ code: 'NO_GROUPS_LEFT', field }] };
  if (texts.length > MAXIMUM_GROUPS) return { ids: [], problems: [{ code: 'TOO_MANY_GROUPS', field }] };
  const ids = new Set<GroupId>();
  const problems: Problem[] = [];
  for (const text of texts) {
    const id = parseId<GroupId>(text);
    if (id === null) problems.push({ code: 'TARGET_NOT_FOUND', field, targetId: text.slice(0, 100) });
    else ids.add(id);
  }
  return { ids: [...ids], problems };
};

interface AssignmentPlace {
  readonly field: string;
  /** Of the organization within which; absent or null = wherever the groups reach. */
  readonly lineage?: readonly OrganizationId[] | null;
  /** Which way people go; absent = into the groups. */
  readonly way?: Way;
}

/**
 * What stands in the way of putting people into these groups, or of taking them out, within the organization of the lineage, or
 * wherever the groups reach: which takes the right to give them everywhere, however far they reach today. Everybody may use Members.
 * Throws FORBIDDEN.
 */
export const assignmentProblems = (
  directory: GroupDirectory,
  authority: Authority,
  groupIds: readonly GroupId[],
  { field, lineage = null, way = 'handingOut' }: AssignmentPlace,
): readonly Problem[] => {
  const beyondMembers = groupIds.filter((id) => id !== MEMBERS_GROUP_ID);
  const groups = beyondMembers.map((id) => ({ id, group: directory.find(id) }));
  const unknown = groups
    .filter(({ group }) => group === undefined)
    .map(({ id }): Problem => ({ code: 'TARGET_NOT_FOUND', field: [field], targetId: id }));
  if (unknown.length > 0) return unknown;
  if (beyondMembers.length > 0) authority.demandAt('assign:groups', lineage ?? []);
  return groups.flatMap(({ id, group }) =>
    group === undefined
      ? []
      : authority[way](group.permissions, lineage === null ? whereOf(group) : [lineage], {
          field: [field],
          targetId: id,
        }),
  );
};

const idempotentRequest = (caller: SignedInCaller, input: NewUserInput): IdempotentRequest | null => {
  const { idempotencyKey, password, ...rest } = input;
  if (idempotencyKey === null) return null;
  // Whether a password was given is part of the request; the password itself is not even hashed into the table.
  const comparable = { ...rest, password: password !== null };
  return { actorId: caller.principal.userId, mutation: 'createUser', key: idempotencyKey, input: comparable };
};
