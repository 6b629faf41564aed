import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, Kind, OperationTypeNode } from 'graphql';
import { becomeNobody, type Context } from '../context.ts';

/** What the plugin reads from the context. */
export interface CsrfContext extends Context {
  readonly csrfMissing: boolean;
}

/**
 * Refuses changes in a cookie session that do not prove, by the `x-csrf-token` header, that a page of ours sends them.
 * `isPublic` names the mutations that need no session: signing in must work with an old cookie in the browser. They are done in
 * nobody's name then, so that another site cannot have anything done to, or said of, whoever is signed in.
 */
export const csrfPlugin = (isPublic: (field: string) => boolean): ApolloServerPlugin<CsrfContext> => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation, contextValue }) => {
      if (!contextValue.csrfMissing || operation?.operation !== OperationTypeNode.MUTATION) return;
      const harmless = operation.selectionSet.selections.every(
        (selection) => selection.kind === Kind.FIELD && isPublic(selection.name.value),
      );
      if (harmless) return becomeNobody(contextValue);
      throw new GraphQLError('The x-csrf-token header is missing or belongs to another session.', {
        extensions: { code: 'FORBIDDEN', missing: [], reason: 'CSRF_TOKEN', http: { status: 403 } },
      });
    },
  }),
});
