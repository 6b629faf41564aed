import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { sql } from '../database/sql.ts';
import type { Config } from '../config/config.ts';
import { Failure, Rejection } from '../errors.ts';
import { assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import { goesOn } from '../entities/impersonation.queries.ts';
import { apiKeyColumns, type ApiKeyRow, apiKeyViewOf, keyWorksAt2 } from '../entities/api-key.queries.ts';
import type { ApiKeyId, SessionId, UserId } from '../ids.ts';
import { withoutAdministration } from '../permissions/administration.ts';
import { grantsOfKey } from '../permissions/api-key-grants.ts';
import { EffectiveGrants } from '../permissions/effective-grants.ts';
import { impersonatedGrants } from '../permissions/impersonated.ts';
import type { Rule } from '../permissions/rules.ts';
import type { Principal } from '../principal.ts';
import { Authority, type AuthoritySettings } from './authority.ts';
import type { SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';

/** Of the users `u` at `$1`: neither invited, disabled nor locked by hand; an automatic lock takes nothing away. */
const NOT_SHUT_OUT = `u.status = 'ACTIVE'
  and (u.locked_until is null or u.locked_until <= $1::timestamptz or u.status_reason is null)`;

/** An active administrator: holds `admin:*` without constraints, everywhere, and is neither disabled nor locked by hand. */
const ACTIVE_ADMINISTRATORS = `
select distinct u.id from group_grants p
join groups g on g.id = p.group_id and g.scope_mode = 'ALL'
join memberships m on m.group_id = p.group_id and m.organization_id is null
join users u on u.id = m.user_id
where p.action = 'admin' and p.resource = '*' and p.constraints = '[]'
  and u.kind = 'PERSON' and ${NOT_SHUT_OUT}`;

/**
 * Keeps the promises about access that must hold however many requests run at once: changes of access go through one lock,
 * one after another, and are checked by what they leave behind, not by what they intended.
 */
export class AccessGuard {
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;
  readonly #settings: AuthoritySettings;

  constructor(parts: { directory: GroupDirectory; clock: Clock; config: Config }) {
    this.#directory = parts.directory;
    this.#clock = parts.clock;
    const { tokens, mfa, approvals } = parts.config;
    this.#settings = {
      stepUpSeconds: tokens.stepUpSeconds,
      enforceAal2: mfa.enforce,
      twoPersonRule: approvals.twoPersonRule === 'protected',
    };
  }

  /** What the caller may do, as the request began; for changes that need no lock. */
  authorityOf(caller: SignedInCaller): Authority {
    return new Authority(caller.principal, this.#clock.now(), this.#settings);
  }

  /**
   * Takes the lock of access changes for the rest of the transaction and gives what the caller may do at this moment:
   * a change that was committed since the request began counts, and whoever was shut out since holds nothing. Throws UNAUTHENTICATED when the session
   * of the caller was ended since, and what the rule tree would throw when `rule` does not hold any more.
   */
  async lock(em: EntityManager, caller: SignedInCaller, rule: Rule): Promise<Authority> {
    const [row] = await sql<{ epoch: string }>(
      em,
      'select epoch::text as epoch from permission_epoch where id = 1 for update',
    );
    if (row === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    // A statement of its own: the snapshot of the one that waited for the lock is older than what it waited for.
    const held = await this.#grantsOfCaller(em, caller.principal, row.epoch);
    const grants = caller.principal.administrationElsewhere === true ? withoutAdministration(held) : held;
    const authority = new Authority({ ...caller.principal, grants }, this.#clock.now(), this.#settings);
    authority.demand(rule);
    return authority;
  }

  /**
   * Takes the same lock for a change that no caller makes but the server itself: memberships by the rules of an identity
   * provider. What such a change may do is for the settings to say; what it leaves behind is judged all the same.
   */
  async lockForServer(em: EntityManager): Promise<void> {
    const [row] = await sql<{ epoch: string }>(
      em,
      'select epoch::text as epoch from permission_epoch where id = 1 for update',
    );
    if (row === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    await this.#directory.reachWithin(em, row.epoch);
  }

  /** What somebody holds at this moment, in a transaction that has the lock; nothing for whoever is shut out or gone. */
  async grantsOf(em: EntityManager, userId: UserId): Promise<EffectiveGrants> {
    const [row] = await sql<AssignmentsRow>(
      em,
      `select ${assignmentsColumn} from users u where u.id = $2 and ${NOT_SHUT_OUT}`,
      [this.#clock.now().toISOString(), userId],
    );
    return row === undefined ? EffectiveGrants.none : this.#directory.grantsOf(row.assignments);
  }

  /** A new epoch, to be stored in the groups that change in this transaction. */
  async nextEpoch(em: EntityManager): Promise<string> {
    const [row] = await sql<{ epoch: string }>(
      em,
      'update permission_epoch set epoch = epoch + 1 where id = 1 returning epoch::text as epoch',
    );
    if (row === undefined) throw new Error('The row of permission_epoch is missing; run the migrations.');
    return row.epoch;
  }

  /**
   * Refuses with LAST_ADMIN when the transaction would leave no active administrator. `targets` are named in the errors.
   * An installation whose first administrator was never made has nothing to lose.
   */
  async keepAnAdministrator(em: EntityManager, targets: readonly UserId[]): Promise<void> {
    const [row] = await sql<{ left: boolean }>(
      em,
      `select exists (${ACTIVE_ADMINISTRATORS}) or
         (select first_administrator_at is null from permission_epoch) as left`,
      [this.#clock.now().toISOString()],
    );
    if (row?.left === true) return;
    throw new Rejection(
      targets.length === 0
        ? [{ code: 'LAST_ADMIN' }]
        : targets.map((targetId) => ({ code: 'LAST_ADMIN' as const, targetId })),
    );
  }

  /** Refuses with NO_GROUPS_LEFT for each of these users who would be in no group at all. */
  async keepSomeGroup(em: EntityManager, users: readonly UserId[]): Promise<void> {
    const rows = await sql<{ id: UserId }>(
      em,
      `select u.id from users u where u.id = any($1::uuid[])
         and not exists (select from memberships m where m.user_id = u.id)`,
      [users],
    );
    if (rows.length === 0) return;
    throw new Rejection(rows.map((row) => ({ code: 'NO_GROUPS_LEFT', targetId: row.id })));
  }

  /** The administrators among these users, by `admin:*`. */
  async administratorsAmong(em: EntityManager, users: readonly UserId[]): Promise<readonly UserId[]> {
    const rows = await sql<{ id: UserId }>(
      em,
      `select id from (${ACTIVE_ADMINISTRATORS}) a where id = any($2::uuid[])`,
      [this.#clock.now().toISOString(), users],
    );
    return rows.map((row) => row.id);
  }

  /** While impersonating, narrowed by what the actor may do now; nothing once the impersonation is over. */
  async #grantsOfCaller(em: EntityManager, principal: Principal, epoch: string): Promise<EffectiveGrants> {
    if (principal.apiKeyId !== null) return this.#grantsOfKeyNow(em, principal.apiKeyId, epoch);
    const own = await this.#grantsNow(em, principal, epoch);
    if (principal.actorId === null) return own;
    const [goingOn] = await sql(em, `select from impersonations i where i.id = $1 and ${goesOn('$2')}`, [
      principal.impersonationId,
      this.#clock.now().toISOString(),
    ]);
    if (goingOn === undefined) return EffectiveGrants.none;
    const actor = await this.grantsOf(em, principal.actorId);
    return impersonatedGrants(own, actor, principal.impersonationMode);
  }

  /** Never more than the key carries, and nothing when it was ended since. */
  async #grantsOfKeyNow(em: EntityManager, id: ApiKeyId, epoch: string): Promise<EffectiveGrants> {
    const [row] = await sql<ApiKeyRow & AssignmentsRow>(
      em,
      `select ${apiKeyColumns}, ${assignmentsColumn} from api_keys k join users u on u.id = k.owner_id
       where k.id = $1 and ${keyWorksAt2}`,
      [id, this.#clock.now().toISOString()],
    );
    await this.#directory.reachWithin(em, epoch);
    return row === undefined
      ? EffectiveGrants.none
      : grantsOfKey(apiKeyViewOf(row), this.#directory.grantsOf(row.assignments));
  }

  /** Whoever ended a session meanwhile has ended what waits in it, too. */
  async #grantsNow(
    em: EntityManager,
    { userId, sessionId }: { readonly userId: UserId; readonly sessionId: SessionId | null },
    epoch: string,
  ): Promise<EffectiveGrants> {
    await this.#directory.reachWithin(em, epoch);
    const [row] = await sql<AssignmentsRow & { readonly acts: boolean; readonly ended: boolean }>(
      em,
      `select ${assignmentsColumn}, ${NOT_SHUT_OUT} as acts,
         exists (select from sessions s where s.id = $3::uuid and s.ended_at is not null) as ended
       from users u where u.id = $2`,
      [this.#clock.now().toISOString(), userId, sessionId],
    );
    if (row?.ended === true) throw new Failure('UNAUTHENTICATED');
    return row?.acts === true ? this.#directory.grantsOf(row.assignments) : EffectiveGrants.none;
  }
}
