import { hash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';

/** Names of statements by their text. */
const names = new Map<string, string>();

/** Errors of a name that the server does not know, or knows already, and of a plan whose columns a migration has changed. */
const UNKNOWN_NAME = '26000';
const TAKEN_NAME = '42P05';
const FEATURE = '0A000';
const CHANGED_RESULT = 'cached plan must not change result type';

/**
 * Marks a text as one that is sent all the time and never changes: each connection parses and plans it once, and from then on is sent
 * its name. Planning is what a statement by index costs most. For texts whose best plan does not depend on their values: PostgreSQL
 * goes over to one plan for all of them. Returns the text.
 */
export const prepared = (text: string): string => {
  names.set(text, `gatehouse_${hash('sha256', text, 'hex').slice(0, 16)}`);
  return text;
};

/** A server that forgets names so often is several, behind a pooler that nobody told us of: no more names for it. */
const POOLED = 3;

/** Texts that are put together at run time are marked once they were sent so often, and never more of them than `MOST_FREQUENT`. */
const FREQUENT = 8;
const MOST_FREQUENT = 100;
const MOST_COUNTED = 500;

/** Finds the texts that are sent all the time among those that are put together at run time. */
export class FrequentTexts {
  readonly #uses = new Map<string, number>();
  #marked = 0;

  /** Counts a use, marks the text when it has proved to be frequent, and returns it. */
  count(text: string): string {
    if (names.has(text) || this.#marked >= MOST_FREQUENT) return text;
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses >= FREQUENT) {
      this.#uses.delete(text);
      this.#marked += 1;
      return prepared(text);
    }
    // Forgetting all of them costs no more than that the frequent ones prove it again.
    if (this.#uses.size >= MOST_COUNTED) this.#uses.clear();
    this.#uses.set(text, uses);
    return text;
  }
}

const frequent = new FrequentTexts();

/**
 * Marks a text that is put together at run time, of not too many forms, when it has proved to be one that is sent all the time: a client
 * asks for the same pages again and again. Under the same condition as `prepared`. Returns the text.
 */
export const preparedWhenFrequent = (text: string): string => frequent.count(text);

type Arguments = unknown[];
type Query = (...args: Arguments) => unknown;

/** Sends the marked statements of a pool by name. */
export class PreparedStatements {
  /** Names of the generation before are left to themselves. */
  #generation = 0;
  #lostNames = 0;
  readonly #onPooled: () => void;

  /** `onPooled` is told once that names are of no use with this server, and no longer sent. */
  constructor(onPooled: () => void = () => undefined) {
    this.#onPooled = onPooled;
  }

  watch(pool: Pool): void {
    pool.on('connect', (client: PoolClient) => {
      const query = client.query.bind(client) as Query;
      Object.assign(client, { query: (...args: Arguments) => query(...this.#named(args)) });
    });
  }

  /** Whether the failure was one of names and plans alone, so that the same work succeeds when it is done again, by new names. */
  renew(sqlState: string, error: unknown): boolean {
    const isLost = sqlState === UNKNOWN_NAME || sqlState === TAKEN_NAME;
    const isChanged = sqlState === FEATURE && error instanceof Error && error.message.includes(CHANGED_RESULT);
    if (!isLost && !isChanged) return false;
    this.#generation += 1;
    if (isLost) {
      this.#lostNames += 1;
      if (this.#lostNames === POOLED) this.#onPooled();
    }
    return true;
  }

  #named(args: Arguments): Arguments {
    const [text, ...others] = args;
    if (typeof text !== 'string' || this.#lostNames >= POOLED) return args;
    const name = names.get(text);
    if (name === undefined) return args;
    return [{ text, name: this.#generation === 0 ? name : `${name}_${this.#generation}` }, ...others];
  }
}
