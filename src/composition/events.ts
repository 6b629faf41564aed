import { deadDeliveries } from '../entities/outbox.queries.ts';
import type { EventSink } from '../events/event-sink.ts';
import { configuredSinks } from '../events/sinks/configured-sinks.ts';
import { EventRelay } from '../services/event-relay.ts';
import { EventReplay } from '../services/event-replay.ts';
import { LeaseService } from '../services/lease.service.ts';
import { MAXIMUM_COUNTED, OutboxReader } from '../services/outbox-reader.ts';
import { SinkHealth } from '../services/sink-health.ts';
import type { Base } from './base.ts';

/** What brings events out, and tells how far they have come. */
export const createEvents = (base: Base, webhookSink: EventSink) => {
  const eventSinks = base.eventSinks ?? [...configuredSinks(base.config, base.log), webhookSink];
  return {
    outboxReader: new OutboxReader({ ...base, sinks: eventSinks, deadLetters: { webhook: () => countDead(base) } }),
    sinkHealth: new SinkHealth({ ...base, sinks: eventSinks.map(({ name }) => name) }),
    eventReplay: new EventReplay(base),
    eventRelay: new EventRelay({ ...base, sinks: eventSinks, leases: new LeaseService(base) }),
  };
};

/** Counting goes on while somebody waits for it, so it has an end. */
const countDead = async ({ database }: Base): Promise<number> => {
  const [row] = await database.query<{ count: number }>(deadDeliveries, [MAXIMUM_COUNTED]);
  return row?.count ?? 0;
};
