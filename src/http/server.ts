import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import { type FastifyBaseLogger, type FastifyInstance, fastify } from 'fastify';
import type { Config } from '../config/config.ts';
import { randomId } from '../ids.ts';
import { accountPages } from './account-pages/account-pages.ts';
import { AdministrationListener } from './administration-listener.ts';
import { exportRoutes } from './export-routes.ts';
import type { ReportError } from './errors/error-reporter.ts';
import { createHttpErrorHandlers, type HttpErrorHandlers } from './errors/http-error-handlers.ts';
import { frontPage, notFoundPage, showPlayground } from './front-page.ts';
import { httpsOnly } from './https-only.ts';
import { introspectionRoute } from './introspection-route.ts';
import { listeningTimes } from './listening-times.ts';
import { isSocketUpgrade } from './subscriptions/upgrade.ts';
import { operationsRoutes } from './operations-routes.ts';
import { providerRoutes } from './provider-routes.ts';
import { RequestLog } from './request-log.ts';
import { graphqlRoute } from './graphql-route.ts';
import { securityHeaders, securityHeadersOf } from './security-headers.ts';
import type { RoutedParts, ServerParts } from './server-parts.ts';

export interface Server {
  readonly app: FastifyInstance;
  /** Listens where the settings say, on the second address for administrators too. */
  listen(): Promise<void>;
  /** Null while there is no second listener. */
  administrationAddress(): AddressInfo | null;
  /** From now on `/readyz` says that the process stops, and each answer closes its connection. */
  stopAccepting(): void;
  /** Cuts off what is in flight. */
  closeAllConnections(): void;
}

const REQUEST_ID = /^[\w.:-]{8,128}$/;

/** No route has a JSON schema, GraphQL checks its own input; so Fastify's two compilers of schemas need not be loaded. */
const noSchemas = (): never => {
  throw new Error('Routes have no JSON schemas here: give Fastify its compilers back first.');
};

/** The HTTP server: `/graphql`, health, metrics, keys, playground. It is ready but does not listen yet. */
export const createServer = async (ownParts: ServerParts): Promise<Server> => {
  const { config, logger } = ownParts;
  const administration = new AdministrationListener(config);
  const times = listeningTimes(config);
  const parts = { ...ownParts, servesAdministration: administration.serves };
  const report = reportInto(parts);
  const handlers = createHttpErrorHandlers({ report, graphqlPath: '/graphql' });
  const { requestTelemetry } = parts;
  let accepting = true;
  // Widened: with pino's own type the server would be of another type than every plugin expects.
  const loggerInstance: FastifyBaseLogger = logger;
  const app = fastify({
    loggerInstance,
    logController: requestLogOf(parts),
    // What a child would carry is in the scope of the request; only routes with a level of their own need one.
    childLoggerFactory: (own, _bindings, options) => (options.level === undefined ? own : own.child({}, options)),
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomId();
    },
    trustProxy: config.server.trustedProxies.length === 0 ? false : [...config.server.trustedProxies],
    bodyLimit: config.server.bodyLimitBytes,
    requestTimeout: times.requestTimeout,
    forceCloseConnections: 'idle',
    // What still arrives on a connection that is about to close is answered, and told to come back on another one.
    return503OnClosing: false,
    http: {
      ...times,
      shouldUpgradeCallback: (request) => config.subscriptions.enabled && isSocketUpgrade(request),
    },
    frameworkErrors: unroutable(config, handlers),
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  app.removeContentTypeParser('text/plain'); // only JSON is read: pages of other sites can send text without asking
  app.setErrorHandler(handlers.onError);
  app.setNotFoundHandler(notFoundPage(config, handlers.onNotFound));
  finishAnswers(app, times.requestTimeout, () => accepting);
  requestTelemetry.follow(app);
  app.addHook('preClose', () => administration.close());
  await registerProtections(app, config);
  // After them: pages of other origins may read that they were turned away, too.
  parts.overload.guard(app);
  await app.register(operationsRoutes, { ...parts, isAccepting: () => accepting });
  await registerRoutes(app, parts);
  showPlayground(app, config);
  await graphqlRoute(app, parts, report);
  await registerTrials(app, parts);
  let administrationAddress: AddressInfo | null = null;
  return {
    app,
    listen: async () => {
      await app.listen({ host: config.server.host, port: config.server.port });
      administrationAddress = await administration.listen(app);
    },
    administrationAddress: () => administrationAddress,
    stopAccepting: () => {
      accepting = false;
    },
    closeAllConnections: () => {
      app.server.closeAllConnections();
      administration.closeAllConnections();
    },
  };
};

/** What every answer carries, whoever made it, and how long it may wait to be taken. */
const finishAnswers = (app: FastifyInstance, unreadMs: number, isAccepting: () => boolean): void => {
  app.addHook('onSend', async (request, reply, payload) => {
    // A client that takes nothing of its answer would keep it, and its place among the requests in flight, for ever.
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) request.raw.socket.setTimeout(unreadMs);
    void reply.header('x-request-id', request.id);
    // answers hold tokens and personal data; what may be kept says so itself
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    if (!isAccepting()) void reply.header('connection', 'close');
  });
};

const requestLogOf = ({ config, requestTelemetry }: ServerParts): RequestLog =>
  new RequestLog({
    enabled: config.log.requests,
    level: config.log.requestLevel,
    factsOf: (request) => requestTelemetry.factsOf(request),
  });

/** Unforeseen errors are tracked, and written with the name of their kind. */
const reportInto =
  ({ errors, logger }: ServerParts): ReportError =>
  ({ error, code, requestId, path }) => {
    const { fingerprint } = errors.track(error, { code });
    logger[code === 'INTERNAL_SERVER_ERROR' ? 'error' : 'warn'](
      { err: error, requestId, path, code, fingerprint },
      'request failed',
    );
  };

/** Answers what cannot be routed, for which no hook is run. */
const unroutable = (config: Config, { onFrameworkError }: HttpErrorHandlers): typeof onFrameworkError => {
  const headers = protectingHeadersOf(config);
  return (error, request, reply) => {
    void reply.headers({ ...headers, 'x-request-id': request.id });
    onFrameworkError(error, request, reply);
  };
};

const protectingHeadersOf = (config: Config): Readonly<Record<string, string>> =>
  securityHeadersOf({
    contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    hsts: config.server.baseUrl.startsWith('https:') ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });

const registerProtections = async (app: FastifyInstance, config: Config): Promise<void> => {
  securityHeaders(app, protectingHeadersOf(config));
  // After the headers that protect browsers, before anything is allowed to them.
  httpsOnly(app, config);
  await app.register(cors, {
    origin: [...config.server.corsOrigins],
    credentials: true,
    methods: ['GET', 'POST'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'x-csrf-token',
      'x-request-id',
      'apollo-require-preflight',
      'traceparent',
    ],
    exposedHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  });
  await app.register(cookie);
};

/** What is served beside GraphQL, everywhere. */
const registerRoutes = async (app: FastifyInstance, parts: RoutedParts): Promise<void> => {
  const { config } = parts;
  await app.register(accountPages, { config });
  await app.register(frontPage, { config });
  await app.register(exportRoutes, parts);
  if (parts.providerSignIn.isOffered) await app.register(providerRoutes, parts);
  await app.register(introspectionRoute, parts);
};

/** Pages to try things with; only where there is one, what serves it is loaded. */
const registerTrials = async (app: FastifyInstance, { config, capturedInbox }: RoutedParts): Promise<void> => {
  if (capturedInbox !== null) {
    const { devMailRoutes } = await import('./dev-mail.ts');
    await app.register(devMailRoutes, { inbox: capturedInbox, config });
  }
  if (config.server.playground) {
    const { playgroundPlugin } = await import('./playground.ts');
    await app.register(playgroundPlugin);
  }
};
