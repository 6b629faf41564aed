import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';

/** What the supergraph adds: documents with an owner, and on every user the documents that they own. */
export const documentsSdl = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])

  "A document."
  type Document @key(fields: "id") {
    "Text that names it."
    id: ID!
    "Its title."
    title: String!
    "Who owns it; an account of Gatehouse, null when the caller may not see it."
    owner: User
  }

  "The part of a user that this subgraph knows."
  type User @key(fields: "id") {
    "UUID of the account in Gatehouse."
    id: ID!
    "What the user owns."
    documents: [Document!]!
  }

  type Query {
    "Every document."
    documents: [Document!]!
    "One document; null when there is none."
    document(id: ID!): Document
  }
`;

export interface DocumentRow {
  readonly id: string;
  readonly title: string;
  readonly ownerId: string;
}

/** A subgraph over these documents. It stores ids of users only; everything else about them stays in Gatehouse. */
export const documentsSubgraph = (rows: readonly DocumentRow[]): GraphQLSchema => {
  const find = (id: string): DocumentRow | null => rows.find((row) => row.id === id) ?? null;
  return buildSubgraphSchema([
    {
      typeDefs: parse(documentsSdl),
      resolvers: {
        Query: { documents: () => rows, document: (_root: unknown, { id }: { readonly id: string }) => find(id) },
        Document: {
          __resolveReference: ({ id }: { readonly id: string }) => find(id),
          owner: ({ ownerId }: DocumentRow) => ({ __typename: 'User', id: ownerId }),
        },
        User: {
          __resolveReference: ({ id }: { readonly id: string }) => ({ id }),
          documents: ({ id }: { readonly id: string }) => rows.filter((row) => row.ownerId === id),
        },
      },
    },
  ]);
};
