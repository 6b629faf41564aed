import type { Logger } from 'pino';
import { EnvelopeError } from '../crypto/envelope.ts';
import { explainConnectionFailure } from '../database/connection-failure.ts';

/** What a person can do about an error of the operating system, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'The port is taken by another program: stop it, or set PORT to another one. The second listener has ADMIN_PORT.',
  EADDRNOTAVAIL: 'This machine does not have the address of HOST: correct it. The second listener has ADMIN_HOST.',
  EACCES: 'The operating system refuses the port or a file: choose a port above 1023, or check the owner of DATA_DIR.',
  ENOSPC: 'The disk is full: make room and start again.',
};

const OTHER_MASTER_KEYS =
  'The keys in the database were sealed under other master keys: give this server the MASTER_KEYS, or the DATA_DIR, that it was set up with.';

/** Says in one line why the process cannot go on, and ends it with exit code 1. */
export const fatal = (logger: Logger | null, reason: unknown): never => {
  const text = `Gatehouse cannot run: ${describeFatal(reason)}`;
  logger?.fatal(text);
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

/** The reason in one line, without stack and without what a driver repeats of statements. Texts are taken as they are. */
const describeFatal = (reason: unknown): string => {
  if (typeof reason === 'string') return reason;
  if (!(reason instanceof Error)) return 'an unknown error.';
  if (reason instanceof EnvelopeError) return OTHER_MASTER_KEYS;
  const code = codeOf(reason);
  const advice = code === null ? undefined : ADVICE[code];
  if (advice !== undefined) return `${advice} (${code})`;
  return explainConnectionFailure(reason) ?? firstLine(reason.message);
};

const firstLine = (message: string): string => message.split('\n', 1)[0] ?? '';

const codeOf = (error: unknown): string | null => {
  if (typeof error !== 'object' || error === null) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : null;
};
