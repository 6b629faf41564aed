import { prepared } from '../database/prepared.ts';
import type { Database } from '../database/database.ts';
import { messageColumns, type MessageRow, type MessageView, messageViewOf } from '../entities/message.queries.ts';
import type { MessageId } from '../ids.ts';

/** A message that this process alone may send until its time is up. `attempt` counts from 1. */
export interface ClaimedMessage extends MessageView {
  readonly locale: string;
  readonly sealedVariables: string | null;
  readonly attempt: number;
}

type ClaimedRow = MessageRow & { readonly locale: string; readonly sealed_variables: string | null };

/**
 * Who takes a message counts the try and moves its next one behind the time that sending can take: a process that dies in
 * between loses nothing, the message is due again then.
 */
const CLAIM = `update messages m set attempts = m.attempts + 1, next_attempt_at = $2::timestamptz
  from due where m.id = due.id returning ${messageColumns}, m.locale, m.sealed_variables`;

const CLAIM_DUE =
  prepared(`with due as (select id from messages where state = 'QUEUED' and next_attempt_at <= $1::timestamptz
    order by next_attempt_at, id limit $3 for update skip locked) ${CLAIM}`);

const CLAIM_THESE = prepared(`with due as (select id from messages where id = any($3::uuid[]) and state = 'QUEUED'
    and next_attempt_at <= $1::timestamptz order by id for update skip locked) ${CLAIM}`);

const SETTLE_SENT = prepared(`update messages m
  set state = 'SENT', sent_at = $2::timestamptz, sealed_variables = null, failure = null, next_attempt_at = null
  where m.id = $1 and m.state <> 'SENT' returning ${messageColumns}`);

const SETTLE = prepared(`update messages m
  set state = $3, failure = coalesce($4, m.failure), next_attempt_at = $5::timestamptz,
    sealed_variables = case when $6::boolean then null else m.sealed_variables end
  where m.id = $1 and m.attempts = $2 and m.state = 'QUEUED' returning ${messageColumns}`);

const READ = prepared(`select ${messageColumns} from messages m where m.id = any($1::uuid[])`);

const claimedOf = (row: ClaimedRow): ClaimedMessage => ({
  ...messageViewOf(row),
  locale: row.locale,
  sealedVariables: row.sealed_variables,
  attempt: row.attempts,
});

/** What became of a try. */
export type AttemptResult =
  | { readonly state: 'SENT' }
  | { readonly state: 'NOT_CONFIGURED' }
  /** Given up; `forget` when its content is of no use any more. */
  | { readonly state: 'FAILED'; readonly failure: string; readonly forget: boolean }
  /** To be tried again; without a failure nothing was tried. */
  | { readonly state: 'QUEUED'; readonly failure: string | null; readonly nextAttemptAt: Date };

/** The table of messages as a queue that several processes work on. */
export class MessageQueue {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes up to `limit` messages whose time has come. No two callers get the same one before `until`. */
  async claimDue(now: Date, until: Date, limit: number): Promise<readonly ClaimedMessage[]> {
    const values = [now.toISOString(), until.toISOString(), limit];
    return (await this.#database.query<ClaimedRow>(CLAIM_DUE, values)).map((row) => claimedOf(row));
  }

  /** Takes those of the named messages whose time has come. */
  async claimThese(now: Date, until: Date, ids: readonly MessageId[]): Promise<readonly ClaimedMessage[]> {
    const values = [now.toISOString(), until.toISOString(), ids];
    return (await this.#database.query<ClaimedRow>(CLAIM_THESE, values)).map((row) => claimedOf(row));
  }

  /**
   * Writes what became of a try. That it was sent always counts; anything else only while nobody else has taken the message
   * meanwhile. Gives the row, null when it is gone or in other hands.
   */
  async settle({ id, attempt }: ClaimedMessage, result: AttemptResult, now: Date): Promise<MessageView | null> {
    const [row] =
      result.state === 'SENT'
        ? await this.#database.query<MessageRow>(SETTLE_SENT, [id, now.toISOString()])
        : await this.#database.query<MessageRow>(SETTLE, [
            id,
            attempt,
            result.state,
            'failure' in result ? result.failure : null,
            result.state === 'QUEUED' ? result.nextAttemptAt.toISOString() : null,
            result.state === 'FAILED' && result.forget,
          ]);
    return row === undefined ? null : messageViewOf(row);
  }

  /** The named messages that exist, in the order of the names. */
  async read(ids: readonly MessageId[]): Promise<readonly MessageView[]> {
    const rows = await this.#database.query<MessageRow>(READ, [ids]);
    const byId = new Map(rows.map((row) => [row.id, messageViewOf(row)]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
}

/** A message that nobody asks for any more, among `messages`; `$1` is now. What waits is not touched. */
export const OLD_MESSAGE = `state <> 'QUEUED' and created_at <= $1::timestamptz - interval '30 days'
  and (sent_at is null or sent_at <= $1::timestamptz - interval '30 days')`;

/** Removes the content of up to `limit` messages that were given up and whose link or code is over. Gives how many. */
export const forgetExpiredContent = async (database: Database, now: Date, limit: number): Promise<number> => {
  const rows = await database.query(
    `update messages set sealed_variables = null where id = any(array(select id from messages
       where state in ('FAILED', 'NOT_CONFIGURED') and sealed_variables is not null and expires_at <= $1::timestamptz
       limit $2)) returning 1 as forgotten`,
    [now.toISOString(), limit],
  );
  return rows.length;
};
