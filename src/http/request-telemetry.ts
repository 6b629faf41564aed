import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Count, Durations, type Figure } from '../telemetry/figures.ts';
import { type RequestFacts, withinRequest } from '../telemetry/request-scope.ts';
import type { OpenSpan } from '../telemetry/span.ts';
import { readTraceparent } from '../telemetry/trace-context.ts';
import { presentTracing } from '../telemetry/tracing.ts';

/** What is asked every few seconds by machines would fill every trace store. */
const UNTRACED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics', '/errors']);

/** Where no route answers. */
const NO_ROUTE = 'none';

interface Followed {
  readonly facts: RequestFacts;
  readonly span: OpenSpan | null;
}

/** Follows every request from its headers to its last byte: facts for the log, a span, and figures by route and status. */
export class RequestTelemetry {
  readonly #followed = new WeakMap<FastifyRequest, Followed>();
  readonly #requests = new Count({
    name: 'gatehouse_http_requests_total',
    help: 'HTTP requests by route, method and status; none = no route.',
    labels: ['route', 'method', 'status'],
  });
  readonly #durations = new Durations({
    name: 'gatehouse_http_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its answer, by route.',
    labels: ['route'],
    maximumSeries: 100,
  });

  get figures(): readonly Figure[] {
    return [this.#requests, this.#durations];
  }

  factsOf(request: FastifyRequest): RequestFacts | null {
    return this.#followed.get(request)?.facts ?? null;
  }

  follow(app: FastifyInstance): void {
    app.addHook('onRequest', (request, _reply, done) => {
      const followed = this.#begin(request);
      this.#followed.set(request, followed);
      withinRequest(followed.facts, followed.span, done);
    });
    app.addHook('onResponse', (request, reply, done) => {
      this.#end(request, reply);
      done();
    });
  }

  #begin(request: FastifyRequest): Followed {
    const parent = readTraceparent(request.headers['traceparent']);
    const route = request.routeOptions.url ?? NO_ROUTE;
    const tracing = UNTRACED.has(route) ? null : presentTracing();
    const span =
      tracing?.start(`${request.method} ${route}`, {
        kind: 'server',
        parent,
        attributes: {
          'http.request.method': request.method,
          'http.route': route,
          'gatehouse.request.id': request.id,
        },
      }) ?? null;
    const facts: RequestFacts = {
      requestId: request.id,
      traceId: span?.traceId ?? parent?.traceId ?? null,
      operation: null,
      type: null,
      principalId: null,
      code: null,
    };
    return { facts, span };
  }

  #end(request: FastifyRequest, reply: FastifyReply): void {
    const route = request.routeOptions.url ?? NO_ROUTE;
    this.#requests.add(route, request.method, String(reply.statusCode));
    this.#durations.record(reply.elapsedTime / 1000, route);
    const span = this.#followed.get(request)?.span;
    if (span === null || span === undefined) return;
    span.set({ 'http.response.status_code': reply.statusCode });
    if (reply.statusCode >= 500) span.fail(String(reply.statusCode));
    span.end();
  }
}
