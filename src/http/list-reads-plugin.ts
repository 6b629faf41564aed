import type { ApolloServerPlugin } from '@apollo/server';
import { OperationTypeNode } from 'graphql';
import type { Context } from '../context.ts';

/** Lists of a query may be answered by a replica. Those below a mutation read behind what it wrote, and have the primary. */
export const listReadsPlugin = (): ApolloServerPlugin<Context> => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation, contextValue }) => {
      if (operation?.operation === OperationTypeNode.QUERY) contextValue.caller.position?.grant();
    },
  }),
});
