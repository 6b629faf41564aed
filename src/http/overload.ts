import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Failure } from '../errors.ts';
import { Count, type Figure, Gauge } from '../telemetry/figures.ts';

interface OverloadSettings {
  /** Most requests at once; 0 = any number. */
  readonly maximumInFlight: number;
  /** Longest mean delay of the event loop, milliseconds; 0 = any. */
  readonly maximumLoopDelayMs: number;
}

/** How often the delay of the event loop is looked at, and over which time. */
const LOOK_MS = 250;
/** The monitor measures from one of its ticks to the next: a loop without delay shows this much. */
const RESOLUTION_MS = 10;
/** When to come back: by then some of those who were let in are answered. */
const RETRY_AFTER_SECONDS = 1;

/** How long a request keeps its place although it has not arrived, when there is none left for others. */
const ARRIVAL_MS = 1000;

/** What must be answered when nothing else is: or the machine that runs us would stop a server that only has much to do. */
const EXEMPT: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics', '/errors']);

const tooMuchToDo = (): Failure =>
  new Failure('SERVICE_UNAVAILABLE', 'The server has too much to do; try again in a moment.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

type Reason = 'in_flight' | 'event_loop' | 'slow_arrival';

/** A request whose body is still on its way. */
interface Arrival {
  readonly since: number;
  readonly cutOff: () => void;
}

/**
 * Turns requests away while there is more to do than can be done: SERVICE_UNAVAILABLE with Retry-After, before anything of the
 * request is read. Whoever was let in is served to the end: a sign-in under way is finished, not started again by its client. Who was let
 * in and does not say what they want is not: when there is no place left, the one who takes longest to arrive makes room. Else as many
 * clients as there are places, each sending nothing, would shut everybody else out.
 */
export class Overload {
  readonly #settings: OverloadSettings;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #shed = new Count({
    name: 'gatehouse_requests_shed_total',
    help: 'Requests turned away by overload, by what there was too much of.',
    labels: ['reason'],
  });
  /** The oldest first. */
  readonly #arriving = new Map<FastifyRequest, Arrival>();
  #inFlight = 0;
  #delayMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(settings: OverloadSettings) {
    this.#settings = settings;
  }

  get figures(): readonly Figure[] {
    return [
      this.#shed,
      new Gauge(
        { name: 'gatehouse_http_requests_in_flight', help: 'Requests being answered, probes left out.' },
        () => this.#inFlight,
      ),
      new Gauge(
        {
          name: 'gatehouse_event_loop_delay_seconds',
          help: 'Mean delay of the event loop in the last quarter of a second.',
        },
        () => this.#delayMs / 1000,
      ),
    ];
  }

  /** Guards every route of the server that is registered on it, before and after this call. */
  guard(app: FastifyInstance): void {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    app.addHook('onRequest', (request, reply, done) => {
      if (EXEMPT.has(request.routeOptions.url ?? '')) {
        done();
        return;
      }
      const reason = this.#tooMuch();
      if (reason === null) {
        // Whether it was answered or its client went away.
        reply.raw.once('close', this.#enter(request));
        done();
        return;
      }
      this.#shed.add(reason);
      done(tooMuchToDo());
    });
    app.addHook('preValidation', (request, _reply, done) => {
      this.#arriving.delete(request);
      done();
    });
    app.addHook('onClose', async () => {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#delay.disable();
    });
  }

  /** Counts a request. Gives what counts it as gone, once. */
  #enter(request: FastifyRequest): () => void {
    let isHere = true;
    const leave = (): void => {
      if (!isHere) return;
      isHere = false;
      this.#arriving.delete(request);
      this.#inFlight -= 1;
    };
    const cutOff = (): void => {
      leave();
      request.raw.destroy();
    };
    this.#inFlight += 1;
    this.#arriving.set(request, { since: performance.now(), cutOff });
    return leave;
  }

  /** False when nobody takes too long to arrive. */
  #makesRoom(): boolean {
    const [slowest] = this.#arriving.values();
    if (slowest === undefined || performance.now() - slowest.since < ARRIVAL_MS) return false;
    this.#shed.add('slow_arrival');
    slowest.cutOff();
    return true;
  }

  #tooMuch(): Reason | null {
    const { maximumInFlight, maximumLoopDelayMs } = this.#settings;
    if (maximumInFlight > 0 && this.#inFlight >= maximumInFlight && !this.#makesRoom()) return 'in_flight';
    if (maximumLoopDelayMs > 0 && this.#delayMs > maximumLoopDelayMs) return 'event_loop';
    return null;
  }

  #look(): void {
    const { mean } = this.#delay;
    this.#delayMs = Number.isNaN(mean) ? 0 : Math.max(0, mean / 1e6 - RESOLUTION_MS);
    this.#delay.reset();
  }
}
