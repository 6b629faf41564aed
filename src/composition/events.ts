import type { EventSink } from '../events/event-sink.ts';
import { configuredSinks } from '../events/sinks/configured-sinks.ts';
import { EventRelay } from '../services/event-relay.ts';
import { LeaseService } from '../services/lease.service.ts';
import type { Base } from './base.ts';

/** What brings events out. */
export const createEvents = (base: Base, webhookSink: EventSink) => {
  const eventSinks = base.eventSinks ?? [...configuredSinks(base.config, base.log), webhookSink];
  return {
    eventRelay: new EventRelay({ ...base, sinks: eventSinks, leases: new LeaseService(base) }),
  };
};
