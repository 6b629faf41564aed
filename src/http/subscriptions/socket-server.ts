import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../../config/config.ts';
import { Failure } from '../../errors.ts';
import { networkOf } from '../../services/network.ts';
import type { Authenticated } from '../../services/session-authenticator.ts';
import type { ErrorTracker } from '../../telemetry/error-tracker.ts';
import { addressesOf, clientAddress } from '../client-address.ts';
import { type ContextParts, userAgentOf } from '../context-factory.ts';
import { cookieName, presentedCookie } from '../session-cookie.ts';
import { closeCodes } from './close-codes.ts';
import { Connection } from './connection.ts';
import { createProtocol, type ProtocolParts } from './protocol.ts';
import { SubscriptionMetrics } from './subscription-metrics.ts';
import { SUBSCRIPTION_PATH } from './upgrade.ts';

const SUBPROTOCOL = 'graphql-transport-ws';
/** How long clients may take to answer that they close, too. */
const CLOSING_MS = 1000;
const RETRY_AFTER_SECONDS = 5;

interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

interface SocketParts extends Omit<
  ProtocolParts,
  'metrics' | 'initSeconds' | 'maximumPerConnection' | 'mayJoin' | 'onStreams'
> {
  readonly config: Config;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly errors: ErrorTracker;
  readonly servesAdministration: ContextParts['servesAdministration'];
}

/**
 * `/graphql/ws`. The handshake goes through the routes like every request, so that addresses, cookies, headers and refusals are made in
 * one place; behind it stands the protocol.
 */
export class SocketServer {
  readonly #parts: SocketParts;
  readonly #connections = new Map<WebSocket, Connection>();
  /** Connections by user, and by the network of those who have not said who they are. */
  readonly #perUser = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  readonly #upgrades = new WeakMap<IncomingMessage, Upgrade>();
  readonly #wss: WebSocketServer;
  readonly #protocol: ReturnType<typeof createProtocol>;
  readonly #metrics: SubscriptionMetrics;
  #pings: NodeJS.Timeout | null = null;
  #subscriptions = 0;
  #stopping = false;

  constructor(parts: SocketParts) {
    this.#parts = parts;
    const { subscriptions } = parts.config;
    this.#metrics = new SubscriptionMetrics(parts.registry, {
      connections: () => this.#connections.size,
      subscriptions: () => this.#subscriptions,
    });
    this.#wss = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: subscriptions.messageBytes,
      perMessageDeflate: false, // memory for each connection, and a way to guess secrets by sizes
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    this.#protocol = createProtocol({
      ...parts,
      metrics: this.#metrics,
      initSeconds: subscriptions.initSeconds,
      maximumPerConnection: subscriptions.maximumPerConnection,
      mayJoin: (connection, authenticated) => this.#mayJoin(connection, authenticated),
      onStreams: (change) => {
        this.#subscriptions += change;
      },
    });
  }

  /** Adds the route. Open connections are closed when the server closes. */
  attach(app: FastifyInstance): void {
    app.get(SUBSCRIPTION_PATH, { exposeHeadRoute: false }, (request, reply) => this.#handshake(request, reply));
    app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrades.set(request, { socket, head });
      destroyOnError(socket);
      app.routing(request, responseOver(socket, request));
    });
    app.addHook('preClose', () => this.#stop());
  }

  async #handshake(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const upgrade = this.#upgrades.get(request.raw);
    if (upgrade === undefined) {
      return reply
        .code(426)
        .header('upgrade', 'websocket')
        .send({ errors: [{ message: 'Connect by WebSocket.' }] });
    }
    const cookie = this.#admit(request);
    const arrival = {
      ...addressesOf(request),
      userAgent: userAgentOf(request),
      requestId: request.id,
      administration: this.#parts.servesAdministration(request),
      cookie,
    };
    reply.hijack();
    // The response would hold on to the socket.
    reply.raw.detachSocket(upgrade.socket as never);
    reply.raw.statusCode = 400;
    this.#wss.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (socket) => {
      reply.raw.statusCode = 101;
      this.#opened(socket, arrival);
    });
    // Nobody else says of a response without a socket that it is over: it would be a request in flight forever.
    reply.raw.emit('finish');
    reply.raw.emit('close');
  }

  /** Throws for whoever may not connect; gives the session cookie where the page that connects is one of ours. */
  #admit(request: FastifyRequest): string | undefined {
    const { config } = this.#parts;
    const { origin } = request.headers;
    // Browsers send cookies along whatever page connects, and ask nobody before: the origin is all that tells a page of ours.
    if (origin !== undefined && !isOurs(origin, config)) {
      this.#metrics.dropped('limit');
      throw new Failure('FORBIDDEN', 'Pages of this origin may not connect.', { missing: [], reason: 'ORIGIN' });
    }
    const full = this.#connections.size >= config.subscriptions.maximumConnections;
    if (full || this.#stopping) {
      this.#metrics.dropped('limit');
      throw new Failure('SERVICE_UNAVAILABLE', 'Too many connections.', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    if ((this.#waiting.get(networkOf(clientAddress(request))) ?? 0) >= config.subscriptions.maximumWaitingPerNetwork) {
      this.#metrics.dropped('limit');
      throw new Failure('RATE_LIMITED', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    return origin === undefined ? undefined : presentedCookie(request, cookieName(config));
  }

  #opened(socket: WebSocket, arrival: Connection['arrival']): void {
    const { bufferBytes, pingSeconds } = this.#parts.config.subscriptions;
    const connection = new Connection(socket, arrival, {
      bufferBytes,
      onTooSlow: (reason) => this.#metrics.dropped(reason),
      onBroken: (error) => this.#broken(connection, error),
    });
    this.#connections.set(socket, connection);
    count(this.#waiting, networkOf(arrival.ipAddress), 1);
    this.#pings ??= setInterval(() => this.#ping(), pingSeconds * 1000).unref();
    const closed = this.#protocol.opened(connection.asProtocolSocket(), { connection });
    socket.on('error', () => {}); // what ends a connection is told by its close
    socket.once('close', (code: number) => {
      this.#connections.delete(socket);
      this.#closed(connection, code);
      void closed(code, '');
    });
    if (this.#stopping) connection.close(closeCodes.GOING_AWAY, 'The server stops');
  }

  #mayJoin(connection: Connection, { principal: { userId } }: Authenticated): boolean {
    if (connection.isGone) return false;
    if ((this.#perUser.get(userId) ?? 0) >= this.#parts.config.subscriptions.maximumConnectionsPerUser) return false;
    count(this.#perUser, userId, 1);
    count(this.#waiting, networkOf(connection.arrival.ipAddress), -1);
    return true;
  }

  #closed(connection: Connection, code: number): void {
    const { authenticated, arrival } = connection;
    connection.gone();
    if (authenticated === null) count(this.#waiting, networkOf(arrival.ipAddress), -1);
    else count(this.#perUser, authenticated.principal.userId, -1);
    this.#metrics.closed(code);
    if (this.#connections.size === 0 && this.#pings !== null) {
      clearInterval(this.#pings);
      this.#pings = null;
    }
    if (this.#parts.config.log.requests) this.#parts.logger.info(factsOf(connection, code), 'connection closed');
  }

  #broken(connection: Connection, error: unknown): void {
    const { errors, logger } = this.#parts;
    const { fingerprint } = errors.track(error, { code: 'INTERNAL_SERVER_ERROR' });
    logger.error({ err: error, ...factsOf(connection, closeCodes.BROKEN), fingerprint }, 'connection broken');
  }

  #ping(): void {
    for (const connection of this.#connections.values()) connection.ping();
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    for (const connection of this.#connections.values()) connection.close(closeCodes.GOING_AWAY, 'The server stops');
    const deadline = performance.now() + CLOSING_MS;
    while (this.#connections.size > 0 && performance.now() < deadline) await sleep(10);
    for (const connection of this.#connections.values()) connection.terminate();
  }
}

/** What a log line says of a connection. */
const factsOf = ({ arrival, authenticated, openedAt }: Connection, code: number) => ({
  requestId: arrival.requestId,
  principalId: authenticated?.principal.userId ?? null,
  code,
  durationMs: Math.round(performance.now() - openedAt),
});

/** On its own, so that what is heard for as long as the socket lasts holds on to nothing of the handshake. */
const destroyOnError = (socket: Duplex): void => {
  socket.once('error', () => socket.destroy());
};

/** Node makes none for an upgrade. */
const responseOver = (socket: Duplex, request: IncomingMessage): ServerResponse => {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as never);
  // Not only ended: a client that keeps its half open would keep the socket, and its place among the requests in flight.
  response.once('finish', () => response.socket?.destroySoon());
  return response;
};

/** The page is served here, or from an origin that may call the API from browsers. */
const isOurs = (origin: string, { server }: Config): boolean =>
  origin === new URL(server.baseUrl).origin || server.corsOrigins.includes(origin);

const count = (counts: Map<string, number>, key: string, change: number): void => {
  const next = (counts.get(key) ?? 0) + change;
  if (next <= 0) counts.delete(key);
  else counts.set(key, next);
};
