import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql';
import { causes } from './classify-error.ts';
import { argumentMessage, syntaxMessage, valueMessage, variableMessage } from './client-message.ts';

const LITERALS: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
]);

const TOKEN_LIMIT = /^Syntax Error: Document contains more tha[nt] (\d+) tokens/;
/** Of the engine: the parser calls itself for each level of braces and brackets. */
const STACK_LIMIT = /^Maximum call stack size exceeded$/;
const REFUSED_ARGUMENT = /^Argument "\w+" (?:of (?:required|non-null) type|has invalid value) /;

const retold = (
  formatted: GraphQLFormattedError,
  message: string,
  extensions: Readonly<Record<string, unknown>>,
): GraphQLFormattedError => ({ ...formatted, message, extensions });

const innermostGraphqlError = (error: unknown): GraphQLError | null => {
  const last = [...causes(error)].at(-1);
  return last instanceof GraphQLError ? last : null;
};

const parseError = (formatted: GraphQLFormattedError): GraphQLFormattedError => {
  if (STACK_LIMIT.test(formatted.message))
    return retold(formatted, 'The document is nested too deeply to be read.', {
      code: 'QUERY_TOO_COMPLEX',
      limit: 'nesting',
    });
  const maximum = TOKEN_LIMIT.exec(formatted.message)?.[1];
  if (maximum === undefined)
    return retold(formatted, syntaxMessage(formatted.message), { code: 'GRAPHQL_PARSE_FAILED' });
  return retold(formatted, `The document has more than ${maximum} tokens.`, {
    code: 'QUERY_TOO_COMPLEX',
    limit: 'maximumTokens',
    maximum: Number(maximum),
  });
};

/** Apollo gives every validation error its own code; the rules of the limits keep theirs in the error it wraps. */
const validationError = (formatted: GraphQLFormattedError, error: GraphQLError): GraphQLFormattedError => {
  const rule = innermostGraphqlError(error);
  if (rule?.extensions['code'] === 'QUERY_TOO_COMPLEX') return retold(formatted, rule.message, rule.extensions);
  // Apollo's own words are for whoever writes a server with it.
  if (formatted.extensions?.['validationErrorCode'] === 'INTROSPECTION_DISABLED')
    return retold(formatted, 'Introspection is switched off on this server.', { code: 'GRAPHQL_VALIDATION_FAILED' });
  // graphql-js gives up comparing fields that may have to be merged, which grows with the square of the document
  if (formatted.message === 'Validation aborted.')
    return retold(formatted, 'The document repeats the same fields too often.', {
      code: 'QUERY_TOO_COMPLEX',
      limit: 'fieldMerging',
    });
  const kind = error.nodes?.[0]?.kind;
  if (kind !== undefined && !LITERALS.has(kind)) return formatted;
  // a scalar's refusal may quote the value in its extensions as well
  return retold(formatted, valueMessage(formatted.message), { code: 'GRAPHQL_VALIDATION_FAILED' });
};

const variableError = (formatted: GraphQLFormattedError, error: GraphQLError): GraphQLFormattedError | null => {
  const [node] = error.nodes ?? [];
  if (node?.kind !== Kind.VARIABLE_DEFINITION || error.path !== undefined) return null;
  const reason = error.originalError?.message ?? null;
  const message = variableMessage(formatted.message, node.variable.name.value, reason);
  return retold(formatted, message, { code: 'BAD_USER_INPUT' });
};

/** Refusals of graphql-js during execution that any client can provoke, and that carry no code of their own. */
const executionError = (formatted: GraphQLFormattedError, error: GraphQLError): GraphQLFormattedError | null => {
  const message = innermostGraphqlError(error)?.message ?? '';
  if (REFUSED_ARGUMENT.test(message)) return retold(formatted, argumentMessage(message), { code: 'BAD_USER_INPUT' });
  if (message.startsWith('Too many errors processing variables'))
    return retold(formatted, message, { code: 'BAD_USER_INPUT' });
  if (message.startsWith('Schema is not configured to execute '))
    return retold(formatted, message, { code: 'OPERATION_RESOLUTION_FAILURE' });
  return null;
};

/**
 * Retells the errors that graphql-js finds in a request: the limits get their code, and no message repeats a value
 * that the client sent. Null for errors of another origin.
 */
export const requestError = (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError | null => {
  if (!(error instanceof GraphQLError)) return null;
  if (error.extensions['code'] === 'GRAPHQL_PARSE_FAILED') return parseError(formatted);
  if (error.extensions['code'] === 'GRAPHQL_VALIDATION_FAILED') return validationError(formatted, error);
  return variableError(formatted, error) ?? executionError(formatted, error);
};
