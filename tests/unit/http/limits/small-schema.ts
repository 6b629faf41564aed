import { buildSchema, type GraphQLSchema } from 'graphql';

/** A schema with one of everything that the limits look at. */
export const smallSchema = (): GraphQLSchema =>
  buildSchema(`
    scalar _Any
    union _Entity = User | Group
    type Query {
      viewer: User
      users(first: Int = 25, last: Int): UserConnection
      groups: GroupConnection
      tags: [String!]
      tree: [Group!]
      tokenStatus(token: String!): String
      _entities(representations: [_Any!]!): [_Entity]!
    }
    type Mutation {
      signIn(password: String): User
      refreshSession: User
      signOut: Boolean
    }
    type User { id: ID! name: String friends(first: Int, last: Int): UserConnection groups: [Group!]! manager: User }
    type Group { id: ID! members(first: Int): UserConnection }
    type UserConnection { edges: [UserEdge!]! nodes: [User!]! pageInfo: PageInfo! totalCount: Int }
    type UserEdge { cursor: String! node: User! }
    type GroupConnection { nodes: [Group!]! pageInfo: PageInfo! }
    type PageInfo { hasNextPage: Boolean! }
  `);
