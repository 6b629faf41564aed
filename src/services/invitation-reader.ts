import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import {
  invitationColumns,
  type InvitationRow,
  type InvitationView,
  invitationViewOf,
  latestInvitations,
  mailsOfInvitations,
} from '../entities/invitation.queries.ts';
import { type MessageRow, type MessageView, messageViewOf } from '../entities/message.queries.ts';
import { type Visibility, visibleUsers } from '../entities/user.visibility.ts';
import type { InvitationId, UserId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';

/** Reads invitations, of the users that the caller may see. */
export class InvitationReader {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(parts: { database: Database; clock: Clock }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
  }

  /** The latest invitation of each user; null for those who never had one, and for hidden ones. One statement. */
  async latestOfUsers(caller: SignedInCaller, userIds: readonly UserId[]): Promise<readonly (InvitationView | null)[]> {
    const visible = this.#visible(caller);
    const rows = await this.#database.query<InvitationRow>(`${latestInvitations} and ${visible.condition}`, [
      userIds,
      ...visible.values,
    ]);
    const byUser = new Map(rows.map((row) => [row.user_id, this.#viewOf(row)]));
    return userIds.map((id) => byUser.get(id) ?? null);
  }

  /** Several invitations by id; null for those that do not exist or are hidden. One statement. */
  async byIds(caller: SignedInCaller, ids: readonly InvitationId[]): Promise<readonly (InvitationView | null)[]> {
    const visible = this.#visible(caller);
    const rows = await this.#database.query<InvitationRow>(
      `select ${invitationColumns} from invitations i join users u on u.id = i.user_id
       where i.id = any($1::uuid[]) and ${visible.condition}`,
      [ids, ...visible.values],
    );
    const byId = new Map(rows.map((row) => [row.id, this.#viewOf(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The mails of invitations that the caller was shown, each with its last repetition; null where none was written. */
  async mailsOf(ids: readonly InvitationId[]): Promise<readonly (MessageView | null)[]> {
    const rows = await this.#database.query<MessageRow & { readonly invitation_id: InvitationId }>(mailsOfInvitations, [
      ids,
    ]);
    const byInvitation = new Map(rows.map((row) => [row.invitation_id, messageViewOf(row)]));
    return ids.map((id) => byInvitation.get(id) ?? null);
  }

  #visible(caller: SignedInCaller): Visibility {
    return visibleUsers({ principal: caller.principal, now: this.#clock.now() }, 2);
  }

  #viewOf(row: InvitationRow): InvitationView {
    return invitationViewOf(row, this.#clock.now());
  }
}
