import {
  GraphQLError,
  Kind,
  type DocumentNode,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { ApolloServerPlugin } from '@apollo/server';
import { weightOf } from '../../explain/document-weight.ts';
import { createShapeMeter, type DocumentShape } from './document-shape.ts';
import type { GraphqlLimits } from './graphql-limits.ts';

export type DocumentLimits = Omit<GraphqlLimits, 'maximumTokens' | 'maximumCost'>;

export interface DocumentLimitSettings {
  readonly limits: DocumentLimits;
  /** Root fields that try a credential, as `Mutation.signIn`: at most one of them all in an operation. */
  readonly credentialFields: readonly string[];
}

/** Errors after which validation stops; a document with more is not read further. */
export const MAXIMUM_ERRORS = 20;

interface Excess {
  readonly limit: keyof DocumentLimits | 'credentialFields';
  readonly requested: number;
  readonly maximum: number;
  readonly what: string;
}

const excesses = (shape: DocumentShape, limits: DocumentLimits): Excess[] =>
  (
    [
      { limit: 'maximumDepth', requested: shape.depth, what: 'levels of fields' },
      { limit: 'maximumIntrospectionDepth', requested: shape.introspectionDepth, what: 'levels of introspection' },
      { limit: 'maximumAliases', requested: shape.aliases, what: 'aliases' },
      { limit: 'maximumRootFields', requested: shape.rootFields, what: 'root fields' },
      { limit: 'maximumDirectives', requested: shape.directives, what: 'directives' },
    ] as const
  )
    .map((measured) => ({ ...measured, maximum: limits[measured.limit] }))
    .filter(({ requested, maximum }) => requested > maximum);

/** A thousand aliases of `signIn` are a thousand guesses that a limiter of requests counts as one. */
const credentialExcess = ({ credentials }: DocumentShape): Excess[] =>
  credentials > 1
    ? [{ limit: 'credentialFields', requested: credentials, maximum: 1, what: 'fields that try a credential' }]
    : [];

const limitError = ({ limit, requested, maximum, what }: Excess, operation: OperationDefinitionNode): GraphQLError =>
  new GraphQLError(`The operation has ${requested} ${what}; at most ${maximum} are allowed.`, {
    nodes: operation,
    extensions: { code: 'QUERY_TOO_COMPLEX', limit, requested, maximum },
  });

/** Ends validation, which stops at `MAXIMUM_ERRORS` and in no other way that a rule has. `oneOfEach` makes one error of them. */
const giveUp = (context: ValidationContext, error: GraphQLError): void => {
  for (let count = 0; count <= MAXIMUM_ERRORS; count += 1) context.reportError(error);
};

const tooHeavy = (document: DocumentNode): GraphQLError =>
  new GraphQLError('The document repeats fields or fragments too often to be validated.', {
    nodes: document.definitions[0] ?? document,
    extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'weight' },
  });

/** For answers to documents that were given up: each excess once, and not that validation ended early. */
export const oneOfEach = (): ApolloServerPlugin => ({
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response: { body } }) => {
        const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
        const refusals = errors.filter(({ extensions }) => extensions?.['code'] === 'QUERY_TOO_COMPLEX');
        if (body.kind === 'single' && refusals.length > MAXIMUM_ERRORS) {
          body.singleResult.errors = [...new Map(refusals.map((error) => [error.message, error])).values()];
        }
        return Promise.resolve();
      },
    }),
});

/** The variables' own directives and the operation's count as well: each is work for every validation rule. */
const headDirectives = (operation: OperationDefinitionNode): number =>
  (operation.variableDefinitions ?? []).reduce(
    (sum, variable) => sum + (variable.directives?.length ?? 0),
    operation.directives?.length ?? 0,
  );

/**
 * The static limits as one rule for Apollo's `validationRules`. It runs once per document text, because Apollo keeps
 * validated documents; reports errors whose extensions hold `code: QUERY_TOO_COMPLEX`, `limit`, `requested`, `maximum`.
 */
export const documentLimits = ({ limits, credentialFields }: DocumentLimitSettings): ValidationRule => {
  const credentials = new Set(credentialFields);
  return (context: ValidationContext) => {
    const meters = new Map<OperationTypeNode, (set: SelectionSetNode) => DocumentShape>();
    const meterOf = (kind: OperationTypeNode): ((set: SelectionSetNode) => DocumentShape) => {
      const existing = meters.get(kind);
      if (existing !== undefined) return existing;
      const root = context.getSchema().getRootType(kind)?.name ?? '';
      const meter = createShapeMeter({
        fragment: (name) => context.getFragment(name),
        isCredential: (field) => credentials.has(`${root}.${field}`),
      });
      meters.set(kind, meter);
      return meter;
    };
    const check = (operation: OperationDefinitionNode): readonly GraphQLError[] => {
      const measured = meterOf(operation.operation)(operation.selectionSet);
      const shape = { ...measured, directives: measured.directives + headDirectives(operation) };
      return [...excesses(shape, limits), ...credentialExcess(shape)].map((excess) => limitError(excess, operation));
    };
    return {
      // The first visit of all: what is too heavy is given up before any rule compares its fields.
      Document: (document: DocumentNode) => {
        const excessive = document.definitions.flatMap((definition) =>
          definition.kind === Kind.OPERATION_DEFINITION ? check(definition) : [],
        );
        for (const error of excessive) context.reportError(error);
        if (weightOf(document) === Infinity) giveUp(context, excessive.at(-1) ?? tooHeavy(document));
      },
    };
  };
};
