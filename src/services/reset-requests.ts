import { randomInt } from 'node:crypto';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  finishResetRequest,
  keepResetRequest,
  type ResetRequestRow,
  takeResetRequests,
} from '../entities/reset-request.queries.ts';
import { reject, Rejection } from '../errors.ts';
import type { Origin } from '../events/recorder.ts';
import { newId, type ResetRequestId } from '../ids.ts';
import type { Log } from '../log.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import { type Caller, originOf } from './caller.ts';
import { readIdentifier } from './identifiers.ts';
import type { PasswordResetService } from './password-reset.service.ts';

/** How often each replica looks for requests that a process left behind. Its own it is told of. */
const POLL_MS = 5000;
/** Between the answer and the work lies a while that nobody can foresee: the load of the work says nothing of the request. */
const WAKE_MS: readonly [number, number] = [50, 250];
const BATCH = 20;
/** Longer than a request takes, so that nobody else begins with it. */
const CLAIM_SECONDS = 60;
/** Whatever fails as often is given up; the person asks again. */
const MAXIMUM_ATTEMPTS = 10;

interface Parts {
  readonly database: Database;
  readonly passwordResets: PasswordResetService;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: BackgroundWork;
  readonly config: Config;
}

/**
 * Requests for links to a new password. The answer waits for one row and no more, the same whether or not the address has an account;
 * looking it up, and all that follows from that, comes after the answer. So the time of the answer tells nothing. The row makes sure
 * that a process that dies in between loses nothing, and taking it out is part of the transaction that sends.
 */
export class ResetRequests {
  readonly #parts: Parts;
  readonly #rounds: Rounds;
  #poll: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    const failed = 'requests for new passwords could not be looked after and will be later';
    this.#rounds = parts.background.rounds('reset_requests', failed);
  }

  /** Keeps a request for the address. Errors: INVALID_EMAIL, DISABLED_BY_SETTING where nobody signs in by password. */
  async ask(caller: Caller, email: string): Promise<void> {
    // The link would be a way in that the settings do not name.
    if (!this.#parts.config.signIn.methods.includes('PASSWORD')) reject('DISABLED_BY_SETTING', { field: ['email'] });
    const read = readIdentifier('EMAIL', email);
    if ('problem' in read) throw new Rejection([read.problem]);
    await this.#parts.database.query(keepResetRequest, [
      newId<ResetRequestId>(),
      read.identifier.value,
      JSON.stringify(originOf(caller)),
      this.#parts.clock.now().toISOString(),
    ]);
    this.#wake();
  }

  /** Begins to look for requests. */
  start(): void {
    this.#poll ??= setInterval(() => this.#tick(), POLL_MS).unref();
    this.#tick();
  }

  /** Stops, and waits for those under way; what was not begun is done after the next start. */
  async stop(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#poll = null;
    this.#soon = null;
    await this.#running;
  }

  /** Does all requests that wait, and gives how many were taken. */
  async run(): Promise<number> {
    const { clock, database } = this.#parts;
    for (let count = 0; ;) {
      const now = clock.now();
      const values = [now.toISOString(), secondsAfter(now, CLAIM_SECONDS).toISOString(), BATCH];
      const taken = await database.query<ResetRequestRow>(takeResetRequests, values);
      for (const row of taken) await this.#handle(row);
      count += taken.length;
      if (taken.length === 0) return count;
    }
  }

  async #handle({ id, address, origin, attempts }: ResetRequestRow): Promise<void> {
    const { database, log, passwordResets } = this.#parts;
    try {
      await database.transaction(async (em) => {
        const [mine] = await sql(em, finishResetRequest, [id]);
        // what was stored came from `originOf`
        if (mine !== undefined) await passwordResets.handle(em, { address, origin: origin as unknown as Origin });
      });
    } catch (error) {
      const isLast = attempts >= MAXIMUM_ATTEMPTS;
      log('warn', `a request for a new password failed${isLast ? ' and was given up' : ''}`, { err: error, attempts });
      if (isLast) await database.query(finishResetRequest, [id]);
    }
  }

  /** Looks for requests in a moment; does nothing before `start`. */
  #wake(): void {
    if (this.#poll === null || this.#soon !== null) return;
    this.#soon = setTimeout(
      () => {
        this.#soon = null;
        this.#tick();
      },
      randomInt(...WAKE_MS),
    ).unref();
  }

  /** One round at a time; a failure (the database is away) is made good by the next one. */
  #tick(): void {
    this.#running = this.#running.then(() => this.#rounds.follow(this.run()));
  }
}
