import { presentSpan, withinSpan } from './request-scope.ts';
import type { OpenSpan, SpanStart } from './span.ts';
import { writeTraceparent } from './trace-context.ts';

/** Where spans go. */
export interface Tracing {
  start(name: string, how: SpanStart): OpenSpan;
  /** Sends what is left. */
  close(): Promise<void>;
}

let tracing: Tracing | null = null;

/**
 * Spans cross every layer, so where they go is a matter of the process, like its standard output: null, which is where it
 * begins, records none and costs one comparison.
 */
export const useTracing = (recorder: Tracing | null): void => {
  tracing = recorder;
};

export const presentTracing = (): Tracing | null => tracing;

/** A span inside the present one; null when nothing is traced here. */
export const openSpan = (
  name: string,
  kind: SpanStart['kind'],
  attributes?: SpanStart['attributes'],
): OpenSpan | null => {
  const parent = presentSpan();
  if (tracing === null || parent?.isRecorded !== true) return null;
  return tracing.start(name, { kind, parent, ...(attributes === undefined ? {} : { attributes }) });
};

/** Runs `work` in a span of its own inside the present one; `alone`: also where no request is under way. */
export const traced = async <T>(
  name: string,
  { kind, attributes, alone = false }: Omit<SpanStart, 'parent'> & { readonly alone?: boolean },
  work: () => Promise<T>,
): Promise<T> => {
  if (tracing === null) return work();
  const begins = alone && presentSpan() === null;
  const span = begins
    ? tracing.start(name, { kind, ...(attributes === undefined ? {} : { attributes }) })
    : openSpan(name, kind, attributes);
  if (span === null) return work();
  try {
    return await withinSpan(span, work);
  } catch (error) {
    span.fail(error instanceof Error ? error.name : 'unknown', error instanceof Error ? error : undefined);
    throw error;
  } finally {
    span.end();
  }
};

/** Headers by which whoever is called continues the present trace; none where nothing is traced. */
export const traceHeaders = (): Readonly<Record<string, string>> => {
  const span = tracing === null ? null : presentSpan();
  if (span === null) return {};
  return {
    traceparent: writeTraceparent({ traceId: span.traceId, parentId: span.spanId, sampled: span.isRecorded }),
  };
};
