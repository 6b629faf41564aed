import { type Context as ProtocolContext, makeServer, type Server } from 'graphql-ws';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { RequestAuthenticator } from '../../auth/authenticate.ts';
import { type ConnectedCaller, presentedBy } from '../../auth/connected-caller.ts';
import type { ConnectedCallers } from '../../auth/connected-callers.ts';
import { identityOf, type MakeLoaders } from '../../auth/identity.ts';
import type { Context, LiveSources } from '../../context.ts';
import { Failure } from '../../errors.ts';
import { randomId } from '../../ids.ts';
import type { LiveEvents } from '../../services/live-events.service.ts';
import type { LiveStats } from '../../services/live-stats.ts';
import type { Authenticated } from '../../services/session-authenticator.ts';
import type { ErrorFormatting } from '../errors/format-error.ts';
import type { AskedDocument, DocumentAdmission } from '../trusted-documents.ts';
import type { Admission, AdmittedOperation, AskedOperation } from './admission.ts';
import { closeCodes } from './close-codes.ts';
import type { Connection } from './connection.ts';
import { openStream } from './event-stream.ts';
import type { SubscriptionMetrics } from './subscription-metrics.ts';

export interface ProtocolParts {
  readonly schema: GraphQLSchema;
  readonly authenticator: RequestAuthenticator;
  readonly connected: ConnectedCallers;
  readonly loaders: MakeLoaders;
  readonly liveEvents: LiveEvents;
  readonly liveStats: LiveStats;
  readonly admission: Admission;
  readonly documents: Pick<DocumentAdmission, 'admit'>;
  readonly formatting: Pick<ErrorFormatting, 'formatAll'>;
  readonly metrics: SubscriptionMetrics;
  readonly initSeconds: number;
  readonly maximumPerConnection: number;
  /** A stream began or ended. */
  readonly onStreams: (change: 1 | -1) => void;
  /** Counts the connection against those of its user; false when there are too many. */
  readonly mayJoin: (connection: Connection, authenticated: Authenticated) => boolean;
}

interface Extra {
  readonly connection: Connection;
}
type Params = Record<string, unknown>;
type Ctx = ProtocolContext<Params, Extra>;

/** Cookies can only be set by answers. */
const NO_COOKIES = { presented: null, set: () => {}, clear: () => {} };

/** What the client gives in `connection_init`, in the form of an Authorization header. */
const authorizationOf = (params: Params | undefined): string | undefined => {
  const given = params?.['authorization'] ?? params?.['Authorization'];
  return typeof given === 'string' ? given : undefined;
};

/**
 * The graphql-transport-ws protocol: who connects, what may be run, and in whose name each message is made. The library keeps the
 * state of a connection; every decision is made here.
 */
export const createProtocol = (parts: ProtocolParts): Server<Extra> =>
  makeServer<Params, Extra>({
    schema: parts.schema,
    connectionInitWaitTimeout: parts.initSeconds * 1000,
    onConnect: (ctx) => connect(ctx, parts),
    onSubscribe: (ctx, _id, payload) => admit(ctx, payload, parts),
    jsonMessageReviver: withText as never,
    subscribe: ((args: Running) => follow(args, parts)) as never,
    onError: ({ extra: { connection } }, _id, _payload, errors) =>
      errors.flatMap((error) => toldOf(error, connection, parts)),
    // Its errors are formatted already.
    onNext: (...[, , , , result]) => result as never,
  });

/** The library demands a text in each message; one that names its document by id may come without. */
function withText(this: unknown, key: string, value: unknown): unknown {
  const isPayload = key === 'payload' && typeof value === 'object' && value !== null && isSubscribe(this);
  return isPayload && 'documentId' in value && !('query' in value) ? { ...value, query: '' } : value;
}

const isSubscribe = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'subscribe';

/** Nobody could say who connects: the database is away. After 1011 clients of the protocol would never come back. */
const unknown = (error: unknown, connection: Connection, { formatting }: ProtocolParts): 'UNKNOWN' => {
  const thrown = new GraphQLError('Not connected.', { originalError: error as Error });
  const [told] = formatting.formatAll([thrown], connection.arrival.requestId);
  const isBroken = told?.extensions?.['code'] === 'INTERNAL_SERVER_ERROR';
  if (isBroken) connection.close(closeCodes.BROKEN, 'Internal server error');
  else connection.close(closeCodes.TRY_LATER, 'Try again later');
  return 'UNKNOWN';
};

/** Signed in by what was presented; whoever is not cannot stay. */
const connect = async (ctx: Ctx, parts: ProtocolParts): Promise<boolean> => {
  const { connection } = ctx.extra;
  const { cookie, ...from } = connection.arrival;
  const { connectionParams } = ctx;
  // What proves an identity is not kept for as long as the connection lasts.
  Object.assign(ctx, { connectionParams: undefined });
  const presented = { authorization: authorizationOf(connectionParams), cookie, csrfHeader: undefined, ...from };
  const authentication = await parts.authenticator.authenticate(presented).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'UNAUTHENTICATED') return null;
    return unknown(error, connection, parts);
  });
  if (authentication === 'UNKNOWN') return false;
  const authenticated = authentication?.authenticated ?? null;
  if (authentication === null || authenticated === null) {
    connection.close(closeCodes.UNAUTHORIZED, 'Unauthorized');
    return false;
  }
  if (!parts.mayJoin(connection, authenticated)) {
    parts.metrics.dropped('limit');
    connection.close(closeCodes.TOO_MANY_CONNECTIONS, 'Too many connections');
    return false;
  }
  const caller: ConnectedCaller = {
    ...presentedBy(authenticated, authentication, presented),
    ended: (end) => connection.ended(end),
    expired: () => connection.close(closeCodes.TOKEN_EXPIRED, 'Token expired'),
    unknown: () => connection.close(closeCodes.TRY_LATER, 'Try again later'),
  };
  connection.belongsTo(caller, authenticated, parts.connected.join(caller));
  return true;
};

/** An operation on its way, with the connection that it belongs to. */
interface Running extends AdmittedOperation {
  readonly schema: GraphQLSchema;
  readonly connection: Connection;
  readonly contextValue: Context;
  readonly requestId: string;
}

const admit = async (
  { extra: { connection }, subscriptions }: Ctx,
  asked: AskedOperation & AskedDocument,
  parts: ProtocolParts,
): Promise<Running | readonly GraphQLError[]> => {
  const requestId = randomId();
  const refuse = (errors: readonly GraphQLError[]): readonly GraphQLError[] =>
    parts.formatting.formatAll(errors, requestId).map((told) => new ToldError(told));
  const maximum = parts.maximumPerConnection;
  if (Object.keys(subscriptions).length > maximum) {
    return refuse([
      new GraphQLError(`At most ${maximum} subscriptions on one connection.`, {
        extensions: { code: 'RATE_LIMITED', limit: 'maximumPerConnection', maximum },
      }),
    ]);
  }
  try {
    const contextValue = await contextOf(connection, parts, { since: performance.now(), requestId });
    if (contextValue === null)
      return refuse([new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } })]);
    const query = (await parts.documents.admit(asked)) ?? asked.query;
    const admitted = parts.admission.admit({ ...asked, query }, contextValue.caller);
    if (!('document' in admitted)) return refuse(admitted);
    return { ...admitted, schema: parts.schema, connection, contextValue, requestId };
  } catch (error) {
    return refuse([new GraphQLError('Not admitted.', { originalError: error as Error })]);
  }
};

/** An error as the client is told of it: nothing more is made of it. */
class ToldError extends GraphQLError {
  readonly told: GraphQLFormattedError;

  constructor(told: GraphQLFormattedError) {
    super(told.message, { extensions: told.extensions ?? {} });
    this.told = told;
  }
}

/** What nobody has told of yet broke a stream on its way. */
const toldOf = (
  error: GraphQLError,
  { arrival: { requestId } }: Connection,
  { formatting }: ProtocolParts,
): readonly GraphQLFormattedError[] =>
  error instanceof ToldError ? [error.told] : formatting.formatAll([error], requestId);

const follow = async (running: Running, parts: ProtocolParts): Promise<unknown> => {
  const { connection, requestId, schema, document, operationName, variableValues, contextValue, field } = running;
  return openStream(
    { schema, document, operationName: operationName ?? null, variableValues, contextValue },
    {
      contextSince: (since) => contextOf(connection, parts, { since, requestId }),
      formatted: (errors) => parts.formatting.formatAll(errors, requestId),
      onSent: () => parts.metrics.sent(field),
      onOpen: () => parts.onStreams(1),
      onEnd: () => parts.onStreams(-1),
      onSlow: () => connection.tooSlow('queue'),
    },
  );
};

/** What a message is made in: the caller as they are now, with nothing that was read before; null when their session is over. */
const contextOf = async (
  connection: Connection,
  { connected, loaders, liveEvents, liveStats }: ProtocolParts,
  { since, requestId }: { readonly since: number; readonly requestId: string },
): Promise<Context | null> => {
  const { caller, arrival } = connection;
  const authenticated = caller === null ? null : await connected.present(caller, since);
  if (authenticated === null) return null;
  const own = identityOf(authenticated, { ...arrival, requestId }, loaders);
  const live: LiveSources = {
    auditEvents: (who, filter) => liveEvents.auditEvents(who, filter),
    userChanges: (who, ids) => liveEvents.userChanges(who, ids),
    statsUpdates: (intervalSeconds) => liveStats.updates(intervalSeconds),
    sessionEnd: () => connection.sessionEnd(),
  };
  return {
    ...own,
    own,
    live,
    began: null,
    requestId,
    csrfToken: null,
    cookie: NO_COOKIES,
    deviceCookie: NO_COOKIES,
  };
};
