import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestListener } from '@apollo/server';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { errorCatalogue } from '../../errors.ts';
import { classifyError, type PublicError } from './classify-error.ts';
import { withoutSuggestion } from './client-message.ts';
import { ErrorReporter, type ReportError } from './error-reporter.ts';
import { requestError } from './request-error.ts';

export interface ErrorContext {
  readonly requestId: string;
}

export interface ErrorFormattingSettings {
  readonly report: ReportError;
  /** False takes "Did you mean ..." out of messages. */
  readonly fieldSuggestions: boolean;
}

export interface RefusalFacts {
  readonly requestId: string;
  /** Headers of the answer, as `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ErrorFormatting {
  /** For Apollo's option of the same name. */
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  /** The same for errors that Apollo has no part in, as over a connection. */
  readonly formatAll: (errors: readonly GraphQLError[], requestId: string) => readonly GraphQLFormattedError[];
  /** Tells `formatError` which request an error belongs to; must be among Apollo's plugins. */
  readonly plugin: ApolloServerPlugin<ErrorContext>;
  /**
   * For errors while the context is made, to which Apollo would answer 500, a refused token included.
   * Throw what this returns: it carries the HTTP status of the error's code.
   */
  readonly refusal: (error: unknown, facts: RefusalFacts) => GraphQLError;
}

/** Codes of Apollo's own errors; their messages hold nothing of the server's. */
const APOLLO_CODES: ReadonlySet<string> = new Set([
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

const PUBLIC_CODES: ReadonlySet<unknown> = new Set([
  ...APOLLO_CODES,
  ...Object.entries(errorCatalogue)
    .filter(([code, { surface }]) => surface === 'graphql' && code !== 'INTERNAL_SERVER_ERROR')
    .map(([code]) => code),
]);

/** Apollo's message when its pipeline broke; the plugin has reported the cause by then. */
const isPipelineFailure = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof GraphQLError) && error.message === 'Internal server error';

const extensionsOf = ({ code, details }: PublicError, requestId: string | null): Record<string, unknown> =>
  code === 'INTERNAL_SERVER_ERROR' && requestId !== null ? { ...details, requestId, code } : { ...details, code };

const createFormatter =
  (reporter: ErrorReporter): ErrorFormatting['formatError'] =>
  (formatted, error) => {
    const ofRequest = requestError(formatted, error);
    if (ofRequest !== null) return ofRequest;
    if (PUBLIC_CODES.has(formatted.extensions?.['code'])) return formatted;
    const known = classifyError(error);
    if (known.unexpected && !isPipelineFailure(error)) {
      const code = known.code === 'SERVICE_UNAVAILABLE' ? known.code : 'INTERNAL_SERVER_ERROR';
      reporter.once(error, code, formatted.path?.join('.') ?? null);
    }
    return { ...formatted, message: known.message, extensions: extensionsOf(known, reporter.requestIdOf(error)) };
  };

const createPlugin = (reporter: ErrorReporter): ApolloServerPlugin<ErrorContext> => {
  const listener: GraphQLRequestListener<ErrorContext> = {
    didEncounterErrors: async ({ errors, contextValue }) => {
      for (const error of errors) reporter.attribute(error, contextValue.requestId);
    },
  };
  return {
    requestDidStart: async () => listener,
    unexpectedErrorProcessingRequest: async ({ requestContext, error }) => {
      reporter.attribute(error, requestContext.contextValue.requestId);
      reporter.once(error, 'INTERNAL_SERVER_ERROR', null);
    },
  };
};

/** Status and headers are for answers of their own. */
const withoutHttp = (formatted: GraphQLFormattedError): GraphQLFormattedError => {
  const { http: _http, ...extensions } = formatted.extensions ?? {};
  return { ...formatted, extensions };
};

/** Makes Apollo's error options. One place decides what of an error leaves the server, and reports what does not. */
export const createErrorFormatting = ({ report, fieldSuggestions }: ErrorFormattingSettings): ErrorFormatting => {
  const reporter = new ErrorReporter(report);
  const format = createFormatter(reporter);
  const formatError: ErrorFormatting['formatError'] = (formatted, error) => {
    const told = format(formatted, error);
    return fieldSuggestions ? told : { ...told, message: withoutSuggestion(told.message) };
  };
  return {
    formatError,
    formatAll: (errors, requestId) =>
      errors.map((error) => {
        reporter.attribute(error, requestId);
        return withoutHttp(formatError(error.toJSON(), error));
      }),
    plugin: createPlugin(reporter),
    refusal: (error, { requestId, headers }) => {
      const { message, status } = classifyError(error);
      const refused = new GraphQLError(message, {
        originalError: error instanceof Error ? error : new Error('Something that is no Error was thrown.'),
        // what Apollo takes; other servers' packages declare the same extension for everybody, with another type
        extensions: { http: { status, headers: new HeaderMap(Object.entries(headers ?? {})) as never } },
      });
      reporter.attribute(refused, requestId);
      return refused;
    },
  };
};
