import type { Config } from '../config/config.ts';

/** How often, at least, connections are looked at whose request does not come. */
const LOOK_MS = 5000;

/** What Node's servers are given. */
interface ListeningTimes {
  readonly requestTimeout: number;
  readonly headersTimeout: number;
  readonly connectionsCheckingInterval: number;
}

/**
 * The time that a request may take to arrive, for both listeners. The headers get no more of it than the whole: with more, Node takes the
 * one for the other. By itself it looks at its connections every thirty seconds only.
 */
export const listeningTimes = ({ server }: Pick<Config, 'server'>): ListeningTimes => {
  const requestTimeout = server.requestTimeoutSeconds * 1000;
  return {
    requestTimeout,
    headersTimeout: Math.min(60_000, requestTimeout),
    connectionsCheckingInterval: Math.min(LOOK_MS, requestTimeout / 2),
  };
};
