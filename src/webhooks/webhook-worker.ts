import { randomInt } from 'node:crypto';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { WebhookDeliveryView } from '../entities/webhook-delivery.queries.ts';
import type { WebhookDeliveryId, WebhookId } from '../ids.ts';
import type { Log } from '../log.ts';
import type { BackgroundWork } from '../telemetry/background-work.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import type { AttemptOutcome } from './attempt-outcomes.ts';
import type { ClaimedDelivery, WebhookQueue } from './webhook-queue.ts';
import type { Attempt, WebhookSender } from './webhook-sender.ts';

/** How often each replica looks for deliveries of others. Its own it is told of. */
const POLL_MS = 1000;
/** Longer than a try by this much, so that nobody else takes a delivery that is on its way. */
const CLAIM_MARGIN_SECONDS = 30;
/** Seconds between tries, a fifth more or less: a day in all, so that a receiver may be away for a night and a morning. */
export const WAITS_SECONDS = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800] as const;
/** How long stopping waits for tries that are under way, and then for those that it cut off to be noted. */
const STOP_MS = 3000;
const CUT_OFF_MS = 1000;
const FAILED = 'webhook deliveries could not be looked after and will be later';
const CUT_OFF = 'It was cut off: the server stopped.';

/** What became of tries since the start of this process. */
export interface WebhookTally {
  delivered: number;
  /** Failed, and will be tried again. */
  failed: number;
  /** Given up. */
  dead: number;
}

interface WorkerParts {
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Log;
  readonly background: BackgroundWork;
}

/**
 * Posts what stands in the table of deliveries. Any number of replicas may work on it: each delivery is claimed by one of them for a
 * while, so that a crash leads at most to a second copy, never to a loss. Each webhook has room for a few tries at once in each replica,
 * and no other bound is shared, so that receivers that hang delay nobody else.
 */
export class WebhookWorker {
  readonly tally: WebhookTally = { delivered: 0, failed: 0, dead: 0 };
  readonly #parts: WorkerParts;
  readonly #room: number;
  readonly #claimSeconds: number;
  readonly #busy = new Map<WebhookId, number>();
  /** Those that had no room for all that was due when it was last looked. */
  readonly #full = new Set<WebhookId>();
  readonly #underWay: WorkUnderWay;
  readonly #stopping = new AbortController();
  #poll: NodeJS.Timeout | null = null;
  #looking = false;
  #lookAgain = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#underWay = new WorkUnderWay(parts.background.rounds('webhooks', FAILED));
    this.#room = parts.config.webhooks.concurrency;
    this.#claimSeconds = parts.config.webhooks.timeoutSeconds + CLAIM_MARGIN_SECONDS;
  }

  /** Begins to look for deliveries. */
  start(): void {
    this.#poll ??= setInterval(() => this.wake(), POLL_MS).unref();
    this.wake();
  }

  /** Looks for deliveries now; does nothing before `start`. */
  wake(): void {
    if (this.#poll === null) return;
    this.#lookAgain = true;
    if (!this.#looking) void this.#underWay.track(this.#look());
  }

  /** Takes no more, waits a few seconds for tries under way, then cuts them off: they are repeated later. */
  async stop(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
    await this.#underWay.settled(STOP_MS);
    this.#stopping.abort();
    await this.#underWay.settled(CUT_OFF_MS);
  }

  /** Tries everything whose time has come, and waits for it. Gives how many tries that were. */
  async run(): Promise<number> {
    for (let tries = 0; ;) {
      const claimed = await this.#claim();
      await Promise.all(claimed.map((delivery) => this.#attempt(delivery)));
      tries += claimed.length;
      if (claimed.length === 0) return tries;
    }
  }

  /** Whether the webhook has room for another try in this replica. */
  hasRoom(webhookId: WebhookId): boolean {
    return (this.#busy.get(webhookId) ?? 0) < this.#room;
  }

  /** Tries one delivery now, its webhook switched on or not. Gives the row after that; null when somebody else took it first. */
  async deliver(id: WebhookDeliveryId): Promise<WebhookDeliveryView | null> {
    const now = this.#parts.clock.now();
    const claimed = await this.#parts.queue.claimOne(now, secondsAfter(now, this.#claimSeconds), id);
    if (claimed === null) return null;
    this.#occupy(claimed.webhookId, 1);
    return this.#underWay.track(this.#attempt(claimed));
  }

  /** Looks until nothing is left that there is room for; while it looks nobody else counts what is busy. */
  async #look(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#lookAgain && this.#poll !== null) {
        this.#lookAgain = false;
        for (const delivery of await this.#claim()) void this.#underWay.track(this.#attempt(delivery));
      }
    } finally {
      this.#looking = false;
    }
  }

  async #claim(): Promise<readonly ClaimedDelivery[]> {
    const now = this.#parts.clock.now();
    const busy = new Map(this.#busy);
    const room = { room: this.#room, busy };
    const claimed = await this.#parts.queue.claimDue(now, secondsAfter(now, this.#claimSeconds), room);
    for (const { webhookId } of claimed) {
      this.#occupy(webhookId, 1);
      busy.set(webhookId, (busy.get(webhookId) ?? 0) + 1);
    }
    // Whose room was filled may have more. A try that ended meanwhile did not know.
    const full = [...busy].filter(([, count]) => count >= this.#room).map(([webhookId]) => webhookId);
    this.#full.clear();
    for (const webhookId of full) this.#full.add(webhookId);
    if (full.some((webhookId) => this.hasRoom(webhookId))) this.wake();
    return claimed;
  }

  #occupy(webhookId: WebhookId, count: number): void {
    const present = (this.#busy.get(webhookId) ?? 0) + count;
    if (present > 0) this.#busy.set(webhookId, present);
    else this.#busy.delete(webhookId);
  }

  async #attempt(delivery: ClaimedDelivery): Promise<WebhookDeliveryView | null> {
    const { queue, clock } = this.#parts;
    const outcome = this.#outcomeOf(delivery, await this.#sendWithinRoom(delivery));
    const view = await queue.settle(delivery, outcome, clock.now());
    this.#count(delivery, outcome);
    return view;
  }

  /** Sends it and gives its room back; while it is noted how that went, another one is on its way. */
  async #sendWithinRoom(delivery: ClaimedDelivery): Promise<Attempt> {
    try {
      return await this.#send(delivery);
    } finally {
      this.#occupy(delivery.webhookId, -1);
      if (this.#full.has(delivery.webhookId)) this.wake();
    }
  }

  /** A mistake of ours is noted as a failed try: it must not keep the delivery in the dark. */
  async #send(delivery: ClaimedDelivery): Promise<Attempt> {
    try {
      return await this.#parts.sender.send(delivery, this.#stopping.signal);
    } catch (error) {
      this.#parts.log('error', 'webhook delivery could not be tried', { deliveryId: delivery.id, err: error });
      return { responseStatus: null, failure: 'It could not be tried.', durationMs: 0, isFinal: false };
    }
  }

  #outcomeOf({ attempt, kind }: ClaimedDelivery, tried: Attempt): AttemptOutcome {
    const now = this.#parts.clock.now();
    const { responseStatus, failure, durationMs } = tried;
    const facts = { responseStatus, failure, durationMs };
    if (failure === null) return { ...facts, state: 'DELIVERED', nextAttemptAt: null };
    // Also the last try: the receiver had no chance to answer.
    if (this.#stopping.signal.aborted && responseStatus === null && kind !== 'TEST') {
      return { ...facts, failure: CUT_OFF, state: 'PENDING', nextAttemptAt: now };
    }
    const wait = kind === 'TEST' ? undefined : WAITS_SECONDS[attempt - 1];
    if (wait === undefined || tried.isFinal) return { ...facts, state: 'DEAD', nextAttemptAt: null };
    const nextAttemptAt = secondsAfter(now, Math.round((wait * randomInt(800, 1201)) / 1000));
    return { ...facts, state: 'PENDING', nextAttemptAt };
  }

  #count({ id, webhookId, eventType, attempt, kind }: ClaimedDelivery, { state, failure }: AttemptOutcome): void {
    if (state === 'DELIVERED') this.tally.delivered += 1;
    else if (state === 'PENDING') this.tally.failed += 1;
    else {
      this.tally.dead += 1;
      if (kind === 'TEST') return; // whoever asked for it sees it
      const facts = { deliveryId: id, webhookId, eventType, attempt, failure };
      this.#parts.log('warn', 'webhook delivery given up', facts);
    }
  }
}
