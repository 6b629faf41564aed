import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import { parseId, type UserId } from '../ids.ts';
import { IdentifierKind } from '../vocabulary.ts';
import { userReference } from './caller.ts';
import { type ExportTask, nextBatch } from './export-source.ts';
import { readIdentifier } from './identifiers.ts';
import { Rejection } from '../errors.ts';
import { readText } from './text.ts';

/** What is kept about one person, for whoever runs the server. */
export class PersonalDataService {
  readonly #database: Database;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: { database: Database; recorder: Recorder; clock: Clock }) {
    this.#database = parts.database;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /** The account with this id, address, number or user name, exactly; null when there is none. */
  async find(text: string): Promise<UserView | null> {
    const identifiers = Object.values(IdentifierKind).flatMap((kind) => {
      const read = readIdentifier(kind, text);
      return 'identifier' in read ? [read.identifier] : [];
    });
    const [row] = await this.#database.query<UserRow>(
      `select ${userColumns} from users u where u.id = $1::uuid or u.id in (
         select i.user_id from identifiers i join unnest($2::text[], $3::text[]) as given(kind, value)
           on given.kind = i.kind and given.value = i.value where i.exclusive)`,
      [parseId<UserId>(text), identifiers.map(({ kind }) => kind), identifiers.map(({ value }) => value)],
    );
    return row === undefined ? null : userViewOf(row, this.#clock.now());
  }

  /**
   * Everything that is kept about the person, as lines of NDJSON, a batch in memory at a time; that it was taken out is in the log
   * before the first of them. Errors: REQUIRED, TOO_LONG, INVALID_VALUE about the reason.
   */
  async *lines(origin: Origin, user: UserView, reason: string): AsyncGenerator<string> {
    const read = readText(reason, { field: ['reason'], maximum: 500 });
    if ('problem' in read) throw new Rejection([read.problem]);
    await this.#recorder.recordAlone(this.#database, origin, [
      { action: 'user.exported', target: userReference(user), metadata: { reason: read.text } },
    ]);
    const scope = { kind: 'USER_DATA', userId: user.id } as const;
    let task: ExportTask = { scope, format: 'NDJSON', place: null, created_at: this.#clock.now().toISOString() };
    for (;;) {
      const batch = await nextBatch(this.#database, task);
      yield batch.text;
      if (batch.next === null) return;
      task = { ...task, place: batch.next };
    }
  }
}
