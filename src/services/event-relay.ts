import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, wasWithin } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { claimSinks, lockOutboxOrder, outboxState, placeEvents } from '../entities/outbox.queries.ts';
import type { EventSink } from '../events/event-sink.ts';
import type { Log } from '../log.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import { within } from '../work-under-way.ts';
import { EventLane, type RelayTurn } from './event-lane.ts';
import type { HeldLease, LeaseService } from './lease.service.ts';

/** The right to publish, for one replica at a time. */
export const RELAY_LEASE = 'event-relay';
/** A relay that dies is replaced after so long. */
const LEASE_SECONDS = 15;
/** It prolongs its lease when a third of it is over, and begins nothing new when less than this is left. */
const RENEW_MS = 5000;
const MARGIN_MS = 2000;
/** How often the relay looks for events, and how often the others look whether there is one. */
const POLL_MS = 400;
const STANDBY_MS = 3000;
/** Events that get their positions in one transaction. */
const PLACING = 1000;
/** How long stopping publishes what is left, then waits for batches under way. */
const FLUSH_MS = 2000;
const STOP_MS = 1500;

interface Parts {
  readonly database: Database;
  readonly leases: LeaseService;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Log;
  readonly background: BackgroundWork;
  readonly sinks: readonly EventSink[];
}

interface OutboxState {
  readonly waiting: boolean;
  readonly last_position: string;
  readonly positions: Readonly<Record<string, string>>;
}

interface Turn extends RelayTurn {
  readonly lease: HeldLease;
  readonly since: Date;
}

/**
 * Brings committed events to the sinks: at least once, in the order of each aggregate, by one replica at a time. It gives events
 * their positions; each sink is served by itself from its own. A relay that lost its lease without noticing changes nothing any
 * more: positions and sinks carry the fencing number of the newest lease.
 */
export class EventRelay {
  readonly #parts: Parts;
  readonly #lanes: readonly EventLane[];
  readonly #rounds: Rounds;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;
  #turn: Turn | null = null;
  #isOver = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rounds = parts.background.rounds('event_relay', 'events could not be looked after and will be later');
    const batchSize = parts.config.events.batchSize;
    this.#lanes = parts.sinks.map((sink) => new EventLane(sink, { ...parts, batchSize }));
  }

  /** What this process did since it started, by sink. */
  get counts(): readonly { readonly sink: string; readonly published: number; readonly failures: number }[] {
    return this.#lanes.map((lane) => ({ sink: lane.name, ...lane.counts }));
  }

  /** Begins to look for events, or for a relay that is missing. */
  start(): void {
    this.#loop ??= this.#work(this.#stopping.signal);
  }

  /** Brings out what is committed by now, as far as the sinks take it at once, finishes batches under way, gives the lease back. */
  async stop(): Promise<void> {
    if (this.#loop === null) return;
    this.#stopping.abort();
    await this.#loop;
    if (this.#turn?.isHeld() === true) await within(FLUSH_MS, this.run());
    this.#isOver = true;
    await within(STOP_MS, Promise.all(this.#lanes.map((lane) => lane.settled())));
    await within(STOP_MS, Promise.all(this.#lanes.map((lane) => lane.close())));
    if (this.#turn !== null) await this.#parts.leases.release(this.#turn.lease).catch(() => undefined);
  }

  /**
   * One round: everything that is committed goes to every sink, as far as it takes it. Gives whether this replica is the relay.
   * Throws when the database does not answer.
   */
  async run(): Promise<boolean> {
    const turn = await this.#hold();
    if (turn === null) return false;
    const state = await this.#state();
    if (state.waiting) await this.#place(turn);
    await Promise.all(this.#lanes.map((lane) => lane.serve(turn)));
    return true;
  }

  async #work(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const isRelay = await this.#rounds.follow(this.#round());
      await sleep(isRelay === true ? POLL_MS : STANDBY_MS, undefined, { signal: stopping, ref: false }).catch(
        () => undefined,
      );
    }
  }

  /** Like `run`, but waits for no sink. */
  async #round(): Promise<boolean> {
    const turn = await this.#hold();
    if (turn === null) return false;
    const state = await this.#state();
    if (state.waiting) await this.#place(turn);
    else this.#serve(turn, (lane) => state.positions[lane.name] !== state.last_position);
    return true;
  }

  #serve(turn: Turn, isBehind: (lane: EventLane) => boolean): void {
    for (const lane of this.#lanes) {
      if (isBehind(lane)) void lane.serve(turn).catch((error: unknown) => this.#rounds.failed(error));
    }
  }

  async #state(): Promise<OutboxState> {
    const [state] = await this.#parts.database.query<OutboxState>(outboxState);
    if (state === undefined) throw new Error('The order of events has no beginning: its row is gone.');
    return state;
  }

  /** Takes or prolongs the lease; null while another replica has it. */
  async #hold(): Promise<Turn | null> {
    const now = this.#parts.clock.now();
    const present = this.#turn;
    if (present !== null && wasWithin(present.since, RENEW_MS, now)) return present;
    const lease = await this.#parts.leases.take(RELAY_LEASE, LEASE_SECONDS);
    this.#turn = lease === null ? null : this.#turnOf(lease, now);
    if (this.#turn === null) return null;
    const names = this.#lanes.map((lane) => lane.name);
    await this.#parts.database.query(claimSinks, [names, this.#turn.fencing, now.toISOString()]);
    return this.#turn;
  }

  #turnOf(lease: HeldLease, since: Date): Turn {
    // A later turn under the same lease prolongs this one for batches that are under way.
    const isHeld = (): boolean =>
      !this.#isOver &&
      this.#turn?.lease.fencing === lease.fencing &&
      wasWithin(this.#turn.since, LEASE_SECONDS * 1000 - MARGIN_MS, this.#parts.clock.now());
    return { lease, fencing: lease.fencing, since, isHeld };
  }

  /** Gives positions to all that is committed; the lanes follow. */
  async #place(first: Turn): Promise<void> {
    const { database, clock } = this.#parts;
    let turn: Turn | null = first;
    for (let count = PLACING; count === PLACING && turn !== null && turn.isHeld(); turn = await this.#hold()) {
      const { fencing } = turn;
      count = await database.transaction(async (em) => {
        const [order] = await sql<{ last_position: string }>(em, lockOutboxOrder, [fencing]);
        if (order === undefined) return 0;
        const values = [order.last_position, PLACING, clock.now().toISOString(), fencing];
        const [placed] = await sql<{ count: number }>(em, placeEvents, values);
        return placed?.count ?? 0;
      });
      this.#serve(turn, () => true);
    }
  }
}
