import type { Config } from '../../config/config.ts';
import type { Log } from '../../log.ts';
import type { EventSink } from '../event-sink.ts';
import { KafkaSink } from './kafka-sink.ts';
import { logSink } from './log-sink.ts';
import { RedisSink } from './redis-sink.ts';

/** The sinks that the settings name. None connects to anything before it gets events. */
export const configuredSinks = ({ events, kafka, redis }: Config, log: Log): readonly EventSink[] => {
  const names = events.sinks ?? (kafka.brokers.length > 0 ? ['kafka'] : ['log']);
  return names.flatMap((name): EventSink | readonly never[] => {
    if (name === 'kafka') return new KafkaSink(kafka);
    if (name === 'log') return logSink(log);
    if (redis.url === null) return [];
    return new RedisSink({
      url: redis.url,
      stream: events.redisStream,
      maximumLength: events.redisMaximumLength,
    });
  });
};
