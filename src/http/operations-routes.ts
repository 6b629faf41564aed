import { timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { HealthService } from '../services/health.service.ts';
import type { SigningKeyService } from '../services/signing-key.service.ts';
import type { ErrorTracker } from '../telemetry/error-tracker.ts';
import { isLocalClient } from './client-address.ts';
import type { Metrics } from './metrics.ts';

interface OperationsRoutes {
  readonly health: HealthService;
  readonly signingKeys: SigningKeyService;
  readonly metrics: Metrics;
  readonly errors: ErrorTracker;
  readonly config: Config;
  /** False while the process drains: load balancers must send new requests elsewhere. */
  readonly isAccepting: () => boolean;
}

/** Verifiers may keep the keys for five minutes; rotation overlaps for longer. */
const JWKS_CACHE = 'public, max-age=300';

/** `/healthz` (the process), `/readyz` (what answers need), `/metrics`, `/errors`, `/.well-known/jwks.json`. */
export const operationsRoutes: FastifyPluginAsync<OperationsRoutes> = async (app, parts) => {
  app.get('/healthz', { logLevel: 'warn' }, async () => ({ status: 'OK' }));

  app.get('/readyz', { logLevel: 'warn' }, async (_request, reply) => {
    const { status, checks } = await parts.health.check();
    const ready = status === 'OK' && parts.isAccepting();
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: ready ? 'OK' : parts.isAccepting() ? status : 'STOPPING',
        // Anybody may ask: which part it is, but not what is wrong with it.
        checks: Object.fromEntries(checks.map((check) => [check.component, check.status])),
      });
  });

  app.get('/.well-known/jwks.json', async (_request, reply) => {
    const keys = await parts.signingKeys.published();
    return reply.header('cache-control', JWKS_CACHE).send({ keys: keys.map((key) => key.publicJwk) });
  });

  if (!parts.config.operations.metrics) return;
  app.get('/metrics', { logLevel: 'warn' }, async (request, reply) => {
    if (!mayReadMetrics(request, parts.config))
      throw new Failure('UNAUTHENTICATED', 'Metrics need their bearer token.');
    return reply.type(parts.metrics.registry.contentType).send(await parts.metrics.registry.metrics());
  });
  app.get('/errors', { logLevel: 'warn' }, async (request, reply) => {
    if (!mayReadMetrics(request, parts.config))
      throw new Failure('UNAUTHENTICATED', 'Tracked errors need the bearer token of the metrics.');
    return reply.header('cache-control', 'no-store').send({ errors: parts.errors.errors });
  });
};

/** With a token set, who presents it; without, whoever comes from this machine. */
const mayReadMetrics = (request: FastifyRequest, config: Config): boolean => {
  const token = config.limits.metricsToken;
  if (token === null) return isLocalClient(request);
  const wanted = Buffer.from(`Bearer ${token.reveal()}`);
  const given = Buffer.from(request.headers.authorization ?? '');
  return wanted.length === given.length && timingSafeEqual(wanted, given);
};
