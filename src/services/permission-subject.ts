import { type Clock, instant } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { type ApiKeyView, apiKeyViewOf } from '../entities/api-key.queries.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import {
  keySubject,
  type KeySubjectRow,
  type SubjectRow,
  userSubject,
} from '../entities/permission-subject.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { type Viewer, type Visibility, visibleUsersWith } from '../entities/user.visibility.ts';
import { Failure, notFound } from '../errors.ts';
import { type ApiKeyId, parseId, type SessionId, type UserId } from '../ids.ts';
import { grantsOfKey } from '../permissions/api-key-grants.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { demand } from '../permissions/judge.ts';
import { can } from '../permissions/rules.ts';
import type { ApiKeyPrincipal, Principal } from '../principal.ts';
import { shownAssignments } from './assignment-visibility.ts';
import type { SignedInCaller } from './caller.ts';
import { type GroupDirectory, permissionVersionOf } from './group-directory.ts';
import { secondFactorDueAt } from './second-factor-policy.ts';

/** Whose permissions are asked about; exactly one field. */
export interface SubjectRequest {
  readonly userId?: string | null | undefined;
  readonly apiKeyId?: string | null | undefined;
  /** True = nobody signed in. */
  readonly anonymous?: boolean | null | undefined;
}

/** Who asks, with what gives them their groups: the caller of a request and its `assignments`. */
export interface AskingCaller extends SignedInCaller {
  readonly assignments: readonly Assignment[];
}

/** Somebody whose permissions are asked about, with the facts that decide. */
export interface PermissionSubject {
  /** null = nobody signed in. Of others: in a session as it is some time after signing in, of one factor, from an unknown address. */
  readonly principal: Principal | null;
  /** May act at this moment; true for nobody. */
  readonly active: boolean;
  /** The user, or the owner of the key; null for nobody. */
  readonly account: UserView | null;
  /** What gives the account its groups; it decides. */
  readonly assignments: readonly Assignment[];
  /** Those of them that whoever asks may be told of: of others none within organizations that are hidden. */
  readonly shown: readonly Assignment[];
  /** null unless it acts by API key. */
  readonly apiKey: ApiKeyView | null;
}

const ANYBODY: PermissionSubject = {
  principal: null,
  active: true,
  account: null,
  assignments: [],
  shown: [],
  apiKey: null,
};

/** Stands where a principal names its session or key and there is none; no row has it. */
const NONE = '00000000-0000-0000-0000-000000000000';

/** So long ago that nothing counts as confirmed. */
const LONG_AGO = instant('1970-01-01T00:00:00Z');

/**
 * Finds those whom questions about permissions are about. Oneself, and the keys one owns, for everybody; others need `view:groups`
 * and must be visible. What is asked never becomes a caller: these principals answer questions and do nothing.
 */
export class PermissionSubjects {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;
  readonly #mfa: Config['mfa'];

  constructor(parts: { database: Database; directory: GroupDirectory; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    this.#mfa = parts.config.mfa;
  }

  /**
   * The subject of a question; absent = the caller, in the session or by the key of this request. One statement, none for the caller.
   * Throws BAD_USER_INPUT unless exactly one field is set, FORBIDDEN without `view:groups` for others, and NOT_FOUND for whoever does
   * not exist or is hidden from the caller; keys of others are hidden without `view:api-keys`.
   */
  async of(caller: AskingCaller, request: SubjectRequest | null | undefined): Promise<PermissionSubject> {
    if (request == null) return asCalling(caller);
    const { userId, apiKeyId, anonymous } = exactlyOne(request);
    if (userId !== null) return this.#user(caller, userId);
    if (apiKeyId !== null) return this.#key(caller, apiKeyId);
    if (anonymous) this.#demandOthers(caller);
    return ANYBODY;
  }

  async #user(caller: AskingCaller, text: string): Promise<PermissionSubject> {
    const { principal } = caller;
    const id = parseId<UserId>(text);
    if (id === principal.userId && principal.via === 'session' && principal.actorId === null) return asCalling(caller);
    if (id !== principal.userId) this.#demandOthers(caller);
    if (id === null) return notFound();
    const visible = visibleUsersWith(this.#viewer(caller), 'view:groups', 3);
    const row = await this.#read<SubjectRow>(userSubject(visible), id, visible);
    if (row === undefined) return notFound();
    const account = userViewOf(row, this.#clock.now());
    return {
      principal: account.kind === 'SERVICE' ? this.#service(row) : this.#person(row, account),
      active: row.active,
      account,
      assignments: row.assignments,
      shown: this.#shown(caller, row),
      apiKey: null,
    };
  }

  /** An own key needs nothing; before the row is read, nobody knows whose it is, so a hidden one looks like none. */
  async #key(caller: AskingCaller, text: string): Promise<PermissionSubject> {
    const id = parseId<ApiKeyId>(text);
    const viewer = this.#viewer(caller);
    const visible = visibleUsersWith(viewer, 'view:api-keys', 3);
    const row = id === null ? undefined : await this.#read<KeySubjectRow>(keySubject(visible), id, visible);
    if (row === undefined) {
      this.#demandOthers(caller);
      return notFound();
    }
    if (row.owner_id !== caller.principal.userId) this.#demandOthers(caller);
    const apiKey = apiKeyViewOf(row);
    const owned = this.#directory.grantsOf(row.assignments);
    return {
      principal: {
        ...this.#byKey(row, grantsOfKey(apiKey, owned)),
        apiKeyId: apiKey.id,
        authenticatedAt: apiKey.createdAt,
        permissionVersion: `${permissionVersionOf(row.epoch, row.assignments)}.${apiKey.version}`,
      },
      active: row.active,
      account: userViewOf(row, this.#clock.now()),
      assignments: row.assignments,
      shown: this.#shown(caller, row),
      apiKey,
    };
  }

  #shown(caller: AskingCaller, row: SubjectRow): readonly Assignment[] {
    return shownAssignments(this.#viewer(caller), caller.assignments)(row.user_id, row.assignments);
  }

  async #read<Row extends SubjectRow>(text: string, id: string, { values }: Visibility): Promise<Row | undefined> {
    const [row] = await this.#database.query<Row>(text, [id, this.#clock.now().toISOString(), ...values]);
    if (row !== undefined) await this.#directory.reach(row.epoch);
    return row;
  }

  #viewer({ principal }: SignedInCaller): Viewer {
    return { principal, now: this.#clock.now() };
  }

  #demandOthers(caller: SignedInCaller): void {
    demand(can('view:groups'), this.#viewer(caller));
  }

  #person(row: SubjectRow, account: UserView): Principal {
    return {
      kind: 'person',
      via: 'session',
      sessionId: NONE as SessionId,
      apiKeyId: null,
      secondFactorDueAt: secondFactorDueAt(account, this.#mfa),
      grants: this.#directory.grantsOf(row.assignments),
      permissionVersion: permissionVersionOf(row.epoch, row.assignments),
      ...atRest(row),
    };
  }

  /** Services have no sessions: all that one can do is what a key that carries everything could. */
  #service(row: SubjectRow): Principal {
    const owned = this.#directory.grantsOf(row.assignments);
    return this.#byKey(row, grantsOfKey({ allMyPermissions: true, permissions: [] }, owned));
  }

  #byKey(row: SubjectRow, grants: EffectiveGrants): ApiKeyPrincipal {
    return {
      ...atRest(row),
      kind: row.kind === 'SERVICE' ? 'service' : 'person',
      via: 'apiKey',
      sessionId: null,
      apiKeyId: NONE as ApiKeyId,
      secondFactorDueAt: null,
      grants,
      permissionVersion: permissionVersionOf(row.epoch, row.assignments),
    };
  }
}

const atRest = (row: SubjectRow) =>
  ({
    userId: row.user_id,
    actorId: null,
    impersonationId: null,
    impersonationMode: null,
    organizationId: null,
    assuranceLevel: 'AAL1',
    authenticatedAt: LONG_AGO,
    ipAddress: null,
  }) as const;

const asCalling = (caller: AskingCaller): PermissionSubject => ({
  principal: caller.principal,
  active: true,
  account: caller.account,
  assignments: caller.assignments,
  shown: caller.assignments,
  apiKey: caller.apiKey,
});

const exactlyOne = ({ userId = null, apiKeyId = null, anonymous = false }: SubjectRequest) => {
  const given = [userId !== null, apiKeyId !== null, anonymous === true].filter(Boolean).length;
  if (given !== 1) {
    throw new Failure('BAD_USER_INPUT', 'A subject is exactly one of a user, an API key, and nobody.');
  }
  return { userId, apiKeyId, anonymous };
};
