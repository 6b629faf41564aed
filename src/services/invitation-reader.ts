import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import {
  invitationColumns,
  type InvitationRow,
  type InvitationView,
  invitationViewOf,
  latestInvitations,
  mailsOfInvitations,
} from '../entities/invitation.queries.ts';
import { type MessageRow, type MessageView, messageViewOf } from '../entities/message.queries.ts';
import { organizationReach, organizationsWithin } from '../entities/organization.visibility.ts';
import { type Visibility, visibleUsers } from '../entities/user.visibility.ts';
import type { InvitationId, OrganizationId, UserId } from '../ids.ts';
import type { InvitationState } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import { type Connection, connectionOf, type Counted, totalsOf } from './connection.ts';

export interface OrganizationInvitationRequest extends PageRequest {
  readonly stateIn?: readonly InvitationState[] | null | undefined;
}

const NEWEST_FIRST: Ordering = {
  expression: 'i.created_at',
  type: 'timestamptz',
  idColumn: 'i.id',
  descending: true,
};

/** The state of an invitation as `invitationViewOf` computes it; `?` now. */
const STATE = `case when i.accepted_at is not null then 'ACCEPTED'
  when exists (select from invitations newer where newer.previous_id = i.id) then 'SUPERSEDED'
  when i.revoked_at is not null then 'REVOKED'
  when i.expires_at <= ?::timestamptz then 'EXPIRED' else 'PENDING' end`;

type PageRow = InvitationRow & { readonly asked_id: OrganizationId; readonly sort_key: string };

/** Reads invitations: to accounts, of the users that the caller may see; into organizations, where they may see those. */
export class InvitationReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; clock: Clock; masterKeys: MasterKeys }) {
    this.#cursorKey = parts.masterKeys.derive('cursor');
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
    const viewer = { principal: caller.principal, now: this.#clock.now() };
    const within = organizationsWithin(organizationReach(viewer), 2 + visible.values.length);
    const rows = await this.#database.query<InvitationRow>(
      `select ${invitationColumns} from invitations i join users u on u.id = i.user_id
       left join organizations o on o.id = i.organization_id
       where i.id = any($1::uuid[]) and case when o.id is null then ${visible.condition} else ${within.condition} end`,
      [ids, ...visible.values, ...within.values],
    );
    const byId = new Map(rows.map((row) => [row.id, this.#viewOf(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /**
   * The same page of invitations into several organizations, in one statement, and one more for their totals. Whether somebody may ask for them at all, the field
   * says.
   */
  async ofOrganizations(
    ids: readonly OrganizationId[],
    request: OrganizationInvitationRequest,
  ): Promise<readonly Connection<InvitationView>[]> {
    const states = request.stateIn ?? null;
    const keyset = new Keyset(this.#cursorKey, NEWEST_FIRST, JSON.stringify(['invitations', states]));
    const conditions = new Conditions();
    conditions.addRaw('true', [ids]);
    if (states !== null) {
      conditions.addRaw(`${STATE.replace('?', '$2')} = any($3::text[])`, [this.#clock.now().toISOString(), states]);
    }
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#database.query<PageRow>(
      `select asked.id as asked_id, page.* from unnest($1::uuid[]) as asked(id) cross join lateral (
         select ${invitationColumns}, i.created_at::text as sort_key from invitations i
         where i.organization_id = asked.id and ${conditions.text} and ${query.condition}
         order by ${query.orderBy} limit ${query.limit}) as page`,
      [...conditions.values, ...query.values],
    );
    const mapped = {
      node: (row: PageRow) => this.#viewOf(row),
      position: (row: PageRow) => ({ key: row.sort_key, id: row.id }),
    };
    const total = totalsOf(() =>
      this.#database.query<Counted<OrganizationId>>(
        `select i.organization_id as key, count(*)::int as count from invitations i
         where i.organization_id = any($1::uuid[]) and ${conditions.text} group by i.organization_id`,
        conditions.values,
      ),
    );
    return ids.map((id) => {
      const own = rows.filter((row) => row.asked_id === id);
      return connectionOf(keyset, keyset.page(request, query, own), mapped, () => total(id));
    });
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
