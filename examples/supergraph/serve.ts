import { createServer, type RequestListener, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { graphql, type GraphQLSchema } from 'graphql';

interface GraphQLBody {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/** A subgraph over HTTP. It trusts whoever reaches it: in a real system only the router does. */
export const subgraphListener =
  (schema: GraphQLSchema): RequestListener =>
  (request, response) => {
    const answer = async (): Promise<void> => {
      const { query, variables, operationName } = JSON.parse(await text(request)) as GraphQLBody;
      const result = await graphql({
        schema,
        source: query,
        variableValues: variables ?? {},
        ...(operationName === undefined ? {} : { operationName }),
      });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(result));
    };
    answer().catch((error: unknown) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ message: String(error) }] }));
    });
  };

/** Listens on this machine only; 0 takes any free port. */
export const listen = async (listener: RequestListener, port: number): Promise<Server> => {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return server;
};
