import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './config/config.ts';
import { scopeOfLogLine } from './telemetry/request-scope.ts';

/** Writes one line; what needs no more than this takes no logger. */
export type Log = (level: 'info' | 'warn' | 'error', message: string, details?: Record<string, unknown>) => void;

/** The plain form of a logger. */
export const logOf =
  (logger: Logger): Log =>
  (level, message, details) =>
    logger[level](details ?? {}, message);

/** Paths that must never reach a log line, whatever object is logged. `Secret` values print as `[secret]` by themselves. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-csrf-token"]',
  'res.headers["set-cookie"]',
  '*.password',
  '*.newPassword',
  '*.token',
  '*.secret',
  'err.detail',
  'err.parameters',
  'err.query',
];

/**
 * Structured logs, one JSON object a line; readable lines in a terminal in development. Errors are written by class, message
 * and stack only: what a database driver hangs on them holds values of rows and statements. A line that is written while a
 * request is under way carries its id, trace, operation and principal. Without a destination it goes to standard output.
 */
export const createLogger = ({ log }: Pick<Config, 'log'>, destination?: DestinationStream): Logger => {
  const options = {
    level: log.level,
    redact: { paths: REDACTED, censor: '[redacted]' },
    serializers: { err: describeError, error: describeError },
    mixin: scopeOfLogLine,
  };
  if (destination !== undefined) return pino(options, destination);
  return pino({ ...options, ...(log.pretty ? { transport: PRETTY } : {}) });
};

/**
 * The logger of this process: standard output and, where the settings say so, files that are begun anew when they are full, and when
 * SIGHUP says that somebody moved them away.
 */
export const openLogger = async (
  { log }: Pick<Config, 'log'>,
  { reopensOnHangUp }: { readonly reopensOnHangUp: boolean },
): Promise<Logger> => {
  const { file } = log;
  if (file === null) return createLogger({ log });
  const { openLogFile } = await import('./telemetry/log-file.ts');
  const output = log.pretty ? pino.transport(PRETTY) : pino.destination(1);
  // Whatever passes the level of the logger goes to both.
  const opened = await openLogFile({ ...log, file });
  if (reopensOnHangUp) process.on('SIGHUP', () => opened.reopen());
  const streams = [output, opened].map((stream) => ({ level: 'trace' as const, stream }));
  return createLogger({ log }, pino.multistream(streams));
};

const PRETTY = { target: 'pino-pretty', options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname' } };

interface ErrorDescription {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack: string;
}

const describeError = (error: unknown): ErrorDescription | string => {
  if (!(error instanceof Error)) return 'not an error object';
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  // MikroORM puts the whole statement, values included, before the driver's own message.
  const message =
    error.message.includes(' - ') && 'code' in error
      ? error.message.slice(error.message.lastIndexOf(' - ') + 3)
      : error.message;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return { type: error.name, ...code, message, stack: frames.join('\n') };
};
