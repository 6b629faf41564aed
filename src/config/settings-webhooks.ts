import { duration, flag, integer, networks } from './kinds.ts';
import { fixed, setting } from './setting.ts';

const DAY = 86_400;

export const webhooks = {
  maximum: setting({
    kind: integer(1, 1000),
    env: 'WEBHOOKS_MAXIMUM',
    byDefault: fixed(100),
    description: 'Webhooks that can exist at once.',
  }),
  timeoutSeconds: setting({
    kind: duration(1, 60),
    env: 'WEBHOOK_TIMEOUT',
    byDefault: fixed(10, '`10s`'),
    description: 'How long a receiver may take to answer, name look-up and connection included.',
  }),
  concurrency: setting({
    kind: integer(1, 50),
    env: 'WEBHOOK_CONCURRENCY',
    byDefault: fixed(20),
    description: 'Deliveries of one webhook that one replica has under way at once.',
  }),
  retentionSeconds: setting({
    kind: duration(DAY, 365 * DAY),
    env: 'WEBHOOK_RETENTION',
    byDefault: fixed(30 * DAY, '`30d`'),
    description: 'How long deliveries are kept after they were delivered or given up; until then they can be replayed.',
  }),
  allowHttp: setting({
    kind: flag,
    env: 'WEBHOOK_ALLOW_HTTP',
    byDefault: fixed(false),
    description: 'Addresses in clear http are taken, for receivers in a network of your own.',
  }),
  allowedNetworks: setting({
    kind: networks,
    env: 'WEBHOOK_NETWORKS',
    byDefault: fixed<readonly string[]>([], 'none'),
    description:
      'Private networks that webhooks may reach; all others are refused, so that no webhook makes the server call its neighbours.',
  }),
};

/** Settings of webhooks that are allowed but worth a look. */
export const webhookOddities = ({
  allowHttp,
  allowedNetworks,
}: {
  readonly allowHttp: boolean;
  readonly allowedNetworks: readonly string[];
}): readonly string[] =>
  allowHttp && allowedNetworks.length === 0
    ? [
        'webhooks.allowHttp: is on without webhooks.allowedNetworks, so events may travel readable through the internet; give the networks of the receivers, or switch it off',
      ]
    : [];
