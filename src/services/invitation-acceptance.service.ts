import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import { assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import { acceptInvitation } from '../entities/invitation.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { ownerOfToken } from '../entities/recovery.queries.ts';
import { userColumns, type UserRow, userViewOf } from '../entities/user.queries.ts';
import { type Problem, reject, Rejection } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId, InvitationId, OrganizationId, UserId } from '../ids.ts';
import { shieldedAmong } from '../permissions/grants.ts';
import { EffectiveGrants } from '../permissions/effective-grants.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import type { AccessGuard } from './access-guard.ts';
import { proveAddress } from './address-proof.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { FoundToken, OneTimeTokenService } from './one-time-token.service.ts';
import { couldStillGive, groupsOfAll, groupsWith, insertMembers, membersChanged } from './organization-joining.ts';
import { readOrganization } from './organization-targets.ts';
import type { PasswordTokenService } from './password-token.service.ts';
import type { ClientFacts } from './session-facts.ts';
import { mailedTo, type SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import { readText } from './text.ts';
import { MAXIMUM_GROUPS } from './user.service.ts';

interface AcceptInput {
  readonly token: string;
  readonly password: Secret<string> | null;
  readonly displayName: string | null;
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
}

interface Accepted {
  readonly outcome: SignInOutcome;
  /** null: it was an invitation to an account alone. */
  readonly organization: OrganizationView | null;
}

interface Parts {
  readonly database: Database;
  readonly guard: AccessGuard;
  readonly directory: GroupDirectory;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly passwordTokens: PasswordTokenService;
  readonly signInFlow: SignInFlow;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** What comes with an invitation: the groups that it names, and those of all members. */
interface Offered {
  readonly chosen: readonly GroupView[];
  readonly ofAll: readonly GroupView[];
  readonly organization: OrganizationView;
}

interface OpenInvitation {
  readonly id: InvitationId;
  readonly organization_id: OrganizationId;
  readonly group_ids: readonly GroupId[];
  readonly invited_by_id: UserId | null;
  readonly created_at: string;
}

/** Accepting an invitation by possession of its link. */
export class InvitationAcceptance {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Accepts an invitation and signs in. A new account gets its password and becomes active; whoever has one joins without, by a link
   * that was mailed to the address they still have, and goes the way of every sign-in, second factor included. One transaction uses the
   * link up and makes the membership. Errors: TOKEN_INVALID, also for an account that is closed and for an offer that its maker could not
   * make any more, TOKEN_EXPIRED, TOKEN_USED, REQUIRED
   * without the password of a new account, those of a new password, INVALID_VALUE for a password or name of an existing account,
   * TOO_MANY_GROUPS.
   */
  async accept(caller: Caller, input: AcceptInput): Promise<Accepted> {
    const { database, oneTimeTokens } = this.#parts;
    const reading = database.orm.em.fork();
    const token = await oneTimeTokens.find(reading, input.token, ['INVITE', 'ORGANIZATION_INVITE']);
    const [owner] = token === null ? [] : await sql<UserRow>(reading, ownerOfToken, [token.userId]);
    if (token === null || owner === undefined) return reject('TOKEN_INVALID', { field: ['token'] });
    if (token.state !== 'VALID') return oneTimeTokens.refuse(token);
    if (owner.status === 'INVITED') return this.#activate(caller, token, input);
    if (token.kind === 'INVITE') return reject('TOKEN_INVALID', { field: ['token'] });
    return this.#join(caller, token, owner, input);
  }

  /** Joins, for an account that waits for its password. */
  async #activate(caller: Caller, token: FoundToken, input: AcceptInput): Promise<Accepted> {
    const { guard, passwordTokens } = this.#parts;
    const { password } = input;
    if (password === null) return reject('REQUIRED', { field: ['password'] });
    const name = readName(input.displayName);
    let organization: OrganizationView | null = null;
    const joining = {
      begin: (em: EntityManager) => guard.lockForServer(em),
      finish: async (em: EntityManager, used: FoundToken, user: UserRow): Promise<readonly Happening[]> => {
        await rename(em, user, name, this.#parts.clock.now());
        const joined = await this.#enter(em, used, { ...user, display_name: name ?? user.display_name });
        ({ organization } = joined);
        return joined.happenings;
      },
    };
    const given = { ...input, newPassword: password };
    const outcome = await namingPassword(() =>
      passwordTokens.setPassword(caller, given, token.kind === 'INVITE' ? null : joining),
    );
    if (outcome === null) throw new Error('An invitation with a delivery signs in.');
    return { outcome, organization };
  }

  /** Joins, for an account that is in use: the link proves its address and is the first factor of a sign-in. */
  async #join(caller: Caller, token: FoundToken, owner: UserRow, input: AcceptInput): Promise<Accepted> {
    const { clock, database, guard, oneTimeTokens, recorder, signInFlow } = this.#parts;
    const problems: Problem[] = [];
    if (input.password !== null) problems.push({ code: 'INVALID_VALUE', field: ['password'] });
    if (input.displayName !== null) problems.push({ code: 'INVALID_VALUE', field: ['displayName'] });
    if (problems.length > 0) throw new Rejection(problems);
    const now = clock.now();
    const organization = await database.transaction(async (em) => {
      await guard.lockForServer(em);
      const [row] = await sql<UserRow>(em, `select ${userColumns} from users u where u.id = $1 for update of u`, [
        owner.user_id,
      ]);
      await oneTimeTokens.consume(em, token);
      if (row === undefined || isClosed(row, now)) return reject('TOKEN_INVALID', { field: ['token'] });
      const proved = await this.#prove(em, token, row, now);
      const joined = await this.#enter(em, token, row);
      const origin = { ...originOf(caller), actor: userReference(userViewOf(row, now)) };
      await recorder.record(em, origin, [...proved, ...joined.happenings]);
      return joined.organization;
    });
    const factor = { method: 'POSSESSION', credentialId: token.id, at: now.toISOString() } as const;
    const { delivery, client } = input;
    const proved = { factors: [factor], address: mailedTo(token.context) };
    const facts = { signInMethod: 'INVITATION', ...proved, delivery, client, userId: owner.user_id } as const;
    return { outcome: await signInFlow.proceed(caller, facts), organization };
  }

  /** The link counts for the owner of the address alone: one that was not mailed, or to a former address, is nobody's. */
  async #prove(em: EntityManager, token: FoundToken, row: UserRow, now: Date): Promise<readonly Happening[]> {
    const value = typeof token.context['address'] === 'string' ? token.context['address'] : '';
    const [mailed] = await sql(em, acceptInvitation, [token.id, now.toISOString()]);
    if (mailed === undefined) return reject('TOKEN_INVALID', { field: ['token'] });
    const proof = await proveAddress(em, userViewOf(row, now), 'EMAIL', { now, value });
    return proof.known ? proof.happenings : reject('TOKEN_INVALID', { field: ['token'] });
  }

  /** Makes the membership that was offered, with those of its groups that there still are. */
  async #enter(
    em: EntityManager,
    token: FoundToken,
    row: UserRow,
  ): Promise<{ readonly organization: OrganizationView; readonly happenings: readonly Happening[] }> {
    const [invitation] = await sql<OpenInvitation>(
      em,
      `select i.id, i.organization_id, i.invited_by_id, i.created_at,
         array(select g.id::text from groups g where g.id = any(i.group_ids) order by g.id) as group_ids
       from invitations i where i.token_id = $1 and i.revoked_at is null and i.organization_id is not null`,
      [token.id],
    );
    if (invitation === undefined) return reject('TOKEN_INVALID', { field: ['token'] });
    const [held] = await sql<AssignmentsRow>(em, `select ${assignmentsColumn} from users u where u.id = $1`, [
      row.user_id,
    ]);
    const groupIds = invitation.group_ids;
    if (held !== undefined && groupsWith(held, groupIds) > MAXIMUM_GROUPS) reject('TOO_MANY_GROUPS');
    const organization = await readOrganization(em, invitation.organization_id);
    await this.#demandStanding(em, invitation, organization);
    const userIds = [row.user_id];
    const addedById = invitation.invited_by_id;
    await insertMembers(em, { organization, userIds, groupIds, addedById, now: this.#parts.clock.now() });
    const accepted: Happening = {
      action: 'invitation.accepted',
      target: { type: 'Invitation', id: invitation.id, label: organization.name },
      metadata: { organizationId: organization.id, userId: row.user_id, groupIds },
    };
    const changed = membersChanged(organization, [row], { added: userIds, groupsOf: () => groupIds });
    return { organization, happenings: [accepted, ...changed] };
  }

  /** An offer stands as long as whoever made it could make it: groups grow, and people lose rights or leave. */
  async #demandStanding(em: EntityManager, offer: OpenInvitation, organization: OrganizationView): Promise<void> {
    const { directory, guard } = this.#parts;
    const chosen = directory.list(offer.group_ids);
    const ofAll = await groupsOfAll(em, directory, organization);
    const held = offer.invited_by_id === null ? EffectiveGrants.none : await guard.grantsOf(em, offer.invited_by_id);
    const stands = couldStillGive(held, { chosen, ofAll }, organization.lineage);
    if (!stands || this.#escapesSecondPerson(offer, { chosen, ofAll, organization })) {
      reject('TOKEN_INVALID', { field: ['token'] });
    }
  }

  /**
   * Where a second person is asked, what they agreed to is the offer as it was made. What came to give protected permissions since, or may
   * have, was agreed to without whoever accepts.
   */
  #escapesSecondPerson(offer: OpenInvitation, { chosen, ofAll, organization }: Offered): boolean {
    const { config, directory } = this.#parts;
    if (config.approvals.twoPersonRule !== 'protected') return false;
    const made = instantOf(offer.created_at);
    const isShielded = ({ permissions }: GroupView): boolean =>
      shieldedAmong(permissions, directory.catalogue).length > 0;
    return (
      [...chosen, ...ofAll].some((group) => isShielded(group) && group.updatedAt > made) ||
      (ofAll.some(isShielded) && organization.updatedAt > made)
    );
  }
}

/** Not active, or locked by somebody: an automatic lock, which anybody can cause, keeps nobody out here. */
const isClosed = (row: UserRow, now: Date): boolean => {
  const lockedUntil = instantOf(row.locked_until);
  return row.status !== 'ACTIVE' || (row.status_reason !== null && lockedUntil !== null && lockedUntil > now);
};

const readName = (text: string | null): string | null => {
  if (text === null) return null;
  const read = readText(text, { field: ['displayName'], maximum: 100 });
  if ('problem' in read) throw new Rejection([read.problem]);
  return read.text;
};

const rename = async (em: EntityManager, { user_id: id }: UserRow, name: string | null, now: Date): Promise<void> => {
  if (name === null) return;
  await sql(em, 'update users set display_name = $2, updated_at = $3 where id = $1', [id, name, now.toISOString()]);
};

/** The form of an invitation calls the new password `password`. */
const namingPassword = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const named = error.problems.map((one): Problem =>
      one.field?.[0] === 'newPassword' ? { ...one, field: ['password'] } : one,
    );
    throw new Rejection(named, error.facts);
  }
};
