import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { setSinkBack } from '../entities/outbox.queries.ts';
import type { Origin, Recorder } from '../events/recorder.ts';

/** From where events come again: a place in the order of publication, or a time. */
export type ReplayStart = { readonly sequence: string } | { readonly at: Date };

/** Lets a sink have events again that it has taken, as long as they are kept. Receivers know them by their ids. */
export class EventReplay {
  readonly #database: Database;
  readonly #recorder: Recorder;

  constructor(parts: { database: Database; recorder: Recorder }) {
    this.#database = parts.database;
    this.#recorder = parts.recorder;
  }

  /** Sets the sink back; the relay does the rest. Gives how many events come again; null: no relay has served such a sink yet. */
  async replay(origin: Origin, sink: string, from: ReplayStart): Promise<number | null> {
    const [sequence, at] = 'sequence' in from ? [from.sequence, null] : [null, from.at.toISOString()];
    return this.#database.transaction(async (em) => {
      const [row] = await sql<{ count: number }>(em, setSinkBack, [sink, sequence, at]);
      if (row === undefined) return null;
      await this.#recorder.record(em, origin, [
        {
          action: 'events.replayed',
          target: { type: 'System', id: null, label: 'events' },
          metadata: { sink, from: sequence ?? at, count: row.count },
        },
      ]);
      return row.count;
    });
  }
}
