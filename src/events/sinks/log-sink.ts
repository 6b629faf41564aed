import type { Log } from '../../log.ts';
import type { EventSink } from '../event-sink.ts';

/** One line of the log for each event: where nothing else is configured, what happened can still be followed. */
export const logSink = (log: Log): EventSink => ({
  name: 'log',
  publish: async (events) => {
    for (const { id, sequence, type, aggregateType, aggregateId, occurredAt, payload } of events) {
      log('info', 'event', { event: { id, sequence, type, aggregateType, aggregateId, occurredAt, payload } });
    }
  },
  close: async () => undefined,
});
