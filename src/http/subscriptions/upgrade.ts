import type { IncomingMessage } from 'node:http';

export const SUBSCRIPTION_PATH = '/graphql/ws';

/** Whether Node hands a request over as an upgrade; all others are answered as if they had not asked for one. */
export const isSocketUpgrade = ({ url, headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url?.split('?', 1)[0] === SUBSCRIPTION_PATH;
