import type { TraceContext } from './trace-context.ts';

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that has begun. `traceId` and `spanId` as in `traceparent`. */
export interface OpenSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** False: nothing of it is recorded or sent. */
  readonly isRecorded: boolean;
  set(attributes: Attributes): void;
  /** Marks it as failed; an error is told by class and stack, never by what it says: messages may quote values. */
  fail(reason: string, error?: Error): void;
  end(): void;
}

export interface SpanStart {
  readonly kind: 'server' | 'client' | 'internal';
  readonly attributes?: Attributes;
  /** Where it hangs when it is not inside another span of ours. */
  readonly parent?: OpenSpan | TraceContext | null;
}
