/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "query Viewer {\n  viewer {\n    user {\n      id\n      email\n      displayName\n      status\n      groups {\n        id\n        name\n      }\n    }\n    session {\n      id\n      current\n      signInMethod\n      assuranceLevel\n    }\n    permissions {\n      permission {\n        action\n        resource\n      }\n      grantedBy {\n        name\n      }\n      scope {\n        mode\n      }\n    }\n    permissionVersion\n    csrfToken\n    assuranceLevel\n    freshUntil\n  }\n}\n\nmutation SignIn($input: SignInInput!) {\n  signIn(input: $input) {\n    step\n    user {\n      id\n      email\n      displayName\n      status\n    }\n    tokens {\n      accessToken\n      accessTokenExpiresAt\n      refreshToken\n      refreshTokenExpiresAt\n      csrfToken\n    }\n    challenge {\n      token\n      expiresAt\n    }\n    errors {\n      code\n      message\n      field\n      targetId\n    }\n  }\n}": typeof types.ViewerDocument,
};
const documents: Documents = {
    "query Viewer {\n  viewer {\n    user {\n      id\n      email\n      displayName\n      status\n      groups {\n        id\n        name\n      }\n    }\n    session {\n      id\n      current\n      signInMethod\n      assuranceLevel\n    }\n    permissions {\n      permission {\n        action\n        resource\n      }\n      grantedBy {\n        name\n      }\n      scope {\n        mode\n      }\n    }\n    permissionVersion\n    csrfToken\n    assuranceLevel\n    freshUntil\n  }\n}\n\nmutation SignIn($input: SignInInput!) {\n  signIn(input: $input) {\n    step\n    user {\n      id\n      email\n      displayName\n      status\n    }\n    tokens {\n      accessToken\n      accessTokenExpiresAt\n      refreshToken\n      refreshTokenExpiresAt\n      csrfToken\n    }\n    challenge {\n      token\n      expiresAt\n    }\n    errors {\n      code\n      message\n      field\n      targetId\n    }\n  }\n}": types.ViewerDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Viewer {\n  viewer {\n    user {\n      id\n      email\n      displayName\n      status\n      groups {\n        id\n        name\n      }\n    }\n    session {\n      id\n      current\n      signInMethod\n      assuranceLevel\n    }\n    permissions {\n      permission {\n        action\n        resource\n      }\n      grantedBy {\n        name\n      }\n      scope {\n        mode\n      }\n    }\n    permissionVersion\n    csrfToken\n    assuranceLevel\n    freshUntil\n  }\n}\n\nmutation SignIn($input: SignInInput!) {\n  signIn(input: $input) {\n    step\n    user {\n      id\n      email\n      displayName\n      status\n    }\n    tokens {\n      accessToken\n      accessTokenExpiresAt\n      refreshToken\n      refreshTokenExpiresAt\n      csrfToken\n    }\n    challenge {\n      token\n      expiresAt\n    }\n    errors {\n      code\n      message\n      field\n      targetId\n    }\n  }\n}"): (typeof documents)["query Viewer {\n  viewer {\n    user {\n      id\n      email\n      displayName\n      status\n      groups {\n        id\n        name\n      }\n    }\n    session {\n      id\n      current\n      signInMethod\n      assuranceLevel\n    }\n    permissions {\n      permission {\n        action\n        resource\n      }\n      grantedBy {\n        name\n      }\n      scope {\n        mode\n      }\n    }\n    permissionVersion\n    csrfToken\n    assuranceLevel\n    freshUntil\n  }\n}\n\nmutation SignIn($input: SignInInput!) {\n  signIn(input: $input) {\n    step\n    user {\n      id\n      email\n      displayName\n      status\n    }\n    tokens {\n      accessToken\n      accessTokenExpiresAt\n      refreshToken\n      refreshTokenExpiresAt\n      csrfToken\n    }\n    challenge {\n      token\n      expiresAt\n    }\n    errors {\n      code\n      message\n      field\n      targetId\n    }\n  }\n}"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;