import { instantOf } from '../database/sql.ts';
import type { MessageId, UserId } from '../ids.ts';
import type { MessageState, VerificationChannel } from '../vocabulary.ts';

/** A message and what became of it, without its content. */
export interface MessageView {
  readonly id: MessageId;
  readonly channel: VerificationChannel;
  readonly template: string;
  readonly recipient: string;
  readonly userId: UserId | null;
  readonly state: MessageState;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly failure: string | null;
  readonly expiresAt: Date | null;
  readonly previousId: MessageId | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
}

/** The columns behind `MessageView`, of `messages` under the alias `m`. */
export const messageColumns = `m.id, m.channel, m.template, m.recipient, m.user_id, m.state, m.attempts, m.next_attempt_at,
  m.failure, m.expires_at, m.previous_id, m.created_at, m.sent_at`;

/** Whether the message `m`, or the one that it repeats, carries the link of an invitation that is not open any more. */
export const hasDeadLink = `(m.template = 'invite' and exists (
  with recursive chain as (
    select m.id as id, m.previous_id as previous_id
    union all select p.id, p.previous_id from messages p join chain c on p.id = c.previous_id
  )
  select from invitations i where i.message_id in (select id from chain) and (i.accepted_at is not null
    or i.revoked_at is not null or exists (select from invitations newer where newer.previous_id = i.id))))`;

export interface MessageRow {
  readonly id: MessageId;
  readonly channel: VerificationChannel;
  readonly template: string;
  readonly recipient: string;
  readonly user_id: UserId | null;
  readonly state: MessageState;
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly failure: string | null;
  readonly expires_at: string | null;
  readonly previous_id: MessageId | null;
  readonly created_at: string;
  readonly sent_at: string | null;
}

export const messageViewOf = (row: MessageRow): MessageView => ({
  id: row.id,
  channel: row.channel,
  template: row.template,
  recipient: row.recipient,
  userId: row.user_id,
  state: row.state,
  attempts: row.attempts,
  nextAttemptAt: row.state === 'QUEUED' ? instantOf(row.next_attempt_at) : null,
  failure: row.failure,
  expiresAt: instantOf(row.expires_at),
  previousId: row.previous_id,
  createdAt: instantOf(row.created_at),
  sentAt: instantOf(row.sent_at),
});
