import type { WebSocket as ProtocolSocket } from 'graphql-ws';
import { type RawData, WebSocket } from 'ws';
import type { ConnectedCaller } from '../../auth/connected-caller.ts';
import { EventQueue } from '../../services/event-queue.ts';
import type { EndOfAccess } from '../../services/end-of-access.ts';
import type { Authenticated } from '../../services/session-authenticator.ts';
import { closeCodes } from './close-codes.ts';

/** Messages that a client may send in a row: beginning and ending streams is work, however few run at a time. */
const MAXIMUM_MESSAGES = 200;
const MESSAGES_WINDOW_MS = 10_000;
/** Time for the last message of a session to leave. */
const LAST_WORDS_MS = 50;
/** Time for a client that did not keep up to read why it is disconnected. */
const CATCHING_UP_MS = 3000;

/** Where a connection came from, as it was at its beginning. */
export interface Arrival {
  readonly ipAddress: string;
  /** As of a caller. */
  readonly provenIpAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** Administrators' operations are served on the way that it came. */
  readonly administration: boolean;
  /** The session cookie, where the page that connects is one of ours. */
  readonly cookie: string | undefined;
}

interface Settings {
  readonly bufferBytes: number;
  readonly onTooSlow: (reason: 'queue' | 'buffer') => void;
  /** Something that nobody foresaw ends the connection. */
  readonly onBroken: (error: unknown) => void;
}

/** A message comes whole, as the server asks for it. */
const textOf = (data: RawData): string => (Buffer.isBuffer(data) ? data.toString('utf8') : '');

/** One open connection: who it belongs to, and what may go through it. */
export class Connection {
  readonly arrival: Arrival;
  readonly openedAt = performance.now();
  readonly #socket: WebSocket;
  readonly #settings: Settings;
  readonly #endings = new Set<EventQueue<EndOfAccess>>();
  #caller: ConnectedCaller | null = null;
  #authenticated: Authenticated | null = null;
  #leave: (() => void) | null = null;
  #answered = true;
  #isTooSlow = false;
  #messages = 0;
  #windowStart = 0;

  constructor(socket: WebSocket, arrival: Arrival, settings: Settings) {
    this.arrival = arrival;
    this.#socket = socket;
    this.#settings = settings;
    socket.on('pong', () => {
      this.#answered = true;
    });
  }

  /** Who is connected; null until they said so, and when they did not keep up: nothing more is made for them. */
  get caller(): ConnectedCaller | null {
    return this.#isTooSlow ? null : this.#caller;
  }

  /** Who they were when they connected. */
  get authenticated(): Authenticated | null {
    return this.#authenticated;
  }

  /** The caller said who they are. `leave` ends what watches over them. */
  belongsTo(caller: ConnectedCaller, authenticated: Authenticated, leave: () => void): void {
    this.#caller = caller;
    this.#authenticated = authenticated;
    this.#leave = leave;
  }

  /** As the protocol wants it. A message that is not written away within what may wait ends the connection. */
  asProtocolSocket(): ProtocolSocket {
    const socket = this.#socket;
    return {
      protocol: socket.protocol,
      send: (text) => this.#send(text),
      close: (code, reason) => this.close(code ?? closeCodes.BROKEN, reason ?? ''),
      onMessage: (take) => {
        socket.on('message', (data: RawData) => {
          if (this.#isFlood()) return this.close(closeCodes.POLICY, 'Too many messages');
          take(textOf(data)).catch((error: unknown) => {
            this.#settings.onBroken(error);
            this.close(closeCodes.BROKEN, 'Internal server error');
          });
        });
      },
    };
  }

  /** A stream of one message: how the session of this connection ended. */
  sessionEnd(): EventQueue<EndOfAccess> {
    const queue: EventQueue<EndOfAccess> = new EventQueue({
      limit: 1,
      onEnd: () => this.#endings.delete(queue),
      outlivesSession: true,
    });
    this.#endings.add(queue);
    return queue;
  }

  /** The session is over: whoever asked for it is told, then the connection is closed. */
  ended(end: EndOfAccess): void {
    for (const queue of this.#endings) {
      queue.push(end);
      queue.finish();
    }
    setTimeout(() => this.close(closeCodes.UNAUTHORIZED, 'Session ended'), LAST_WORDS_MS);
  }

  tooSlow(reason: 'queue' | 'buffer'): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#isTooSlow = true;
    this.#settings.onTooSlow(reason);
    this.close(closeCodes.TOO_SLOW, 'Too slow');
    // What waits for such a client is not worth waiting for; the code comes behind it.
    setTimeout(() => this.#socket.terminate(), CATCHING_UP_MS).unref();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Asks whether the client is there; ends the connection when it has not answered since it was asked before. */
  ping(): void {
    if (!this.#answered) return this.#socket.terminate();
    this.#answered = false;
    this.#socket.ping();
  }

  /** The socket is closed. */
  get isGone(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  /** The socket is closed: nothing is watched or followed any more. */
  gone(): void {
    this.#leave?.();
    this.#leave = null;
    for (const queue of this.#endings) void queue.return();
  }

  #send(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.bufferedAmount > this.#settings.bufferBytes) this.tooSlow('buffer');
    if (socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    // Waited for: the next event is made when this one has left, so that what waits is counted in one place.
    return new Promise((resolve) => {
      socket.send(text, () => resolve());
    });
  }

  #isFlood(): boolean {
    const now = performance.now();
    if (now - this.#windowStart > MESSAGES_WINDOW_MS) {
      this.#windowStart = now;
      this.#messages = 0;
    }
    this.#messages += 1;
    return this.#messages > MAXIMUM_MESSAGES;
  }
}
