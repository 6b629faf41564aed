import type { Database } from '../database/database.ts';
import { setSinkBack } from '../entities/outbox.queries.ts';

/** From where events come again: a place in the order of publication, or a time. */
export type ReplayStart = { readonly sequence: string } | { readonly at: Date };

/** Lets a sink have events again that it has taken, as long as they are kept. Receivers know them by their ids. */
export class EventReplay {
  readonly #database: Database;

  constructor(parts: { database: Database }) {
    this.#database = parts.database;
  }

  /** Sets the sink back; the relay does the rest. Gives how many events come again; null: no relay has served such a sink yet. */
  async replay(sink: string, from: ReplayStart): Promise<number | null> {
    const [sequence, at] = 'sequence' in from ? [from.sequence, null] : [null, from.at.toISOString()];
    const [row] = await this.#database.query<{ count: number }>(setSinkBack, [sink, sequence, at]);
    return row?.count ?? null;
  }
}
