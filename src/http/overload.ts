import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
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

/** What must be answered when nothing else is: or the machine that runs us would stop a server that only has much to do. */
const EXEMPT: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics', '/errors']);

const tooMuchToDo = (): Failure =>
  new Failure('SERVICE_UNAVAILABLE', 'The server has too much to do; try again in a moment.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

type Reason = 'in_flight' | 'event_loop';

/**
 * Turns requests away while there is more to do than can be done: SERVICE_UNAVAILABLE with Retry-After, before anything of the
 * request is read. Whoever was let in is served to the end: a sign-in under way is finished, not started again by its client.
 */
export class Overload {
  readonly #settings: OverloadSettings;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #shed = new Count({
    name: 'gatehouse_requests_shed_total',
    help: 'Requests turned away by overload, by what there was too much of.',
    labels: ['reason'],
  });
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
        this.#inFlight += 1;
        // Whether it was answered or its client went away.
        reply.raw.once('close', () => {
          this.#inFlight -= 1;
        });
        done();
        return;
      }
      this.#shed.add(reason);
      done(tooMuchToDo());
    });
    app.addHook('onClose', async () => {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#delay.disable();
    });
  }

  #tooMuch(): Reason | null {
    const { maximumInFlight, maximumLoopDelayMs } = this.#settings;
    if (maximumInFlight > 0 && this.#inFlight >= maximumInFlight) return 'in_flight';
    if (maximumLoopDelayMs > 0 && this.#delayMs > maximumLoopDelayMs) return 'event_loop';
    return null;
  }

  #look(): void {
    const { mean } = this.#delay;
    this.#delayMs = Number.isNaN(mean) ? 0 : Math.max(0, mean / 1e6 - RESOLUTION_MS);
    this.#delay.reset();
  }
}
