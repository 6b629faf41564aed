import type { Pool, PoolClient } from 'pg';

/** What a database that is alive needs at most to end a statement whose time is up, and to say so. */
const MARGIN_MS = 2000;

/** Begins work that gives its statements another time: they are waited for until their connection is released. */
const OWN_TIME = /^set (?:local )?statement_timeout /;

type Query = (...args: unknown[]) => unknown;

/**
 * Cuts connections over which a statement went and nothing comes back. The time of a statement is kept by the database, which cannot
 * do so when its machine is frozen or the network swallows what it says: whoever asked would wait until TCP gives up, a quarter of an
 * hour later, with every connection of the pool.
 */
export const cutSilentConnections = (pool: Pool, statementTimeoutMs: number): void => {
  const patient = new WeakSet<PoolClient>();
  pool.on('release', (_error, client) => patient.delete(client));
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as Query;
    const silence = new Silence(statementTimeoutMs + MARGIN_MS, () => client.connection.stream.destroy());
    client.once('end', () => silence.end());
    Object.assign(client, {
      query: (...args: unknown[]) => {
        if (OWN_TIME.test(textOf(args[0]))) patient.add(client);
        return patient.has(client) ? query(...args) : silence.during(query, args);
      },
    });
  });
};

/** Statements of one connection that are not answered; each answer begins the time of the next one. */
class Silence {
  readonly #limitMs: number;
  readonly #cut: () => void;
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(limitMs: number, cut: () => void) {
    this.#limitMs = limitMs;
    this.#cut = cut;
  }

  during(query: Query, args: unknown[]): unknown {
    const callback = args.at(-1);
    if (typeof callback === 'function') {
      this.#begin();
      args[args.length - 1] = (...answer: unknown[]) => {
        this.#answered();
        Reflect.apply(callback, undefined, answer);
      };
      return query(...args);
    }
    const answer = query(...args);
    if (!(answer instanceof Promise)) return answer; // what streams its rows tells us no end
    this.#begin();
    const answered = (): void => this.#answered();
    void answer.then(answered, answered);
    return answer;
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #begin(): void {
    this.#waiting += 1;
    this.#timer ??= setTimeout(this.#cut, this.#limitMs).unref();
  }

  #answered(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) this.#timer?.refresh();
    else this.end();
  }
}

const textOf = (statement: unknown): string => {
  if (typeof statement === 'string') return statement;
  const isNamed = typeof statement === 'object' && statement !== null && 'text' in statement;
  return isNamed && typeof statement.text === 'string' ? statement.text : '';
};
