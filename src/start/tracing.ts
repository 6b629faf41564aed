import type { Config } from '../config/config.ts';
import { type Tracing, useTracing } from '../telemetry/tracing.ts';
import { VERSION } from '../version.ts';

/** Records traces where the settings name a collector; elsewhere no module of OpenTelemetry is loaded. */
export const startTracing = async ({ tracing, environment }: Config): Promise<Tracing | null> => {
  const { endpoint, headers, serviceName, samplePercent } = tracing;
  if (endpoint === null) return null;
  const { otlpTracing } = await import('../telemetry/otlp-tracing.ts');
  const recorder = otlpTracing({
    endpoint,
    headers: headersOf(headers?.reveal() ?? ''),
    serviceName,
    samplePercent,
    environment,
    version: VERSION,
  });
  useTracing(recorder);
  return recorder;
};

/** `name=value,other=value`; values may be percent-encoded, as OpenTelemetry has it. */
const headersOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text.split(',').flatMap((pair) => {
      const [name = '', ...value] = pair.split('=');
      return name.trim() === '' || value.length === 0 ? [] : [[name.trim(), decoded(value.join('=').trim())]];
    }),
  );

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};
