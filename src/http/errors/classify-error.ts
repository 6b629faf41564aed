import { errorCatalogue, Failure, Rejection, type ErrorCode, type FailureCode } from '../../errors.ts';
import { databaseFailure } from './database-failure.ts';

/** What a client may learn about an error. */
export interface PublicError {
  readonly code: FailureCode;
  readonly message: string;
  /** HTTP status of answers outside of execution. */
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  /** Nobody foresaw it here: the operator must be told, since the client is not. */
  readonly unexpected: boolean;
}

/** Causes are followed this far; a chain can be made circular. */
const MAXIMUM_CAUSES = 8;

const causeOf = (error: unknown): unknown => {
  if (!(error instanceof Error)) return undefined;
  if ('originalError' in error && error.originalError !== undefined) return error.originalError;
  return error.cause;
};

/** The error and what it wraps: GraphQL's `originalError`, else the standard `cause`. */
export const causes = function* (error: unknown): Generator {
  let current = error;
  for (let count = 0; count < MAXIMUM_CAUSES && current !== undefined && current !== null; count += 1) {
    yield current;
    current = causeOf(current);
  }
};

const meaningOf = (code: ErrorCode): string => errorCatalogue[code].meaning;

const plain = (code: FailureCode, unexpected: boolean): PublicError => ({
  code,
  message: meaningOf(code),
  status: errorCatalogue[code].status,
  details: {},
  unexpected,
});

const ofFailure = ({ code, message, details }: Failure): PublicError =>
  code === 'INTERNAL_SERVER_ERROR'
    ? plain(code, true)
    : { code, message, status: errorCatalogue[code].status, details, unexpected: false };

/** A rejection belongs into a payload; where there is none, its problems are told as malformed input. */
const ofRejection = ({ problems }: Rejection): PublicError => ({
  ...plain('BAD_USER_INPUT', false),
  message: problems.map(({ code, message }) => message ?? meaningOf(code)).join(' '),
  details: { problems: problems.map(({ code, field }) => ({ code, ...(field === undefined ? {} : { field }) })) },
});

const ofOne = (error: unknown): PublicError | null => {
  if (error instanceof Failure) return ofFailure(error);
  if (error instanceof Rejection) return ofRejection(error);
  const database = databaseFailure(error);
  return database === null ? null : plain(database, database === 'SERVICE_UNAVAILABLE');
};

/** Decides what is told about any thrown value. Messages of unforeseen errors are never part of it. */
export const classifyError = (error: unknown): PublicError => {
  for (const cause of causes(error)) {
    const known = ofOne(cause);
    if (known !== null) return known;
  }
  return plain('INTERNAL_SERVER_ERROR', true);
};
