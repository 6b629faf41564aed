import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { type Problem, Rejection, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type GroupId, parseId, type UserId } from '../ids.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import type { InvitationService, IssuedInvitation } from './invitation.service.ts';
import {
  type Identifiers,
  readIdentifiers,
  refusingTakenIdentifiers,
  refusingVanishedGroups,
  saveNewUser,
} from './new-user.ts';
import { requireStrongPassword } from './passwords.ts';
import { userReference } from './sign-in.service.ts';
import { Reading } from './text.ts';

/** A user can be in at most this many groups. */
export const MAXIMUM_GROUPS = 100;

export interface NewUserInput {
  readonly email: string | null;
  readonly phone: string | null;
  readonly username: string | null;
  readonly displayName: string;
  readonly locale: string | null;
  readonly groupIds: readonly string[];
  readonly password: Secret<string> | null;
  readonly passwordChangeRequired: boolean | null;
  readonly idempotencyKey: string | null;
}

export interface CreatedUser {
  readonly user: UserView;
  /** Set when no password was given. The link is there only the first time: a repeated request gets no secret. */
  readonly invitation: IssuedInvitation | null;
}

interface CheckedInput {
  readonly identifiers: Identifiers;
  readonly displayName: string;
  readonly locale: string;
  readonly groupIds: readonly GroupId[];
}

/** Makes users. */
export class UserService {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #invitations: InvitationService;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    directory: GroupDirectory;
    guard: AccessGuard;
    invitations: InvitationService;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#invitations = parts.invitations;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /**
   * Makes a user, ACTIVE with a password, else INVITED with a set-up link. Nobody puts people into groups that give more
   * than they hold. Errors: those of the fields, EXACTLY_ONE_REQUIRED without any address, NO_GROUPS_LEFT, TARGET_NOT_FOUND
   * for groups, EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, WEAK_PASSWORD, *_IN_USE.
   */
  async create(caller: SignedInCaller, input: NewUserInput): Promise<CreatedUser> {
    const checked = this.#check(caller, input);
    const passwordHash = input.password === null ? null : await this.#hasher.hash(input.password);
    const request = idempotentRequest(caller, input);
    const save = (): Promise<CreatedUser> =>
      this.#database.transaction(async (em) => {
        const earlier = await this.#idempotency.claim<{ userId: UserId }>(em, request);
        if (earlier !== null) return { user: await this.#read(em, earlier.userId), invitation: null };
        const created = await this.#save(em, caller, { checked, input, passwordHash });
        await this.#idempotency.keep(em, request, { userId: created.user.id });
        return created;
      });
    const read = this.#database.query.bind(this.#database);
    return refusingTakenIdentifiers(read, checked.identifiers, () =>
      refusingVanishedGroups(read, checked.groupIds, save),
    );
  }

  async #save(
    em: EntityManager,
    caller: SignedInCaller,
    { checked, input, passwordHash }: { checked: CheckedInput; input: NewUserInput; passwordHash: string | null },
  ): Promise<CreatedUser> {
    const now = this.#clock.now();
    const saved = await saveNewUser(em, {
      ...checked,
      status: passwordHash === null ? 'INVITED' : 'ACTIVE',
      verifiedAt: null,
      passwordHash,
      passwordChangeRequired: passwordHash !== null && (input.passwordChangeRequired ?? true),
      addedById: caller.principal.userId,
      now,
    });
    const invitation = passwordHash === null ? await this.#invitations.issue(em, saved.id) : null;
    await this.#recorder.record(em, originOf(caller), [
      {
        action: 'user.created',
        target: userReference(saved),
        metadata: { invited: invitation !== null, groupIds: checked.groupIds },
        event: { type: 'UserRegistered', payload: { userId: saved.id, kind: saved.kind, groupIds: checked.groupIds } },
      },
    ]);
    return { user: saved, invitation };
  }

  #check(caller: SignedInCaller, input: NewUserInput): CheckedInput {
    const reading = new Reading();
    const displayName = reading.text(input.displayName, { field: ['displayName'], maximum: 100 });
    const locale = input.locale === null ? 'en' : reading.locale(input.locale);
    const { identifiers, problems } = readIdentifiers(input);
    const none = input.email === null && input.phone === null && input.username === null;
    const groups = readGroupIds(input.groupIds);
    const authority = this.#guard.authorityOf(caller);
    const all = [
      ...reading.problems,
      ...problems,
      ...(none ? [{ code: 'REQUIRED', field: ['email'] } as const] : []),
      ...groups.problems,
      ...assignmentProblems(this.#directory, authority, groups.ids, 'groupIds'),
    ];
    if (all.length > 0) throw new Rejection(all);
    if (input.password !== null) {
      requireStrongPassword(
        input.password,
        { ...input, displayName },
        { field: 'password', settings: this.#config.passwords },
      );
    }
    return { identifiers, displayName, locale, groupIds: groups.ids };
  }

  async #read(em: EntityManager, id: UserId): Promise<UserView> {
    const [row] = await sql<UserRow>(em, `select ${userColumns} from users u where u.id = $1`, [id]);
    return row === undefined ? reject('TARGET_NOT_FOUND', { targetId: id }) : userViewOf(row, this.#clock.now());
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

/** What stands in the way of putting people into these groups (or taking them out). Everybody may use Members. */
export const assignmentProblems = (
  directory: GroupDirectory,
  authority: Authority,
  groupIds: readonly GroupId[],
  field: string,
): readonly Problem[] => {
  const beyondMembers = groupIds.filter((id) => id !== MEMBERS_GROUP_ID);
  const groups = beyondMembers.map((id) => ({ id, group: directory.find(id) }));
  const unknown = groups
    .filter(({ group }) => group === undefined)
    .map(({ id }): Problem => ({ code: 'TARGET_NOT_FOUND', field: [field], targetId: id }));
  if (unknown.length > 0) return unknown;
  if (beyondMembers.length > 0) authority.demand(can('assign:groups'));
  return groups.flatMap(({ id, group }) =>
    authority.handingOut(group?.permissions ?? [], { field: [field], targetId: id }),
  );
};

const idempotentRequest = (caller: SignedInCaller, input: NewUserInput): IdempotentRequest | null => {
  const { idempotencyKey, password, ...rest } = input;
  if (idempotencyKey === null) return null;
  // Whether a password was given is part of the request; the password itself is not even hashed into the table.
  const comparable = { ...rest, password: password !== null };
  return { actorId: caller.principal.userId, mutation: 'createUser', key: idempotencyKey, input: comparable };
};
