import {
  type Attributes,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { OpenSpan, SpanStart } from './span.ts';
import type { TraceContext } from './trace-context.ts';
import type { Tracing } from './tracing.ts';

interface OtlpSettings {
  /** Without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  readonly environment: string;
  readonly samplePercent: number;
}

/** What waits for the collector: more is dropped, so that a collector that is away costs no memory. */
const MAXIMUM_WAITING = 2048;
const SEND_AFTER_MS = 2000;
const SEND_MS = 5000;

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/** Spans to a collector over OTLP/HTTP. The only module that knows OpenTelemetry; loaded when an endpoint is set. */
export const otlpTracing = (settings: OtlpSettings): Tracing => {
  const ratio = new TraceIdRatioBasedSampler(settings.samplePercent / 100);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': settings.serviceName,
      'service.version': settings.version,
      'deployment.environment.name': settings.environment,
    }),
    // A caller that records nothing is not overruled; one that does may not make us record more than our share.
    sampler: new ParentBasedSampler({ root: ratio, remoteParentSampled: ratio }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${settings.endpoint.replace(/\/$/, '')}/v1/traces`,
          headers: { ...settings.headers },
          timeoutMillis: SEND_MS,
        }),
        maxQueueSize: MAXIMUM_WAITING,
        scheduledDelayMillis: SEND_AFTER_MS,
        exportTimeoutMillis: SEND_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('gatehouse', settings.version);
  return {
    start: (name, { kind, attributes, parent }) => {
      const context = parent === null || parent === undefined ? ROOT_CONTEXT : contextOf(parent);
      const options = {
        kind: KINDS[kind],
        ...(attributes === undefined ? {} : { attributes: attributes as Attributes }),
      };
      return new RecordedSpan(tracer.startSpan(name, options, context));
    },
    close: () => provider.shutdown(),
  };
};

const contextOf = (parent: OpenSpan | TraceContext) =>
  trace.setSpanContext(
    ROOT_CONTEXT,
    'spanId' in parent
      ? {
          traceId: parent.traceId,
          spanId: parent.spanId,
          traceFlags: parent.isRecorded ? TraceFlags.SAMPLED : TraceFlags.NONE,
        }
      : {
          traceId: parent.traceId,
          spanId: parent.parentId,
          traceFlags: parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
          isRemote: true,
        },
  );

class RecordedSpan implements OpenSpan {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get spanId(): string {
    return this.#span.spanContext().spanId;
  }

  get isRecorded(): boolean {
    return this.#span.isRecording();
  }

  set(attributes: NonNullable<SpanStart['attributes']>): void {
    this.#span.setAttributes({ ...attributes });
  }

  fail(reason: string, error?: Error): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
    if (error === undefined) return;
    const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
    // As OpenTelemetry's own `recordException`, without the message.
    this.#span.addEvent('exception', { 'exception.type': error.name, 'exception.stacktrace': frames.join('\n') });
  }

  end(): void {
    this.#span.end();
  }
}
