import { ConfigError } from '../config/config.ts';
import { EnvelopeError } from '../crypto/envelope.ts';
import { MasterKeyError } from '../crypto/master-keys.ts';
import { SigningKeyError } from '../crypto/signing-keys.ts';
import { explainConnectionFailure } from '../database/connection-failure.ts';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres-error.ts';
import { MigrationError } from '../database/migrator.ts';
import { errorCatalogue, Failure, type Problem, Rejection } from '../errors.ts';
import { EXIT, type ExitCode, IncompleteError, RefusedError, UsageError } from './exit-codes.ts';

/** What a person is told. One line; wrong settings are a list, a line each. */
export interface FailureReport {
  readonly message: string;
  readonly exitCode: ExitCode;
}

/** Errors whose message was written for the person at the keyboard. */
const SPOKEN = [
  IncompleteError,
  MigrationError,
  EmbeddedPostgresError,
  MasterKeyError,
  SigningKeyError,
  Failure,
] as const;

const OTHER_MASTER_KEYS =
  'What is sealed in the database does not open under these master keys: give this command the MASTER_KEYS, or the DATA_DIR, of the servers.';

const DISK_FULL = 'There is no space left on the disk: make room and try again.';

const problemText = (problem: Problem): string => {
  const field = problem.field === undefined ? '' : ` (${problem.field.join('.')})`;
  return `${problem.message ?? errorCatalogue[problem.code].meaning}${field}`;
};

const rejectionText = ({ problems, facts }: Rejection): string => {
  const violations = facts['violations'];
  const rules = Array.isArray(violations) ? ` [${violations.join(', ')}]` : '';
  return problems.map(problemText).join(' ') + rules;
};

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').trim();

const spoken = (error: unknown): string | null => {
  if (error instanceof Rejection) return rejectionText(error);
  if (error instanceof EnvelopeError) return OTHER_MASTER_KEYS;
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return DISK_FULL;
  if (SPOKEN.some((kind) => error instanceof kind)) return error instanceof Error ? error.message : null;
  return explainConnectionFailure(error);
};

export const reportOf = (error: unknown): FailureReport => {
  if (error instanceof ConfigError) return { message: error.message, exitCode: EXIT.configuration };
  if (error instanceof UsageError) return { message: oneLine(error.message), exitCode: EXIT.usage };
  if (error instanceof RefusedError) return { message: oneLine(error.message), exitCode: EXIT.refused };
  const told = spoken(error);
  if (told !== null) return { message: oneLine(told), exitCode: EXIT.failed };
  const text = error instanceof Error ? (error.message.split('\n').at(0) ?? '') : String(error);
  return { message: `Unexpected: ${text} (more with --verbose)`, exitCode: EXIT.failed };
};

/** Everything that is known of an error, with what caused it. */
export const stackOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\nCaused by: ${stackOf(error.cause)}`;
};
