import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  hasDeadLink,
  messageColumns,
  type MessageRow,
  type MessageView,
  messageViewOf,
} from '../entities/message.queries.ts';
import { retryableMessages, visibleMessages } from '../entities/message.visibility.ts';
import { Failure, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type MessageId, parseId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { MessageWorker } from '../messages/message-worker.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';

type RetryRow = MessageRow & {
  readonly locale: string;
  readonly sealed_variables: string | null;
  readonly repeated: boolean;
  readonly dead: boolean;
  /** Within the reach of `retry:mail`. */
  readonly reached: boolean;
};

/** Sends mails again that were given up. */
export class MessageRetryService {
  readonly #database: Database;
  readonly #messages: MessageOutbox;
  readonly #worker: MessageWorker;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    messages: MessageOutbox;
    messageWorker: MessageWorker;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#messages = parts.messages;
    this.#worker = parts.messageWorker;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Writes the message anew, with the same content to the same address, and makes the first try. The old row stays as it is, as the
   * `previous` of the new one; only the last of such a row can be repeated, so that two people who press at once send one. The mail of
   * an invitation that was replaced, taken back or accepted is not sent again: its link is dead. Errors: TARGET_NOT_FOUND,
   * MAIL_NOT_RETRYABLE; throws IDEMPOTENCY_KEY_REUSED, and FORBIDDEN for mails that the caller sees only.
   */
  async retry(caller: SignedInCaller, input: { id: string; idempotencyKey: string | null }): Promise<MessageView> {
    const request = requestOf(caller, input);
    const id = await this.#database.transaction(async (em) => {
      const earlier = await this.#idempotency.claim<{ messageId: MessageId }>(em, request);
      if (earlier !== null) return this.#earlier(em, caller, earlier.messageId);
      const made = await this.#repeat(em, caller, input.id);
      await this.#idempotency.keep(em, request, { messageId: made });
      return made;
    });
    const [message] = await this.#worker.deliver([id]);
    return message ?? reject('TARGET_NOT_FOUND', { field: ['id'] });
  }

  /** What an earlier request wrote, for whoever may still see it. */
  async #earlier(em: EntityManager, { principal }: SignedInCaller, id: MessageId): Promise<MessageId> {
    const visible = visibleMessages({ principal, now: this.#clock.now() }, 2);
    const rows = await sql(em, `select from messages m where m.id = $1 and ${visible.condition}`, [
      id,
      ...visible.values,
    ]);
    return rows.length === 0 ? reject('TARGET_NOT_FOUND', { field: ['id'], targetId: id }) : id;
  }

  async #repeat(em: EntityManager, caller: SignedInCaller, text: string): Promise<MessageId> {
    const row = await this.#lock(em, caller, text);
    const original = messageViewOf(row);
    const isGivenUp = original.state === 'FAILED' || original.state === 'NOT_CONFIGURED';
    const isOver = original.expiresAt !== null && original.expiresAt <= this.#clock.now();
    const id =
      !isGivenUp || isOver || row.repeated || row.dead || row.sealed_variables === null
        ? null
        : await this.#messages.repeat(em, { ...original, locale: row.locale, sealedVariables: row.sealed_variables });
    if (id === null) return reject('MAIL_NOT_RETRYABLE', { field: ['id'], targetId: original.id });
    await this.#recorder.record(em, originOf(caller), [
      {
        action: 'mail.retried',
        target: { type: 'Message', id, label: original.recipient },
        metadata: { template: original.template, previousId: original.id, userId: original.userId },
      },
    ]);
    return id;
  }

  async #lock(em: EntityManager, caller: SignedInCaller, text: string): Promise<RetryRow> {
    const id = parseId<MessageId>(text);
    const viewer = { principal: caller.principal, now: this.#clock.now() };
    const visible = visibleMessages(viewer, 2);
    const reached = retryableMessages(viewer, 2 + visible.values.length);
    const select = `select ${messageColumns}, m.locale, m.sealed_variables,
        exists (select from messages next where next.previous_id = m.id) as repeated,
        ${reached.condition} as reached, ${hasDeadLink} as dead
      from messages m where m.id = $1 and m.channel = 'EMAIL' and ${visible.condition}`;
    if (id === null) return reject('TARGET_NOT_FOUND', { field: ['id'], targetId: text.slice(0, 100) });
    // Locked first and read then: whether it was repeated meanwhile is seen only by a statement that begins after the wait.
    await sql(em, 'select from messages where id = $1 for update', [id]);
    const [row] = await sql<RetryRow>(em, select, [id, ...visible.values, ...reached.values]);
    if (row === undefined) return reject('TARGET_NOT_FOUND', { field: ['id'], targetId: id });
    if (!row.reached) throw new Failure('FORBIDDEN', 'This needs retry:mail for it.', { missing: ['retry:mail'] });
    return row;
  }
}

const requestOf = (
  caller: SignedInCaller,
  { id, idempotencyKey }: { id: string; idempotencyKey: string | null },
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'retryMail', key: idempotencyKey, input: { id } };
