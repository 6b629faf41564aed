import { prepared } from '../database/prepared.ts';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { EnvelopeError } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { sql } from '../database/sql.ts';
import { type MessageId, newId, type UserId } from '../ids.ts';
import type { VerificationChannel } from '../vocabulary.ts';
import { isMessageTemplate, type MessageTemplate, type MessageVariables } from './message-templates.ts';
import { openVariables, sealVariables, type Variables } from './sealed-variables.ts';

/** A message to be written. Instants in variables are RFC 3339; the templates put them into words. */
export interface NewMessage<Template extends MessageTemplate = MessageTemplate> {
  readonly template: Template;
  readonly channel?: VerificationChannel;
  readonly recipient: string;
  /** The account it is about; null when there is none. */
  readonly userId: UserId | null;
  /** How the person is addressed; may be empty. */
  readonly userName: string;
  /** BCP 47. */
  readonly locale: string;
  readonly variables: MessageVariables[Template];
  /** From when on it is of no use. */
  readonly expiresAt?: Date | null;
  readonly previousId?: MessageId | null;
}

const INSERT = prepared(`
  insert into messages (id, channel, template, recipient, locale, user_id, sealed_variables, state, next_attempt_at,
    expires_at, previous_id, created_at)
  select $1::uuid, $2, $3, $4, $5, $6::uuid, $7, 'QUEUED', $8::timestamptz, $9::timestamptz, $10::uuid, $8::timestamptz`);

/**
 * Part of a statement: writes a message, as `MessageOutbox.values` gives it, if `guard` (a table expression) has a row and there
 * is a message at all: `NO_MESSAGE` stands for none.
 */
export const writtenMessage = (guard: string): string =>
  `written as (${INSERT} from ${guard} where $1::uuid is not null)`;

export const NO_MESSAGE: readonly null[] = Array.from({ length: 10 }, () => null);

/** A message that was given up, with its content. */
export interface RepeatedMessage {
  readonly id: MessageId;
  readonly channel: VerificationChannel;
  readonly template: string;
  readonly recipient: string;
  readonly userId: UserId | null;
  readonly locale: string;
  readonly sealedVariables: string;
  readonly expiresAt: Date | null;
}

/** Writes messages into the table from which the worker sends them. */
export class MessageOutbox {
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #onWriting: () => void;

  /** `onWriting` is told of each message while its transaction is still open. */
  constructor(parts: { masterKeys: MasterKeys; clock: Clock; onWriting?: () => void }) {
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
    this.#onWriting = parts.onWriting ?? (() => undefined);
  }

  /** Writes a message in the transaction that causes it: it is sent if, and only if, that commits. */
  async enqueue<Template extends MessageTemplate>(
    em: EntityManager,
    message: NewMessage<Template>,
  ): Promise<MessageId> {
    const values = this.values(message);
    await sql(em, INSERT, values);
    return values[0];
  }

  /**
   * Writes a message once more, as the successor of one that was given up. null when its content cannot be read any more, because
   * its key is gone.
   */
  async repeat(em: EntityManager, original: RepeatedMessage): Promise<MessageId | null> {
    const variables = this.#variablesOf(original);
    if (variables === null || !isMessageTemplate(original.template)) return null;
    const { userName = '', ...own } = variables;
    return this.enqueue(em, {
      ...original,
      template: original.template,
      userName,
      // what was sealed came from a message of this template
      variables: own as MessageVariables[MessageTemplate],
      previousId: original.id,
    });
  }

  #variablesOf({ id, sealedVariables }: RepeatedMessage): Variables | null {
    try {
      return openVariables(this.#masterKeys, id, sealedVariables);
    } catch (error) {
      if (error instanceof EnvelopeError) return null;
      throw error;
    }
  }

  /** The values of `writtenMessage`, for statements that write a message among other things. */
  values<Template extends MessageTemplate>(message: NewMessage<Template>): readonly [MessageId, ...unknown[]] {
    const id = newId<MessageId>();
    this.#onWriting();
    return [
      id,
      message.channel ?? 'EMAIL',
      message.template,
      message.recipient,
      message.locale,
      message.userId,
      sealVariables(this.#masterKeys, id, { ...message.variables, userName: message.userName }),
      this.#clock.now().toISOString(),
      message.expiresAt?.toISOString() ?? null,
      message.previousId ?? null,
    ];
  }
}
