/** Where a request stands in a trace, as the header `traceparent` says it (W3C Trace Context, level 1). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span of whoever called. */
  readonly parentId: string;
  /** Whoever called records the trace. */
  readonly sampled: boolean;
}

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;

/** Reads the header; null when there is none or it is malformed: then a trace begins here. */
export const readTraceparent = (header: string | readonly string[] | undefined): TraceContext | null => {
  if (typeof header !== 'string' || header.length > 256) return null;
  const match = TRACEPARENT.exec(header);
  if (match === null) return null;
  const [, version = '', traceId = '', parentId = '', flags = '', rest] = match;
  // Later versions may say more at the end; this one may not.
  const isVersion = version === '00' ? rest === undefined : version !== 'ff';
  if (!isVersion || ZEROS.test(traceId) || ZEROS.test(parentId)) return null;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

export const writeTraceparent = ({ traceId, parentId, sampled }: TraceContext): string =>
  `00-${traceId}-${parentId}-${sampled ? '01' : '00'}`;
