import { baseUrl, duration, flag, headerPairs, integer, optional, secretText, text } from './kinds.ts';
import { fixed, setting } from './setting.ts';

export const limits = {
  maximumTokens: setting({
    kind: integer(100, 100_000),
    env: 'LIMIT_TOKENS',
    byDefault: fixed(5000),
    description: 'Lexical tokens of one GraphQL document.',
  }),
  maximumDepth: setting({
    kind: integer(3, 100),
    env: 'LIMIT_DEPTH',
    byDefault: fixed(12),
    description: 'Nesting of fields.',
  }),
  maximumAliases: setting({
    kind: integer(0, 1000),
    env: 'LIMIT_ALIASES',
    byDefault: fixed(30),
    description: 'Aliases of one operation.',
  }),
  maximumRootFields: setting({
    kind: integer(1, 1000),
    env: 'LIMIT_ROOT_FIELDS',
    byDefault: fixed(20),
    description: 'Root fields of one operation.',
  }),
  maximumDirectives: setting({
    kind: integer(0, 1000),
    env: 'LIMIT_DIRECTIVES',
    byDefault: fixed(50),
    description: 'Directives of one document.',
  }),
  maximumCost: setting({
    kind: integer(100, 100_000_000),
    env: 'LIMIT_COST',
    byDefault: fixed(100_000),
    description: 'Estimated cost of one operation, lists multiplied by their page size.',
  }),
  metricsToken: setting({
    kind: optional(secretText(16, 256)),
    env: 'METRICS_TOKEN',
    byDefault: fixed<null>(null, 'none'),
    description: 'Bearer token that /metrics asks for.',
    production: {
      text: 'required when /metrics is served and the server listens beyond loopback',
      problem: (value, { metricsServed, serverIsLoopback }) =>
        value !== null || !metricsServed || serverIsLoopback
          ? null
          : 'is not set, so anybody could read /metrics; give METRICS_TOKEN="$(openssl rand -hex 32)" or METRICS=false',
    },
  }),
};

export const federation = {
  securityDirectives: setting({
    kind: flag,
    env: 'FEDERATION_SECURITY_DIRECTIVES',
    byDefault: fixed(false),
    description:
      'The subgraph schema carries @authenticated and @requiresScopes, for routers that enforce them by the scopes of the token: set CLAIM_SCOPE with it.',
  }),
};

/** OpenTelemetry's own names, so that what an operator sets for every other service works here, too. */
export const tracing = {
  endpoint: setting({
    kind: optional(baseUrl),
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    byDefault: fixed<null>(null, 'none: nothing is traced'),
    description:
      'OTLP/HTTP collector that traces are sent to, without `/v1/traces`, for example http://localhost:4318.',
  }),
  headers: setting({
    kind: optional(headerPairs),
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    byDefault: fixed<null>(null, 'none'),
    description: 'Headers for the collector, `name=value` separated by commas.',
  }),
  serviceName: setting({
    kind: text(100),
    env: 'OTEL_SERVICE_NAME',
    byDefault: fixed('gatehouse'),
    description: 'What the service is called in traces.',
  }),
  samplePercent: setting({
    kind: integer(0, 100),
    env: 'TRACE_SAMPLE_PERCENT',
    byDefault: fixed(100),
    description: 'Share of traces that is recorded, chosen by the id of the trace, so that all services choose alike.',
  }),
};

export const operations = {
  metrics: setting({
    kind: flag,
    env: 'METRICS',
    byDefault: fixed(true),
    description: 'Serves Prometheus metrics at /metrics.',
  }),
};

export const stats = {
  refreshSeconds: setting({
    kind: duration(10, 86_400),
    env: 'STATS_REFRESH',
    byDefault: fixed(300, '`5m`'),
    description: 'How long statistics are good; computed anew in the background before that.',
  }),
};
