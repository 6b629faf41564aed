import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { type EndedApiKey, endsOfApiKeys } from '../entities/api-key.queries.ts';
import { type EndedSession, endsOfSessions } from '../entities/session.queries.ts';
import type { ApiKeyAuthenticator } from '../services/api-key-authenticator.ts';
import type { EndOfAccess } from '../services/end-of-access.ts';
import type { Authenticated, SessionAuthenticator } from '../services/session-authenticator.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import type { ConnectedCaller } from './connected-caller.ts';

const INTERVAL_MS = 500;
/** As long as nobody can say whether the sessions live, connections stay open; not longer. */
const MAXIMUM_DOUBT_MS = 10_000;

/** What was read of somebody, and when the reading began. */
interface Reading {
  readonly startedAt: number;
  readonly authenticated: Promise<Authenticated | null>;
}

interface Parts {
  readonly database: Database;
  readonly sessions: SessionAuthenticator;
  readonly apiKeys: ApiKeyAuthenticator;
  readonly clock: Clock;
  readonly background: BackgroundWork;
}

/**
 * Everybody who stays connected to this process. Twice a second one statement asks for all sessions at once whether they live, by the
 * condition that lets requests in, and another one for the keys; so a connection ends within a second of its session, in every
 * replica, whoever ended it. Nothing is asked while nobody is connected.
 */
export class ConnectedCallers {
  readonly #parts: Parts;
  readonly #rounds: Rounds;
  readonly #callers = new Set<ConnectedCaller>();
  readonly #readings = new WeakMap<ConnectedCaller, Reading>();
  #waiting: { readonly caller: ConnectedCaller; readonly settle: (reading: Promise<Authenticated | null>) => void }[] =
    [];
  #timer: NodeJS.Timeout | null = null;
  #checking = false;
  /** When all were last known to live, in milliseconds of the process. */
  #certainAt = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const failed = 'nobody could say whether connected sessions live; the next round tries again';
    this.#rounds = parts.background.rounds('streams', failed);
  }

  get size(): number {
    return this.#callers.size;
  }

  /** From now on the caller is watched, until the function that this gives is called. */
  join(caller: ConnectedCaller): () => void {
    if (this.#callers.size === 0) this.#certainAt = performance.now();
    this.#callers.add(caller);
    this.#timer ??= setInterval(() => void this.check(), INTERVAL_MS).unref();
    return () => this.#leave(caller);
  }

  /**
   * Who the caller is now, with the grants of now; null when the session or key is over. Read after `since`
   * (of `performance.now()`) at the earliest; connections that ask together share one statement.
   */
  async present(caller: ConnectedCaller, since: number): Promise<Authenticated | null> {
    const before = this.#readings.get(caller);
    if (before !== undefined && before.startedAt >= since) return before.authenticated;
    const { promise, resolve } = Promise.withResolvers<Authenticated | null>();
    this.#readings.set(caller, { startedAt: performance.now(), authenticated: promise });
    this.#waiting.push({ caller, settle: resolve });
    if (this.#waiting.length === 1) setImmediate(() => this.#readWaiting());
    return promise;
  }

  /** Asks once whether everybody's session lives; by itself twice a second. */
  async check(): Promise<void> {
    if (this.#checking) return this.#despair();
    this.#checking = true;
    try {
      await this.#check();
      this.#certainAt = performance.now();
      this.#rounds.worked();
    } catch (error) {
      this.#rounds.failed(error);
      this.#despair();
    } finally {
      this.#checking = false;
    }
  }

  #leave(caller: ConnectedCaller): void {
    this.#callers.delete(caller);
    if (this.#callers.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #despair(): void {
    if (performance.now() - this.#certainAt < MAXIMUM_DOUBT_MS) return;
    for (const caller of this.#callers) {
      this.#leave(caller);
      caller.unknown();
    }
  }

  async #check(): Promise<void> {
    const now = this.#parts.clock.now();
    const watched = [...this.#callers];
    const dead = [...(await this.#deadSessions(watched)), ...(await this.#deadKeys(watched))];
    const ends = dead.length === 0 ? [] : await this.#endsOf(dead);
    for (const [index, caller] of dead.entries()) this.#take(caller)?.ended(ends[index] ?? GONE(now));
    for (const caller of watched) {
      if (caller.tokenExpiresAt !== null && caller.tokenExpiresAt <= now) this.#take(caller)?.expired();
    }
  }

  /** The caller, once: it may have left while the statements ran. */
  #take(caller: ConnectedCaller): ConnectedCaller | null {
    if (!this.#callers.has(caller)) return null;
    this.#leave(caller);
    return caller;
  }

  async #deadSessions(watched: readonly ConnectedCaller[]): Promise<readonly ConnectedCaller[]> {
    const connected = watched.flatMap((caller) =>
      caller.session === null ? [] : [{ caller, session: caller.session }],
    );
    if (connected.length === 0) return [];
    const { sessions } = this.#parts;
    const living = await sessions.living(connected.map(({ session }) => session));
    const over = connected.filter((_, index) => living[index] !== true);
    // Whoever acts as somebody must also still be allowed to.
    const acting = connected.filter(({ session }, index) => session.actorId !== null && living[index] === true);
    const present = acting.length === 0 ? [] : await sessions.present(acting.map(({ session }) => session));
    return [...over, ...acting.filter((_, index) => present[index] === null)].map(({ caller }) => caller);
  }

  async #deadKeys(watched: readonly ConnectedCaller[]): Promise<readonly ConnectedCaller[]> {
    const connected = watched.flatMap((caller) => (caller.key === null ? [] : [{ caller, key: caller.key }]));
    if (connected.length === 0) return [];
    const working = await this.#parts.apiKeys.working(connected.map(({ key }) => key));
    return connected.filter((_, index) => working[index] !== true).map(({ caller }) => caller);
  }

  async #endsOf(dead: readonly ConnectedCaller[]): Promise<readonly (EndOfAccess | undefined)[]> {
    const { database, clock } = this.#parts;
    const now = clock.now().toISOString();
    const ids = dead.flatMap(({ session }) => session?.sessionId ?? []);
    const selectors = dead.flatMap(({ key }) => key?.selector ?? []);
    const sessions = ids.length === 0 ? [] : await database.query<EndedSession>(endsOfSessions, [ids, now]);
    const keys = selectors.length === 0 ? [] : await database.query<EndedApiKey>(endsOfApiKeys, [selectors, now]);
    return dead.map(({ session, key }) => {
      const row =
        session === null
          ? keys.find(({ selector }) => selector === key?.selector)
          : sessions.find(({ id }) => id === session.sessionId);
      return row === undefined ? undefined : { reason: row.end_reason, endedAt: instantOf(row.ended_at) };
    });
  }

  #readWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const read = async <Presented>(
      presentedOf: (caller: ConnectedCaller) => Presented | null,
      from: { present(connected: readonly Presented[]): Promise<readonly (Authenticated | null)[]> },
    ): Promise<void> => {
      const asked = waiting.flatMap((one) => {
        const presented = presentedOf(one.caller);
        return presented === null ? [] : [{ ...one, presented }];
      });
      if (asked.length === 0) return;
      const answers = from.present(asked.map(({ presented }) => presented));
      for (const [index, { settle }] of asked.entries()) settle(answers.then((found) => found[index] ?? null));
      await answers;
    };
    // Whoever waits is told of failures; here nobody does.
    read(({ session }) => session, this.#parts.sessions).catch(() => {});
    read(({ key }) => key, this.#parts.apiKeys).catch(() => {});
  }
}

/** A row that is gone went with its account. */
const GONE = (now: Date): EndOfAccess => ({ reason: 'ACCOUNT_DELETED', endedAt: now });
