import { isLoopbackHost } from './addresses.ts';
import { brokers, duration, flag, integer, oneOf, optional, secretText, someOf, text } from './kinds.ts';
import { fixed, setting } from './setting.ts';

const HOUR = 3600;
const DAY = 86_400;

const places = optional(someOf(['log', 'redis', 'kafka']));

export const events = {
  sinks: setting({
    // Nothing given is not nowhere.
    kind: {
      ...places,
      show: (value) => (value === null ? 'kafka with KAFKA_BROKERS, otherwise log' : places.show(value)),
    },
    env: 'EVENT_SINKS',
    byDefault: fixed<null>(null, '`kafka` with KAFKA_BROKERS, otherwise `log`'),
    description: 'Where events go: `log`, `redis` (a stream in `redis.url`), `kafka`. Webhooks get theirs besides.',
  }),
  retentionSeconds: setting({
    kind: duration(HOUR, 366 * DAY),
    env: 'EVENT_RETENTION',
    byDefault: fixed(7 * DAY, '`7d`'),
    description: 'How long events that every sink has taken are kept, to be replayed.',
  }),
  batchSize: setting({
    kind: integer(1, 5000),
    env: 'EVENT_BATCH_SIZE',
    byDefault: fixed(500),
    description: 'Events that a sink is given at once.',
  }),
  redisStream: setting({
    kind: text(200, 'key'),
    env: 'EVENT_REDIS_STREAM',
    byDefault: fixed('gatehouse:events'),
    description: 'Key of the stream of the sink `redis`.',
  }),
  redisMaximumLength: setting({
    kind: integer(1000, 100_000_000),
    env: 'EVENT_REDIS_MAXLEN',
    byDefault: fixed(1_000_000),
    description: 'About so many entries stay in the stream; older ones go.',
  }),
};

export const kafka = {
  brokers: setting({
    kind: brokers,
    env: 'KAFKA_BROKERS',
    row: '2.4, 2.10',
    byDefault: fixed<readonly string[]>([], 'none'),
    description: 'Brokers of Kafka to ask first, `host:port`, separated by commas; the others are found through them.',
  }),
  topic: setting({
    kind: text(249, 'topic'),
    env: 'KAFKA_TOPIC',
    byDefault: fixed('gatehouse.events'),
    description: 'Topic of the events. It must exist, or the brokers make it; keys are the ids of aggregates.',
  }),
  tls: setting({
    kind: flag,
    env: 'KAFKA_TLS',
    byDefault: fixed(false),
    description: 'Speaks TLS with the brokers and verifies their certificates.',
  }),
  caFile: setting({
    kind: optional(text(1000, 'path')),
    env: 'KAFKA_CA_FILE',
    byDefault: fixed<null>(null, 'none: authorities that Node.js knows'),
    description: 'PEM file with the authorities that the certificates of the brokers come from.',
  }),
  mechanism: setting({
    kind: oneOf(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
    env: 'KAFKA_SASL_MECHANISM',
    byDefault: fixed<'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'>('SCRAM-SHA-512'),
    description: 'How the server signs in to the brokers (SASL), with `kafka.username`.',
  }),
  username: setting({
    kind: optional(text(200)),
    env: 'KAFKA_USERNAME',
    byDefault: fixed<null>(null, 'none: no SASL'),
    description: 'Name for SASL.',
  }),
  password: setting({
    kind: optional(secretText(1, 1024)),
    env: 'KAFKA_PASSWORD',
    byDefault: fixed<null>(null, 'none'),
    description: 'Password for SASL.',
  }),
};

interface KafkaFacts {
  readonly brokers: readonly string[];
  readonly tls: boolean;
  readonly caFile: string | null;
  readonly username: string | null;
  readonly password: unknown;
}

/** Levels of a log that has the lines of events, which are of the level `info`. */
const WRITES_EVENTS: ReadonlySet<string> = new Set(['trace', 'debug', 'info']);

interface EventFacts {
  readonly events: { readonly sinks: readonly string[] | null };
  readonly kafka: KafkaFacts;
  readonly redis: { readonly url: unknown };
  readonly log: { readonly level: string };
}

/** Settings of events that do not fit together. */
export const eventContradictions = (config: EventFacts): readonly string[] => [
  ...sinkContradictions(config),
  ...kafkaContradictions(config.kafka),
];

/** Sinks that are named and cannot take anything. */
const sinkContradictions = ({ events: { sinks }, kafka: cluster, redis, log }: EventFacts): readonly string[] => {
  const found: string[] = [];
  if (sinks?.includes('kafka') === true && cluster.brokers.length === 0) {
    found.push('events.sinks: names kafka though kafka.brokers is empty; give KAFKA_BROKERS');
  }
  if (sinks?.includes('redis') === true && redis.url === null) {
    found.push('events.sinks: names redis though redis.url is missing; give REDIS_URL');
  }
  if (sinks?.includes('log') === true && !WRITES_EVENTS.has(log.level)) {
    found.push(
      `events.sinks: names log though log.level is ${log.level}, so that no event is written; give LOG_LEVEL=info or leave it out`,
    );
  }
  return found;
};

const kafkaContradictions = ({ username, password, caFile, tls }: KafkaFacts): readonly string[] => [
  ...((username === null) === (password === null)
    ? []
    : ['kafka.username: goes together with kafka.password; give both or neither']),
  ...(caFile !== null && !tls ? ['kafka.caFile: is of no use without TLS; give KAFKA_TLS=true or leave it out'] : []),
];

/** Settings of events that are allowed but worth a look. */
export const eventOddities = ({ brokers: addresses, tls, username }: KafkaFacts): readonly string[] => {
  const isRemote = addresses.some((address) => !isLoopbackHost(address.slice(0, address.lastIndexOf(':'))));
  if (tls || !isRemote) return [];
  const what = username === null ? 'events travel' : 'events and the password travel';
  return [`kafka.tls: is false, so ${what} readable to the brokers; give KAFKA_TLS=true`];
};
