import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, secondsAfter } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import type { MessageView } from '../entities/message.queries.ts';
import type { MessageId } from '../ids.ts';
import type { Log } from '../log.ts';
import type { BackgroundWork } from '../telemetry/background-work.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { traced } from '../telemetry/tracing.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import { failureText } from './failure-text.ts';
import { type AttemptResult, type ClaimedMessage, MessageQueue } from './message-queue.ts';
import type { MessageRenderer } from './message-renderer.ts';
import { TransportFailure, type Transports } from './message-transport.ts';
import { openVariables, type Variables } from './sealed-variables.ts';
import { Slots } from './slots.ts';
import type { TransportHealth } from './transport-health.ts';

/** How often each replica looks for messages of others. Its own it is told of. */
const POLL_MS = 2000;
/** A message is announced inside its transaction; by then that has ended, or the next look finds it. */
const WAKE_MS = 50;
/** Messages on their way at once. */
const CONCURRENCY = 8;
/** The longest that one try may take; no transport needs as much by its own limits. */
const ATTEMPT_MS = 120_000;
/** Longer than a try, so that nobody else takes a message that is on its way. */
const CLAIM_SECONDS = 180;
/** With the waits below: nine and a half hours, a night. */
const MAXIMUM_ATTEMPTS = 16;
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3600;
/** How long a mutation waits for its message. */
const DELIVER_MS = 2000;
const LOOK_AGAIN_MS = 100;
/** How long stopping waits for messages on their way, and then for those that it cut off to be noted. */
const STOP_MS = 3000;
const CUT_OFF_MS = 1000;

/** Exponential, up to an hour, a fifth more or less: a server that comes back is not met by everything at once. */
const waitSeconds = (attempt: number): number => {
  const wait = Math.min(FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS);
  return Math.round((wait * randomInt(800, 1201)) / 1000);
};

const FAILED = 'messages could not be looked after and will be later';

interface WorkerParts {
  readonly database: Database;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly log: Log;
  readonly renderer: MessageRenderer;
  readonly transports: Transports;
  readonly health: TransportHealth;
  readonly instruments: Instruments;
  readonly background: BackgroundWork;
}

/**
 * Sends what stands in the table of messages. Any number of replicas may work on it: each message is claimed by one of them for
 * a while, so that a crash between sending and noting it leads at most to a second copy, never to a loss.
 */
export class MessageWorker {
  readonly #parts: WorkerParts;
  readonly #queue: MessageQueue;
  readonly #slots = new Slots(CONCURRENCY);
  readonly #underWay: WorkUnderWay;
  readonly #stopping = new AbortController();
  #poll: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#underWay = new WorkUnderWay(parts.background.rounds('messages', FAILED));
    this.#queue = new MessageQueue(parts.database);
  }

  /** Begins to look for messages, and checks templates and transports once; what is wrong is logged, the latter part of health. */
  start(): void {
    this.#poll ??= setInterval(() => this.#tick(), POLL_MS).unref();
    this.#tick();
    this.#parts.renderer.check();
    void this.#underWay.track(this.#parts.health.verify(this.#stopping.signal));
  }

  /** Looks for messages in a moment; does nothing before `start`. */
  wake(): void {
    if (this.#poll === null || this.#soon !== null) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      this.#tick();
    }, WAKE_MS).unref();
  }

  /** Takes no more, waits a few seconds for messages on their way, then cuts them off: they are sent later. */
  async stop(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#poll = null;
    this.#soon = null;
    await this.#underWay.settled(STOP_MS);
    this.#stopping.abort();
    await this.#underWay.settled(CUT_OFF_MS);
    for (const transport of Object.values(this.#parts.transports)) transport?.close();
  }

  /** Sends everything whose time has come, and waits for it. Gives how many tries that were. */
  async run(): Promise<number> {
    for (let tries = 0; ;) {
      const claimed = await this.#claimDue(CONCURRENCY);
      await Promise.all(claimed.map((message) => this.#attempt(message)));
      tries += claimed.length;
      if (claimed.length === 0) return tries;
    }
  }

  /**
   * Call it after the commit: makes the first try now and gives the messages as they stand when it is over, or after
   * `atMostMs` at the latest; the try then goes on by itself. QUEUED with a `failure` means that it failed and will be repeated.
   * Never fails for a reason of the mail server's.
   */
  async deliver(ids: readonly MessageId[], { atMostMs = DELIVER_MS } = {}): Promise<readonly MessageView[]> {
    if (ids.length === 0) return [];
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), atMostMs).unref();
    const ended = new Promise<null>((resolve) => over.signal.addEventListener('abort', () => resolve(null)));
    const first = await Promise.race([this.#underWay.track(this.#deliverNow(ids, over.signal)), ended]);
    const views = first ?? (await this.#queue.read(ids));
    clearTimeout(timer);
    over.abort();
    return views;
  }

  /** A try by this process; messages that another one took are looked at until it has come to an end with them. */
  async #deliverNow(ids: readonly MessageId[], over: AbortSignal): Promise<readonly MessageView[] | null> {
    const done = new Map<MessageId, MessageView>();
    for (let from = 0; from < ids.length && !over.aborted; from += CONCURRENCY) {
      for (const view of await this.#sendThese(ids.slice(from, from + CONCURRENCY), over)) done.set(view.id, view);
    }
    if (ids.every((id) => done.has(id))) return ids.flatMap((id) => done.get(id) ?? []);
    while (!over.aborted) {
      const read = await this.#queue.read(ids);
      if (read.every(({ state, failure }) => state !== 'QUEUED' || failure !== null)) return read;
      await sleep(LOOK_AGAIN_MS, undefined, { ref: false });
    }
    return null;
  }

  #sendThese(ids: readonly MessageId[], over: AbortSignal): Promise<readonly MessageView[]> {
    return this.#slots.use(async () => {
      if (over.aborted || this.#stopping.signal.aborted) return [];
      const now = this.#parts.clock.now();
      const claimed = await this.#queue.claimThese(now, secondsAfter(now, CLAIM_SECONDS), ids);
      const views = await Promise.all(claimed.map((message) => this.#attempt(message)));
      return views.filter((view) => view !== null);
    });
  }

  #claimDue(limit: number): Promise<readonly ClaimedMessage[]> {
    const now = this.#parts.clock.now();
    return this.#queue.claimDue(now, secondsAfter(now, CLAIM_SECONDS), limit);
  }

  #tick(): void {
    const slots = this.#slots.takeFree();
    if (slots > 0) void this.#underWay.track(this.#sendDue(slots));
  }

  /** Has its slots before it claims: what is claimed must not wait while its claim runs out. */
  async #sendDue(slots: number): Promise<void> {
    let unused = slots;
    try {
      const claimed = await this.#claimDue(slots);
      unused -= claimed.length;
      for (const message of claimed) {
        const sent = this.#attempt(message).finally(() => this.#slots.giveBack(1));
        // a full batch leaves more behind
        void this.#underWay.track(sent).then(() => (claimed.length === slots ? this.wake() : undefined));
      }
    } finally {
      this.#slots.giveBack(unused);
    }
  }

  async #attempt(message: ClaimedMessage): Promise<MessageView | null> {
    const { clock, log, instruments } = this.#parts;
    const result = await this.#try(message);
    instruments.messages.add(message.channel, result.state);
    const view = await this.#queue.settle(message, result, clock.now());
    const facts = { messageId: message.id, template: message.template, channel: message.channel };
    const tries = { ...facts, attempt: message.attempt };
    if (result.state === 'SENT') log('info', 'message sent', tries);
    else if (result.state === 'NOT_CONFIGURED') log('warn', 'message not sent: no transport is configured', facts);
    else if (result.state === 'FAILED') log('warn', 'message given up', { ...tries, failure: result.failure });
    else if (result.failure !== null) log('warn', 'message not sent, tried again later', { ...tries, ...result });
    return view;
  }

  async #try(message: ClaimedMessage): Promise<AttemptResult> {
    const { clock, transports, health } = this.#parts;
    const now = clock.now();
    if (message.expiresAt !== null && message.expiresAt <= now) {
      return { state: 'FAILED', failure: message.failure ?? 'It expired before it could be sent.', forget: true };
    }
    const transport = transports[message.channel];
    if (transport === null) return { state: 'NOT_CONFIGURED' };
    let variables: Variables = {};
    try {
      const rendered = await this.#render(message, (opened) => (variables = opened));
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ATTEMPT_MS)]);
      const attributes = {
        'gatehouse.message.template': message.template,
        'gatehouse.message.channel': message.channel,
      };
      await traced('send message', { kind: 'client', alone: true, attributes }, () => transport.send(rendered, signal));
      health.worked(message.channel);
      return { state: 'SENT' };
    } catch (error) {
      if (this.#stopping.signal.aborted) return { state: 'QUEUED', failure: null, nextAttemptAt: now };
      return this.#failed(message, error, variables);
    }
  }

  async #render(message: ClaimedMessage, onOpened: (variables: Variables) => void) {
    const { masterKeys, renderer } = this.#parts;
    if (message.sealedVariables === null) throw new TransportFailure('Its content is gone.', true);
    const variables = openVariables(masterKeys, message.id, message.sealedVariables);
    onOpened(variables);
    return renderer.render({ ...message, variables });
  }

  #failed(message: ClaimedMessage, error: unknown, variables: Variables): AttemptResult {
    const { clock, log, health } = this.#parts;
    const isExpected = error instanceof TransportFailure;
    if (!isExpected) log('error', 'message could not be made', { messageId: message.id, err: error });
    const failure = failureText(
      isExpected ? error.message : 'The message could not be made.',
      Object.values(variables),
    );
    const isPermanent = isExpected && error.permanent;
    if (isExpected && !isPermanent) health.failed(message.channel, failure);
    const nextAttemptAt = secondsAfter(clock.now(), waitSeconds(message.attempt));
    if (isPermanent || message.attempt >= MAXIMUM_ATTEMPTS) return { state: 'FAILED', failure, forget: false };
    const isTooLate = message.expiresAt !== null && message.expiresAt <= nextAttemptAt;
    return isTooLate ? { state: 'FAILED', failure, forget: false } : { state: 'QUEUED', failure, nextAttemptAt };
  }
}
