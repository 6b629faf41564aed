import { bytes, duration, flag, integer } from './kinds.ts';
import { fixed, setting } from './setting.ts';

export const subscriptions = {
  enabled: setting({
    kind: flag,
    env: 'SUBSCRIPTIONS',
    byDefault: fixed(true),
    description: 'Serves GraphQL subscriptions over WebSocket at /graphql/ws.',
  }),
  maximumConnections: setting({
    kind: integer(1, 1_000_000),
    env: 'SUBSCRIPTION_CONNECTIONS',
    byDefault: fixed(10_000),
    description: 'Connections to one process at a time; more are refused with 503.',
  }),
  maximumConnectionsPerUser: setting({
    kind: integer(1, 1_000_000),
    env: 'SUBSCRIPTION_CONNECTIONS_PER_USER',
    byDefault: fixed(50),
    description: 'Connections of one user, over all sessions and API keys, to one process at a time.',
  }),
  maximumWaitingPerNetwork: setting({
    kind: integer(1, 1_000_000),
    env: 'SUBSCRIPTION_CONNECTIONS_WAITING',
    byDefault: fixed(200),
    description:
      'Connections from one network (an IPv4 address, or the /64 of an IPv6 address) that have not said yet who they are; more are refused with 429.',
  }),
  maximumPerConnection: setting({
    kind: integer(1, 10_000),
    env: 'SUBSCRIPTIONS_PER_CONNECTION',
    byDefault: fixed(20),
    description: 'Subscriptions of one connection at a time.',
  }),
  messageBytes: setting({
    kind: bytes(1024, 1_048_576),
    env: 'SUBSCRIPTION_MESSAGE_LIMIT',
    byDefault: fixed(64 * 1024, '`64kb`'),
    description: 'Largest message that a client may send.',
  }),
  bufferBytes: setting({
    kind: bytes(16_384, 64 * 1_048_576),
    env: 'SUBSCRIPTION_BUFFER_LIMIT',
    byDefault: fixed(1_048_576, '`1mb`'),
    description: 'What may wait to be sent to one client; one that falls further behind is disconnected.',
  }),
  initSeconds: setting({
    kind: duration(1, 60),
    env: 'SUBSCRIPTION_INIT_TIMEOUT',
    byDefault: fixed(5, '`5s`'),
    description: 'How long a client may take to say who it is.',
  }),
  pingSeconds: setting({
    kind: duration(1, 600),
    env: 'SUBSCRIPTION_PING',
    byDefault: fixed(20, '`20s`'),
    description:
      'How often clients are asked whether they are still there; who does not answer until the next time is disconnected.',
  }),
};
