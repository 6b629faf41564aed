import type { ApolloServerPlugin, BaseContext, GraphQLRequestContextWillSendResponse } from '@apollo/server';
import { type OperationDefinitionNode, Kind } from 'graphql';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { Count, Durations, type Figure, Gauge } from '../telemetry/figures.ts';
import { enterSpan, presentFacts, presentSpan } from '../telemetry/request-scope.ts';
import { openSpan } from '../telemetry/tracing.ts';
import type { OperationLog } from './operation-log.ts';

/** What the gauges read when somebody asks. */
export interface MetricSources {
  readonly statements: () => number;
  readonly pool: () => { readonly busy: number; readonly idle: number; readonly waiting: number };
  readonly hashQueue: () => { readonly running: number; readonly waiting: number };
  /** Parts by name: 1 = works, 0 = does not. */
  readonly parts: () => Promise<Readonly<Record<string, number>>>;
  /** Messages that wait to be sent. */
  readonly messagesQueued: () => Promise<number>;
  /** Figures that others keep. */
  readonly figures: readonly Figure[];
  readonly version: string;
}

/** More names than this are counted together, so that a client cannot fill the memory with invented names. */
const MAXIMUM_OPERATION_NAMES = 200;
/** GraphQL names have no largest length; a log line and a label have. */
const MAXIMUM_NAME = 64;

/** Prometheus figures of this process. */
export class Metrics {
  readonly registry = new Registry();
  readonly figures: readonly Figure[];
  readonly #requests = new Count({
    name: 'gatehouse_graphql_requests_total',
    help: 'GraphQL operations by name, type and outcome (OK or the code of the first error).',
    labels: ['operation', 'type', 'code'],
    maximumSeries: 1000,
  });
  readonly #duration = new Durations({
    name: 'gatehouse_graphql_request_duration_seconds',
    help: 'Time from the parsed request to the answer, by type and root field; several = more than one field, none = not run.',
    labels: ['type', 'field'],
    maximumSeries: 400,
  });
  readonly #denials = new Count({
    name: 'gatehouse_denials_total',
    help: 'Fields refused by the permission tree.',
    labels: ['coordinate', 'code'],
  });
  readonly #names = new Set<string>();

  constructor(sources: MetricSources) {
    collectDefaultMetrics({ register: this.registry });
    this.figures = [this.#requests, this.#duration, this.#denials, ...readings(sources), ...sources.figures];
    // The registry asks a figure for what it prints and for its name, nothing else.
    for (const figure of this.figures) this.registry.registerMetric(figure as unknown as Metric);
  }

  denied(coordinate: string, code: string): void {
    this.#denials.add(coordinate, code);
  }

  /** Follows every operation: figures, the facts of the request, and its span. No resolver is wrapped. */
  plugin(operationLog: OperationLog | null = null): ApolloServerPlugin {
    return {
      requestDidStart: async () => {
        const started = performance.now();
        return {
          didResolveOperation: async ({ operation, operationName }) => {
            const facts = presentFacts();
            if (facts === null || operation === undefined) return;
            // The name that the document has, not any text that the request gives.
            facts.operation = operationName?.slice(0, MAXIMUM_NAME) ?? null;
            facts.type = operation.operation;
            enterSpan(operationSpan(operation, facts.operation) ?? presentSpan());
          },
          willSendResponse: async (context) => this.#answered(context, { started, operationLog }),
        };
      },
    };
  }

  #answered(
    { operationName, operation, document, request, response }: GraphQLRequestContextWillSendResponse<BaseContext>,
    { started, operationLog }: { readonly started: number; readonly operationLog: OperationLog | null },
  ): void {
    const result = response.body.kind === 'single' ? response.body.singleResult : null;
    const code = codeOf(result);
    const type = operation?.operation ?? 'none';
    this.#requests.add(operation === undefined ? 'anonymous' : this.#nameOf(operationName), type, code);
    this.#duration.record((performance.now() - started) / 1000, type, fieldOf(operation));
    const facts = presentFacts();
    if (facts !== null && code !== 'OK') facts.code = code;
    if (operation !== undefined) endOperationSpan(code);
    operationLog?.note({ document, variables: request.variables, result });
  }

  #nameOf(name: string | null | undefined): string {
    if (name === null || name === undefined) return 'anonymous';
    if (this.#names.has(name)) return name;
    if (name.length > MAXIMUM_NAME || this.#names.size >= MAXIMUM_OPERATION_NAMES) return 'other';
    this.#names.add(name);
    return name;
  }
}

const codeOf = (
  result: { readonly errors?: readonly { readonly extensions?: Record<string, unknown> }[] } | null,
): string => {
  const code = result?.errors?.[0]?.extensions?.['code'];
  return typeof code === 'string' ? code : 'OK';
};

/** Fields of the schema are a closed set, whatever clients call their operations. */
const fieldOf = (operation: OperationDefinitionNode | undefined): string => {
  const [first, ...more] = operation?.selectionSet.selections ?? [];
  if (first === undefined) return 'none';
  return first.kind === Kind.FIELD && more.length === 0 ? first.name.value : 'several';
};

const operationSpan = (operation: OperationDefinitionNode, name: string | null) => {
  const type = operation.operation;
  return openSpan(name === null ? type : `${type} ${name}`, 'internal', {
    'graphql.operation.type': type,
    'graphql.root.field': fieldOf(operation),
    ...(name === null ? {} : { 'graphql.operation.name': name }),
  });
};

const endOperationSpan = (code: string): void => {
  const span = presentSpan();
  if (span === null) return;
  span.set({ 'gatehouse.code': code });
  span.end();
};

const readings = (sources: MetricSources): readonly Figure[] => [
  new Gauge(
    { name: 'gatehouse_sql_statements_total', help: 'SQL statements since the start, BEGIN and COMMIT left out.' },
    sources.statements,
    'counter',
  ),
  new Gauge(
    {
      name: 'gatehouse_sql_pool_connections',
      help: 'Connections to the database by state: busy, idle; waiting = statements that wait for one.',
      labels: ['state'],
    },
    () => ({ ...sources.pool() }),
  ),
  new Gauge(
    { name: 'gatehouse_password_hashes_running', help: 'Password hashes being computed.' },
    () => sources.hashQueue().running,
  ),
  new Gauge(
    { name: 'gatehouse_password_hashes_waiting', help: 'Password hashes waiting for their turn.' },
    () => sources.hashQueue().waiting,
  ),
  new Gauge(
    {
      name: 'gatehouse_part_up',
      help: 'Parts of the server, as in /readyz: 1 = works, 0 = does not. Mail that nobody set up has no series.',
      labels: ['part'],
    },
    sources.parts,
  ),
  new Gauge(
    {
      name: 'gatehouse_messages_queued',
      help: 'Mails and text messages that wait to be sent, at most 10,000 counted.',
    },
    sources.messagesQueued,
  ),
  new Gauge({ name: 'gatehouse_build_info', help: 'Always 1.', labels: ['version'] }, () => ({ [sources.version]: 1 })),
];
