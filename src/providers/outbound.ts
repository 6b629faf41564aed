import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { type ClientRequest, type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isLoopbackHost } from '../config/addresses.ts';
import { traced, traceHeaders } from '../telemetry/tracing.ts';
import type { AddressResolver } from './address-resolver.ts';
import { OutboundError, type OutboundFault } from './provider-error.ts';
import { ReachableAddresses } from './reachable-addresses.ts';

/** Largest answer that is read. */
const MAXIMUM_ANSWER_BYTES = 256 * 1024;
/** What is taken of an answer of which only the status counts, and for how long: its sender need not see a broken connection. */
const IGNORED_ANSWER_BYTES = 64 * 1024;
const IGNORED_ANSWER_MS = 500;

export interface OutboundRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** The address was placed on this machine by the settings, so that calling this machine is what was asked for. */
  readonly loopback?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** The status is the whole answer, a redirect's too: the body is empty, and the call is over before it has come. */
  readonly statusOnly?: boolean;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface OutboundSettings {
  /** Networks that may be reached besides the public internet, in CIDR form. */
  readonly allowedNetworks: readonly string[];
  /** For the whole call, the last byte of the answer included. */
  readonly timeoutMs: number;
  /** Calls to this machine are possible at all, for addresses that the settings place there. */
  readonly loopback: boolean;
  /** Addresses in clear http may be called as well. */
  readonly clearText?: boolean;
  /** Absent = the look-up of the operating system, for names that the settings give. */
  readonly resolver?: AddressResolver;
}

type Refuse = (fault: OutboundFault) => void;

/**
 * The only way out: calls of the server to addresses that a setting or another server names (threat 23, OWASP ASVS 5.0 15.3).
 * The address that a name resolves to is checked and is the one that is connected to, so that a second answer of the name
 * server changes nothing. No redirect is followed, no proxy of the environment is used, no connection is shared between calls.
 */
export class Outbound {
  readonly #settings: OutboundSettings;
  readonly #reachable: ReachableAddresses;

  constructor(settings: OutboundSettings) {
    this.#settings = settings;
    this.#reachable = new ReachableAddresses(settings.allowedNetworks);
  }

  /**
   * Calls an https address, or an http one on this machine where that was asked for, or anywhere where the settings say so. Any status
   * but a redirect is an answer.
   * Throws OutboundError: ADDRESS_REFUSED, UNRESOLVED, NOT_REACHED, TIMED_OUT, TOO_LARGE, REDIRECTED.
   */
  send(address: URL, asked: OutboundRequest = {}): Promise<OutboundAnswer> {
    const method = asked.method ?? 'GET';
    const attributes = { 'http.request.method': method, 'server.address': address.hostname };
    return traced(`${method} ${address.hostname}`, { kind: 'client', attributes }, () => this.#send(address, asked));
  }

  async #send(address: URL, asked: OutboundRequest): Promise<OutboundAnswer> {
    const host = address.host;
    const loopback = asked.loopback === true && this.#settings.loopback;
    if (!this.#mayBeCalled(address, loopback)) throw new OutboundError('ADDRESS_REFUSED', host);
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'identity', // what is compressed is larger than it looks
      ...traceHeaders(),
      ...asked.headers,
      ...(asked.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(asked.body)) }),
    };
    const options = {
      method: asked.method ?? 'GET',
      headers,
      agent: false,
      lookup: this.#checkedLookup(host, loopback),
    };
    return this.#exchange(address, options, asked);
  }

  /** What can be said before a name is resolved. Addresses are not looked up, so that the check of names never sees them. */
  #mayBeCalled({ protocol, hostname, username, password }: URL, loopback: boolean): boolean {
    const clear = this.#settings.clearText === true || (loopback && isLoopbackHost(hostname));
    if (protocol !== 'https:' && !(protocol === 'http:' && clear)) return false;
    if (username !== '' || password !== '') return false;
    const literal = hostname.replace(/^\[(.*)\]$/, '$1');
    return isIP(literal) === 0 || this.#reachable.includes(literal, { loopback });
  }

  #exchange(address: URL, options: RequestOptions, asked: OutboundRequest): Promise<OutboundAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>();
    const request: ClientRequest = (address.protocol === 'https:' ? requestHttps : requestHttp)(address, options);
    const refuse: Refuse = (fault) => {
      reject(new OutboundError(fault, address.host));
      request.destroy();
    };
    const timer = setTimeout(() => refuse('TIMED_OUT'), this.#settings.timeoutMs);
    const abort = (): void => refuse('TIMED_OUT');
    asked.signal?.addEventListener('abort', abort, { once: true });
    request.on('error', (error) => {
      reject(error instanceof OutboundError ? error : new OutboundError('NOT_REACHED', address.host, reasonOf(error)));
    });
    request.on('response', (message) => {
      if (asked.statusOnly === true) resolve(statusOf(message));
      else readAnswer(message, { resolve, refuse });
    });
    request.end(asked.body);
    return promise.finally(() => {
      clearTimeout(timer);
      asked.signal?.removeEventListener('abort', abort);
    });
  }

  /** Resolves a name and hands on only what may be reached; one forbidden answer among several refuses them all. */
  #checkedLookup(host: string, loopback: boolean): LookupFunction {
    return (hostname: string, options: LookupOptions, callback) => {
      this.#addressesOf(hostname, options, (addresses) => {
        const [first] = addresses;
        if (first === undefined) {
          callback(new OutboundError('UNRESOLVED', host), '');
          return;
        }
        if (!addresses.every(({ address }) => this.#reachable.includes(address, { loopback }))) {
          callback(new OutboundError('ADDRESS_REFUSED', host), '');
          return;
        }
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      });
    };
  }

  #addressesOf(name: string, options: LookupOptions, take: (addresses: readonly LookupAddress[]) => void): void {
    const { resolver } = this.#settings;
    if (resolver === undefined) {
      lookup(name, { ...options, all: true }, (error: Error | null, found: LookupAddress[]) => {
        take(error === null ? found : []);
      });
      return;
    }
    resolver.addressesOf(name).then(take, () => take([]));
  }
}

/** Node's word for what happened to a connection, as ECONNREFUSED. */
const reasonOf = (error: Error): string | null =>
  'code' in error && typeof error.code === 'string' ? error.code : null;

/** The status, while what follows it is thrown away. */
const statusOf = (message: IncomingMessage): OutboundAnswer => {
  let size = 0;
  const timer = setTimeout(() => message.destroy(), IGNORED_ANSWER_MS);
  message.on('error', () => undefined);
  message.on('close', () => clearTimeout(timer));
  message.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > IGNORED_ANSWER_BYTES) message.destroy();
  });
  return { status: message.statusCode ?? 0, headers: new Headers(), body: Buffer.alloc(0) };
};

const readAnswer = (
  message: IncomingMessage,
  { resolve, refuse }: { readonly resolve: (answer: OutboundAnswer) => void; readonly refuse: Refuse },
): void => {
  const status = message.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    refuse('REDIRECTED');
    return;
  }
  if (Number(message.headers['content-length'] ?? 0) > MAXIMUM_ANSWER_BYTES) {
    refuse('TOO_LARGE');
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  message.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAXIMUM_ANSWER_BYTES) refuse('TOO_LARGE');
    else chunks.push(chunk);
  });
  message.on('error', () => refuse('NOT_REACHED'));
  message.on('end', () => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(message.headers)) {
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
    }
    resolve({ status, headers, body: Buffer.concat(chunks) });
  });
};
