import { ApolloServer, type GraphQLResponse } from '@apollo/server';
import { GraphQLError, GraphQLScalarType } from 'graphql';
import type { ErrorReport } from '../../../../src/http/errors/error-reporter.ts';
import {
  createErrorFormatting,
  type ErrorContext,
  type ErrorFormatting,
} from '../../../../src/http/errors/format-error.ts';
import { documentLimits } from '../../../../src/http/limits/document-limits.ts';
import { defaultGraphqlLimits, parseLimits } from '../../../../src/http/limits/graphql-limits.ts';

interface Setup {
  readonly thrown?: () => unknown;
  readonly fieldSuggestions?: boolean;
}

export interface Asked {
  readonly errors: readonly { message: string; path?: unknown; extensions?: Record<string, unknown> }[];
  readonly text: string;
  readonly status: number | undefined;
  readonly reports: readonly ErrorReport[];
}

/** Stands for a password: must be in no answer. */
export const SECRET = 'hunter2';

const typeDefs = `
  scalar Loud
  enum Colour { RED GREEN }
  input Credentials { password: String! colour: Colour count: Int loud: Loud tags: [String!] }
  type Query { ask(credentials: Credentials loud: Loud, page: Int! = 5): String! fail: String many: [Item] bad: Int }
  type Item { fail: String }
  type Mutation { signIn(password: String!): Boolean }
`;

const noLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const loud = (): never => {
  throw new GraphQLError(`Field must shout, but was ${SECRET}`, { extensions: { code: 'LOUD', value: SECRET } });
};

interface Running {
  readonly server: ApolloServer<ErrorContext>;
  readonly reports: readonly ErrorReport[];
  readonly formatting: ErrorFormatting;
}

export const setup = ({ thrown = () => new Error('none'), fieldSuggestions = true }: Setup): Running => {
  const reports: ErrorReport[] = [];
  const formatting = createErrorFormatting({ report: (report) => reports.push(report), fieldSuggestions });
  const fail = (): never => {
    throw thrown();
  };
  const server = new ApolloServer<ErrorContext>({
    typeDefs,
    resolvers: {
      Loud: new GraphQLScalarType({ name: 'Loud', parseValue: loud, parseLiteral: loud }),
      Query: { ask: () => 'fine', fail, many: () => [{}, {}, {}], bad: () => SECRET },
      Item: { fail },
    },
    parseOptions: parseLimits({ maximumTokens: 60 }),
    validationRules: [
      documentLimits({ limits: { ...defaultGraphqlLimits, maximumAliases: 1 }, credentialFields: ['Mutation.signIn'] }),
    ],
    formatError: formatting.formatError,
    plugins: [formatting.plugin],
    includeStacktraceInErrorResponses: false,
    logger: noLogger,
  });
  return { server, reports, formatting };
};

/** One operation on a server of its own. */
export const ask = async (
  query: string,
  variables: Record<string, unknown> = {},
  options: Setup = {},
): Promise<Asked> => {
  const { server, reports } = setup(options);
  const response: GraphQLResponse = await server.executeOperation(
    { query, variables },
    { contextValue: { requestId: 'request-1' } },
  );
  await server.stop();
  if (response.body.kind !== 'single') throw new Error('an incremental answer');
  const errors = (response.body.singleResult.errors ?? []) as Asked['errors'];
  return { errors, text: JSON.stringify(response.body), status: response.http.status, reports };
};
