import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { documentHash } from '../crypto/document-hash.ts';
import type { Caller } from '../services/caller.ts';

/** What the plugin reads from the context. */
export interface BoundContext {
  readonly caller: Pick<Caller, 'apiKey'>;
}

/** Why this caller may not run the document; null when they may. */
export const boundTo = ({ apiKey }: BoundContext['caller'], source: string): GraphQLError | null => {
  const documentIds = apiKey?.documentIds ?? [];
  if (documentIds.length === 0 || documentIds.includes(documentHash(source))) return null;
  return new GraphQLError('This API key is bound to other documents.', {
    extensions: { code: 'FORBIDDEN', missing: [], reason: 'DOCUMENT_NOT_BOUND', http: { status: 403 } },
  });
};

/**
 * Holds API keys to the documents they are bound to: the SHA-256 of the text as it was sent must be among them. Whoever gets hold of
 * such a key can do what its program does, and nothing else.
 */
export const boundDocumentsPlugin = <Context extends BoundContext>(): ApolloServerPlugin<Context> => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ source, contextValue }) => {
      const refusal = boundTo(contextValue.caller, source);
      if (refusal !== null) throw refusal;
    },
  }),
});
