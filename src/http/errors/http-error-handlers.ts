import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Failure, type FailureCode } from '../../errors.ts';
import { causes, classifyError } from './classify-error.ts';
import { ErrorReporter, type ReportError } from './error-reporter.ts';

export interface HttpErrorSettings {
  readonly report: ReportError;
  /** Where answers are shaped as GraphQL ones; `/graphql` without. */
  readonly graphqlPath?: string;
}

export interface HttpErrorHandlers {
  /** For `setErrorHandler`. */
  readonly onError: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void;
  /** For `setNotFoundHandler`. */
  readonly onNotFound: (request: FastifyRequest, reply: FastifyReply) => void;
  /** For Fastify's option `frameworkErrors`: URLs that cannot be routed. */
  readonly onFrameworkError: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void;
}

interface Answer {
  readonly status: number;
  readonly code: FailureCode | 'BAD_REQUEST';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const CODES: Readonly<Record<number, Answer['code']>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  429: 'RATE_LIMITED',
};

/** Said instead of the library's own messages, which quote the body: JSON.parse repeats what it stumbled over. */
const MESSAGES: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  404: 'There is nothing at this address.',
  405: 'The method is not allowed at this address.',
  408: 'The request took too long to arrive.',
  413: 'The body is larger than allowed.',
  414: 'The address is longer than allowed.',
  415: 'The media type of the body is not supported; send application/json.',
  431: 'The headers are larger than allowed.',
};

const ofStatus = (status: number, message = MESSAGES[status] ?? 'The request was refused.'): Answer => ({
  status,
  code: CODES[status] ?? 'BAD_REQUEST',
  message,
  details: {},
});

const isJsonError = (error: FastifyError): boolean =>
  error instanceof SyntaxError ||
  error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' ||
  error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY';

/** What Fastify and its plugins blame on the client; a Failure is told as what it is. */
const clientError = (error: FastifyError, isGraphql: boolean): Answer | null => {
  if ([...causes(error)].some((cause) => cause instanceof Failure)) return null;
  // a Host header that is no host: Apollo's integration builds a URL from it
  if (isGraphql && error.code === 'ERR_INVALID_URL') return ofStatus(400);
  const status = error.statusCode ?? 500;
  if (status < 400 || status > 499) return null;
  return status === 400 && isJsonError(error) ? ofStatus(400, 'The body is not valid JSON.') : ofStatus(status);
};

const headersOf = ({ status, details }: Answer, isGraphql: boolean, accept = ''): Record<string, string> => {
  const retryAfter = details['retryAfterSeconds'];
  const type =
    isGraphql && accept.includes('application/graphql-response+json')
      ? 'application/graphql-response+json'
      : 'application/json';
  return {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    ...(typeof retryAfter === 'number' ? { 'retry-after': String(Math.ceil(retryAfter)) } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  };
};

const bodyOf = ({ code, message, details }: Answer, isGraphql: boolean, requestId: string): object => {
  if (!isGraphql) return { error: { ...details, code, message, requestId } };
  const extensions = code === 'INTERNAL_SERVER_ERROR' ? { ...details, requestId, code } : { ...details, code };
  return { errors: [{ message, extensions }] };
};

/**
 * Answers what fails outside of GraphQL execution: `{ error: { code, message, requestId } }` on REST paths,
 * `{ errors: [...] }` at the GraphQL path. What a client sends never gives a status of 500 and above.
 */
export const createHttpErrorHandlers = ({ report, graphqlPath = '/graphql' }: HttpErrorSettings): HttpErrorHandlers => {
  const reporter = new ErrorReporter(report);
  const isGraphqlPath = (request: FastifyRequest): boolean => request.url.split('?', 1)[0] === graphqlPath;

  const send = (answer: Answer, request: FastifyRequest, reply: FastifyReply): void => {
    const isGraphql = isGraphqlPath(request);
    for (const [name, value] of Object.entries(headersOf(answer, isGraphql, request.headers.accept)))
      if (name === 'content-type' || !reply.hasHeader(name)) void reply.header(name, value);
    void reply.code(answer.status).send(JSON.stringify(bodyOf(answer, isGraphql, request.id)));
  };

  const onError: HttpErrorHandlers['onError'] = (error, request, reply) => {
    const answer = clientError(error, isGraphqlPath(request));
    if (answer !== null) {
      send(answer, request, reply);
      return;
    }
    const known = classifyError(error);
    if (known.unexpected) {
      reporter.attribute(error, request.id);
      reporter.once(error, known.code === 'SERVICE_UNAVAILABLE' ? known.code : 'INTERNAL_SERVER_ERROR', null);
    }
    send(known, request, reply);
  };

  return {
    onError,
    onFrameworkError: (error, request, reply) => {
      send(clientError(error, isGraphqlPath(request)) ?? ofStatus(400), request, reply);
    },
    onNotFound: (request, reply) => {
      if (!isGraphqlPath(request)) {
        send(ofStatus(404), request, reply);
        return;
      }
      void reply.header('allow', 'GET, POST');
      send(ofStatus(405), request, reply);
    },
  };
};
