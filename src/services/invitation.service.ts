import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  insertInvitation,
  invitationById,
  type InvitationRow,
  type InvitationView,
  invitationViewOf,
  latestInvitations,
  latestInviteMail,
  NO_INVITATION,
} from '../entities/invitation.queries.ts';
import { type MessageRow, type MessageView, messageViewOf } from '../entities/message.queries.ts';
import { NO_TOKEN } from '../entities/one-time-token.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type GroupId, type InvitationId, type MessageId, newId, type UserId } from '../ids.ts';
import { type MessageOutbox, type NewMessage, NO_MESSAGE } from '../messages/message-outbox.ts';
import type { MessageWorker } from '../messages/message-worker.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import type { IssuedToken, OneTimeTokenService } from './one-time-token.service.ts';
import { repeatedUser } from './repeated-requests.ts';
import { lockTargets, readUserIds } from './user-targets.ts';

/** One mail per account within this time, unless the last one did not leave. */
export const LINK_COOLDOWN_SECONDS = 60;

/** The link of an invitation that was written; its mail leaves after the commit. */
export interface SentLink {
  /** null: no mail can carry it. */
  readonly messageId: MessageId | null;
  /** Works once, until it expires or a newer one is made. */
  readonly link: string;
}

export interface SentInvitation extends SentLink {
  readonly invitation: InvitationView;
}

/** Values of the parts of `userCreation`. */
interface InvitationParts {
  readonly token: readonly unknown[];
  readonly message: readonly unknown[];
  readonly invitation: readonly unknown[];
}

export interface PreparedInvitation extends InvitationParts {
  readonly sent: SentLink;
}

/** For an account that has a password from the start. */
export const NOBODY_INVITED: InvitationParts = { token: NO_TOKEN, message: NO_MESSAGE, invitation: NO_INVITATION };

type Invitee = Pick<UserView, 'id' | 'email' | 'displayName' | 'locale'>;

interface Inviting {
  /** null: the person asked for it. */
  readonly invitedById: UserId | null;
  /** Named in the mail. */
  readonly groupIds: readonly GroupId[];
}

/** What became of the link: on its way by mail, or handed to the caller. */
export interface DeliveredInvitation {
  /** null when the account has no address. */
  readonly inviteEmail: MessageView | null;
  /** Set only when nothing can be mailed. */
  readonly setupLink: string | null;
}

export interface ResentInvitation extends DeliveredInvitation {
  readonly user: UserView;
  readonly invitation: InvitationView | null;
  /** Seconds until the next one may be sent, when nothing was sent. */
  readonly retryAfterSeconds: number | null;
}

/** Undoes the transaction: the last mail went a moment ago. */
class TooSoon extends Error {
  override readonly name = 'TooSoon';
  readonly answer: ResentInvitation;

  constructor(answer: ResentInvitation) {
    super('The last invitation was sent a moment ago.');
    this.answer = answer;
  }
}

interface Parts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly messages: MessageOutbox;
  readonly messageWorker: MessageWorker;
  readonly guard: AccessGuard;
  readonly directory: GroupDirectory;
  readonly idempotency: IdempotencyService;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
}

/** Set-up links of accounts that have no password yet. */
export class InvitationService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The first invitation to an account that is about to be made, with the values of the parts of `userCreation`. `deliver` it after
   * the commit.
   */
  prepare(user: Invitee, { invitedById, groupIds }: Inviting): PreparedInvitation {
    const { clock, messages, oneTimeTokens } = this.#parts;
    const now = clock.now();
    const expiresAt = this.#expiresAt(now);
    const { issued, values: token } = oneTimeTokens.prepare({ kind: 'INVITE', userId: user.id, expiresAt });
    const link = this.#linkOf(issued);
    const mail = this.#mailOf(user, { link, expiresAt, groupIds });
    const message = mail === null ? null : messages.values(mail);
    const messageId = message?.[0] ?? null;
    const id = newId<InvitationId>();
    const times = [now.toISOString(), expiresAt.toISOString()];
    return {
      sent: { messageId, link },
      token,
      message: message ?? NO_MESSAGE,
      invitation: [id, user.id, user.email, invitedById, issued.id, messageId, ...times],
    };
  }

  /**
   * Invites a user, in the transaction that holds its row: older links stop working, the invitation becomes
   * the successor of the one before, and the link goes to the address of the account if it has one. `deliver` it after the commit.
   */
  async send(em: EntityManager, user: UserView, { invitedById, groupIds }: Inviting): Promise<SentInvitation> {
    const { clock, messages, oneTimeTokens } = this.#parts;
    const now = clock.now();
    const expiresAt = this.#expiresAt(now);
    const issued = await oneTimeTokens.issue(em, { kind: 'INVITE', userId: user.id, expiresAt });
    const link = this.#linkOf(issued);
    const mail = this.#mailOf(user, { link, expiresAt, groupIds });
    const messageId = mail === null ? null : await messages.enqueue(em, mail);
    const [row] = await sql<InvitationRow>(em, insertInvitation, [
      newId<InvitationId>(),
      user.id,
      user.email,
      invitedById,
      issued.id,
      messageId,
      now.toISOString(),
      expiresAt.toISOString(),
      null,
      [],
    ]);
    if (row === undefined) throw new Error('The new invitation is not there.');
    return { invitation: invitationViewOf(row, now), messageId, link };
  }

  /** Waits at most two seconds for the mail. Whoever invites gets the link only where no mail can carry it. */
  async deliver({ messageId, link }: SentLink): Promise<DeliveredInvitation> {
    if (messageId === null) return { inviteEmail: null, setupLink: link };
    const [inviteEmail] = await this.#parts.messageWorker.deliver([messageId]);
    const setupLink = inviteEmail?.state === 'NOT_CONFIGURED' ? link : null;
    return { inviteEmail: inviteEmail ?? null, setupLink };
  }

  /** The delivery of the latest invitation as it stands, for a request that is repeated: no secret is shown again. */
  async present(em: EntityManager, userId: UserId): Promise<DeliveredInvitation> {
    const [row] = await sql<MessageRow>(em, latestInviteMail, [userId]);
    return { inviteEmail: row === undefined ? null : messageViewOf(row), setupLink: null };
  }

  /**
   * Invites somebody again; older links stop working. Where nothing can be mailed the link is shown to the caller, so nobody gets
   * one for an account that may do what they may not. Within a minute of a mail that left, nothing is sent. Errors:
   * TARGET_NOT_FOUND, INVITATION_NOT_PENDING, EXCEEDS_OWN_PERMISSIONS; throws IDEMPOTENCY_KEY_REUSED, and STEP_UP_REQUIRED for an
   * account that holds protected permissions.
   */
  async resend(
    caller: SignedInCaller,
    input: { readonly userId: string; readonly idempotencyKey: string | null },
  ): Promise<ResentInvitation> {
    const ids = readUserIds([input.userId], 'userId');
    const request = requestOf(caller, input);
    try {
      const { user, sent, earlier } = await this.#parts.database.transaction(async (em) => {
        const known = await this.#parts.idempotency.claim<StoredAnswer>(em, request);
        if (known !== null) return { ...(await this.#earlier(em, caller, known)), sent: null };
        const invited = await this.#resend(em, caller, ids);
        await this.#parts.idempotency.keep(em, request, answerOf(invited));
        return { ...invited, earlier: null };
      });
      if (sent === null) return { user, ...earlier };
      const { invitation } = sent;
      return { user, invitation, retryAfterSeconds: null, ...(await this.deliver(sent)) };
    } catch (error) {
      if (error instanceof TooSoon) return error.answer;
      throw error;
    }
  }

  #expiresAt(now: Date): Date {
    return secondsAfter(now, this.#parts.config.tokens.inviteTtlSeconds);
  }

  /** The token stands in the fragment, which browsers send to no server and no log. */
  #linkOf({ token }: IssuedToken): string {
    return `${this.#parts.config.server.baseUrl}/account/invite#token=${token.reveal()}`;
  }

  /** null without an address. */
  #mailOf(
    user: Invitee,
    facts: { readonly link: string; readonly expiresAt: Date; readonly groupIds: readonly GroupId[] },
  ): NewMessage<'invite'> | null {
    const names = facts.groupIds.flatMap((id) => this.#parts.directory.find(id)?.name ?? []);
    if (user.email === null) return null;
    return {
      template: 'invite',
      recipient: user.email,
      userId: user.id,
      userName: user.displayName,
      locale: user.locale,
      variables: { link: facts.link, expiresAt: facts.expiresAt.toISOString(), groupNames: names.join(', ') },
      expiresAt: facts.expiresAt,
    };
  }

  async #resend(em: EntityManager, caller: SignedInCaller, ids: readonly UserId[]) {
    const { clock, directory, guard, recorder } = this.#parts;
    const authority = await guard.lock(em, caller, can('create:users'));
    const viewer = { principal: authority.principal, now: clock.now() };
    const [target] = await lockTargets(em, viewer, ids, { field: 'userId', permission: 'create:users', account: true });
    if (target === undefined) return reject('TARGET_NOT_FOUND', { field: ['userId'] });
    if (target.status !== 'INVITED') throw new Rejection([{ code: 'INVITATION_NOT_PENDING', field: ['userId'] }]);
    const theirs = directory.grantsOf(target.assignments);
    if (authority.isBelow(theirs, { protectedToo: true })) {
      throw new Rejection([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['userId'], targetId: target.user_id }]);
    }
    // Whose the account is to be was for the second person to say when it was made.
    authority.takingHold(theirs, { secondPerson: false });
    const user = userViewOf(target, clock.now());
    await this.#requirePause(em, user);
    const invitedBy = { invitedById: caller.principal.userId, groupIds: target.group_ids };
    const sent = await this.send(em, user, invitedBy);
    await recorder.record(em, originOf(caller), [{ action: 'invitation.resent', target: userReference(user) }]);
    return { user, sent };
  }

  /** The row of the user is held, so that of parallel requests one sends. */
  async #requirePause(em: EntityManager, user: UserView): Promise<void> {
    const { inviteEmail, setupLink } = await this.present(em, user.id);
    if (inviteEmail?.state !== 'SENT' && inviteEmail?.state !== 'QUEUED') return;
    const now = this.#parts.clock.now();
    const again = secondsAfter(inviteEmail.createdAt, LINK_COOLDOWN_SECONDS);
    if (again <= now) return;
    const retryAfterSeconds = Math.ceil((again.getTime() - now.getTime()) / 1000);
    const [row] = await sql<InvitationRow>(em, latestInvitations, [[user.id]]);
    const invitation = row === undefined ? null : invitationViewOf(row, now);
    throw new TooSoon({ user, invitation, inviteEmail, setupLink, retryAfterSeconds });
  }

  async #earlier(em: EntityManager, { principal }: SignedInCaller, { userId, invitationId }: StoredAnswer) {
    const now = this.#parts.clock.now();
    const user = await repeatedUser(em, { principal, now }, userId, { permission: 'create:users', field: ['userId'] });
    const [row] = await sql<InvitationRow>(em, invitationById, [invitationId]);
    const invitation = row === undefined ? null : invitationViewOf(row, now);
    const earlier = { invitation, retryAfterSeconds: null, ...(await this.present(em, userId)) };
    return { user, earlier };
  }
}

/** What is kept of an answer: nothing secret. */
interface StoredAnswer {
  readonly userId: UserId;
  readonly invitationId: InvitationId;
}

const answerOf = ({ user, sent }: { user: UserView; sent: SentInvitation }): StoredAnswer => ({
  userId: user.id,
  invitationId: sent.invitation.id,
});

const requestOf = (
  caller: SignedInCaller,
  { userId, idempotencyKey }: { readonly userId: string; readonly idempotencyKey: string | null },
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'resendInvite', key: idempotencyKey, input: { userId } };
