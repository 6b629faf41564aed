import { ApolloGateway, type GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import http from '@graphql-mesh/transport-http';

/** One operation of a caller, who is known by the Authorization header or is nobody. */
export interface GatewayRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly authorization?: string;
}

export interface GatewayAnswer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

export interface RunningGateway {
  query(request: GatewayRequest): Promise<GatewayAnswer>;
  stop(): Promise<void>;
}

interface CallerContext {
  readonly authorization?: string;
}

/** Subgraphs decide by themselves who may do what, so each request to them carries the caller's token. */
class PassingOn extends RemoteGraphQLDataSource<CallerContext> {
  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<CallerContext>): void {
    const { authorization } = context;
    if (authorization !== undefined) request.http?.headers.set('authorization', authorization);
  }
}

/** Apollo's gateway. It knows no security directives: give it a supergraph of the plain form. */
export const apolloGateway = async (supergraphSdl: string): Promise<RunningGateway> => {
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ url }) => new PassingOn(url === undefined ? {} : { url }),
  });
  const server = new ApolloServer<CallerContext>({ gateway, stopOnTerminationSignals: false });
  await server.start();
  return {
    query: async ({ query, variables, authorization }) => {
      const { body } = await server.executeOperation(
        { query, ...(variables === undefined ? {} : { variables: { ...variables } }) },
        { contextValue: authorization === undefined ? {} : { authorization } },
      );
      if (body.kind === 'incremental') throw new Error('The answer comes in parts, which nobody asked for.');
      return structuredClone(body.singleResult);
    },
    stop: () => server.stop(),
  };
};

/** Hive's gateway, as a listener of an HTTP server. It takes both forms of the schema. */
export const hiveRuntime = (supergraph: string) =>
  createGatewayRuntime({
    supergraph,
    transports: { http },
    logging: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') }),
    },
  });

/** Hive's gateway, asked in this process. */
export const hiveGateway = (supergraph: string): RunningGateway => {
  const gateway = hiveRuntime(supergraph);
  return {
    query: async ({ query, variables, authorization }) => {
      const response = await gateway.fetch('http://gateway.internal/graphql', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(authorization === undefined ? {} : { authorization }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GatewayAnswer;
    },
    stop: async () => gateway[Symbol.asyncDispose](),
  };
};
