import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { Network, parseAddress } from '../permissions/networks.ts';
import { provenAddress } from './client-address.ts';
import { listeningTimes } from './listening-times.ts';
import { isSocketUpgrade } from './subscriptions/upgrade.ts';

/**
 * Knows on which requests administrators' operations are served, and listens on a second address for them where the settings say
 * so. A request is told by the socket that it came in on, by nothing that it says of itself.
 */
export class AdministrationListener {
  readonly #settings: Config['administration'];
  readonly #networks: readonly Network[];
  readonly #times: ReturnType<typeof listeningTimes>;
  readonly #sockets = new WeakSet<Socket>();
  #server: Server | null = null;

  constructor(config: Pick<Config, 'administration' | 'server'>) {
    const { administration } = config;
    this.#times = listeningTimes(config);
    this.#settings = administration;
    this.#networks = administration.networks.flatMap((text) => Network.parse(text) ?? []);
  }

  /** Whether administrators' operations are served on this request: the listener and the network must be right, where either is set. */
  readonly serves = (request: FastifyRequest): boolean =>
    (this.#settings.port === null || this.#sockets.has(request.raw.socket)) && this.#isFromNetwork(request);

  /** Listens, where the settings ask for it, with the routes and limits of `app`; gives the address, null without. */
  async listen(app: FastifyInstance): Promise<AddressInfo | null> {
    const { port, host } = this.#settings;
    if (port === null) return null;
    const main = app.server;
    const options = {
      ...this.#times,
      // As on the first listener; an upgrade that nobody answers would keep its socket for ever.
      shouldUpgradeCallback: (request: IncomingMessage) =>
        main.listenerCount('upgrade') > 0 && isSocketUpgrade(request),
    };
    const server = createServer(options, (request, response) => {
      app.routing(request, response);
    });
    server.keepAliveTimeout = main.keepAliveTimeout;
    server.on('connection', (socket) => this.#sockets.add(socket));
    server.on('upgrade', (...upgrade) => main.emit('upgrade', ...upgrade));
    for (const listener of main.listeners('clientError')) server.on('clientError', listener as () => void);
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    return typeof address === 'object' ? address : null;
  }

  /** Takes no new connections and lets those that are answering finish. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === null || !server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  }

  closeAllConnections(): void {
    this.#server?.closeAllConnections();
  }

  #isFromNetwork(request: FastifyRequest): boolean {
    // As they are set, not as they were read: what cannot be read must not let everybody in.
    if (this.#settings.networks.length === 0) return true;
    const client = parseAddress(provenAddress(request) ?? '');
    return client !== null && this.#networks.some((network) => network.contains(client));
  }
}
