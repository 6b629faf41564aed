import type { Clock } from '../../src/clock.ts';
import type { EventSink, PublishedEvent } from '../../src/events/event-sink.ts';
import type { Happening, Origin } from '../../src/events/recorder.ts';
import { newId } from '../../src/ids.ts';
import { EventRelay } from '../../src/services/event-relay.ts';
import type { Log } from '../../src/log.ts';
import { LeaseService } from '../../src/services/lease.service.ts';
import { BackgroundWork } from '../../src/telemetry/background-work.ts';
import type { TestApp } from './test-app.ts';

/** A sink that keeps what it gets, and fails or hangs when told to. */
export class MemorySink implements EventSink {
  readonly name: string;
  readonly taken: PublishedEvent[] = [];
  readonly batches: number[] = [];
  /** Called before a batch is taken; what it throws is the answer. */
  before: () => Promise<void> | void = () => undefined;
  /** Whether a batch of so many is too much for it. */
  refuses: (count: number) => boolean = () => false;
  closed = false;

  constructor(name = 'memory') {
    this.name = name;
  }

  async publish(events: readonly PublishedEvent[]): Promise<void> {
    await this.before();
    if (this.refuses(events.length)) throw new Error('too large');
    this.batches.push(events.length);
    this.taken.push(...events);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  get numbers(): readonly number[] {
    return this.taken.map(numberOf);
  }
}

/** Which event of `happening` it is. */
export const numberOf = ({ payload }: PublishedEvent): number => Number(payload['endedSessions']);

export const NOBODY: Origin = { actor: null, onBehalfOfId: null, ipAddress: null, userAgent: null, requestId: null };

/** An event with a number in it. */
export const happening = (number: number, userId: string = newId()): Happening => ({
  action: 'user.deleted',
  target: { type: 'User', id: userId, label: null },
  event: { type: 'UserDeleted', payload: { userId, endedSessions: number } },
});

/** Writes events, each in a transaction of its own, as an operation does. */
export const writeEvents = async (
  { services, database }: Pick<TestApp, 'services' | 'database'>,
  numbers: readonly number[],
  userId?: string,
): Promise<void> => {
  for (const number of numbers) {
    await database.transaction((em) => services.recorder.record(em, NOBODY, [happening(number, userId)]));
  }
};

export const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const telemetryOf = (clock: Clock, lines: string[]) => {
  const log: Log = (level, message, details) => void lines.push(JSON.stringify({ level, message, ...details }));
  return { log, background: new BackgroundWork({ clock, log }) };
};

/** A relay as one replica has it, for these sinks. */
export const relayOf = (
  { database, clock: testClock, config, log }: TestApp,
  sinks: readonly EventSink[],
  clock: Clock = testClock,
): EventRelay =>
  new EventRelay({
    database,
    clock,
    config,
    ...telemetryOf(clock, log),
    sinks,
    leases: new LeaseService({ database, clock }),
  });

/** As before the first event. */
export const emptyOutbox = async ({ database }: Pick<TestApp, 'database'>): Promise<void> => {
  for (const table of ['outbox_events', 'outbox_sinks', 'leases']) await database.query(`delete from ${table}`);
  await database.query('update outbox_order set last_position = 0, fencing = 0');
};
