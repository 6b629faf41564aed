import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';
import type { Caller } from '../../services/caller.ts';
import { boundTo } from '../bound-documents-plugin.ts';
import type { CostTable } from '../limits/cost-declaration.ts';
import { type CostModel, createCostModel } from '../limits/cost-model.ts';
import { tooExpensive } from '../limits/cost-plugin.ts';
import { documentLimits, MAXIMUM_ERRORS } from '../limits/document-limits.ts';
import { type GraphqlLimits, parseLimits } from '../limits/graphql-limits.ts';

/** Validated documents that are kept: clients of one program send the same ones, and share what is parsed. */
const MAXIMUM_REMEMBERED = 200;

/** What a client asks to be told. */
export interface AskedOperation {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An operation that may be run. */
export interface AdmittedOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variableValues: Readonly<Record<string, unknown>>;
  /** Name of the field that is followed. */
  readonly field: string;
}

interface Settings {
  readonly schema: GraphQLSchema;
  readonly limits: GraphqlLimits;
  readonly credentialFields: readonly string[];
  readonly costs: CostTable;
  readonly introspection: boolean;
}

/**
 * What a request goes through before it is executed, for operations that come over a connection: the same limits of tokens, depth,
 * aliases and cost, the documents that an API key is bound to, and subscriptions only.
 */
export class Admission {
  readonly #settings: Settings;
  readonly #rules: readonly ValidationRule[];
  readonly #costs: CostModel;
  readonly #documents = new Map<string, DocumentNode>();

  constructor(settings: Settings) {
    this.#settings = settings;
    const { limits, credentialFields, introspection } = settings;
    this.#rules = [
      documentLimits({ limits, credentialFields }),
      ...specifiedRules,
      ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
    ];
    this.#costs = createCostModel(settings.schema, { costs: settings.costs });
  }

  /** The operation, or why it is not run. */
  admit(asked: AskedOperation, caller: Pick<Caller, 'apiKey'>): AdmittedOperation | readonly GraphQLError[] {
    const document = this.#documentOf(asked.query);
    if (!('kind' in document)) return document;
    const operation = getOperationAST(document, asked.operationName);
    if (operation === null || operation === undefined) {
      return [refusal('There is no such operation in the document.', 'OPERATION_RESOLUTION_FAILURE')];
    }
    if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
      return [refusal('Here are subscriptions only; send queries and mutations to /graphql.', 'BAD_USER_INPUT')];
    }
    const unbound = boundTo(caller, asked.query);
    if (unbound !== null) return [unbound];
    const variables = asked.variables ?? {};
    const cost = this.#costs.cost({ document, operation, variables });
    if (cost > this.#settings.limits.maximumCost) return [tooExpensive(cost, this.#settings.limits.maximumCost)];
    const field = followedField(document, operation.selectionSet);
    if (field === null) return [refusal('The field of a subscription cannot be left out.', 'BAD_USER_INPUT')];
    return { document, operationName: asked.operationName ?? undefined, variableValues: variables, field };
  }

  #documentOf(query: string): DocumentNode | readonly GraphQLError[] {
    const known = this.#documents.get(query);
    if (known !== undefined) return known;
    const document = parsed(query, this.#settings.limits);
    if (document instanceof GraphQLError) return [document];
    const errors = validate(this.#settings.schema, document, this.#rules, { maxErrors: MAXIMUM_ERRORS });
    if (errors.length > 0) return distinct(errors).map((error) => asValidationError(error));
    const [oldest] = this.#documents.keys();
    if (this.#documents.size >= MAXIMUM_REMEMBERED && oldest !== undefined) this.#documents.delete(oldest);
    this.#documents.set(query, document);
    return document;
  }
}

/**
 * Name of the one field of a subscription, in fragments too; null where a directive could leave it out, so that there would be nothing to
 * follow. The document is valid: its fragments are there and do not go round in circles.
 */
const followedField = (document: DocumentNode, { selections }: SelectionSetNode): string | null => {
  const [selection] = selections;
  if (selection === undefined || selections.some(({ directives = [] }) => directives.length > 0)) return null;
  if (selection.kind === Kind.FIELD) return selection.name.value;
  if (selection.kind === Kind.INLINE_FRAGMENT) return followedField(document, selection.selectionSet);
  const fragment = document.definitions.find(
    (definition): definition is FragmentDefinitionNode =>
      definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
  );
  return fragment === undefined ? null : followedField(document, fragment.selectionSet);
};

const refusal = (message: string, code: string): GraphQLError => new GraphQLError(message, { extensions: { code } });

/** The document, or the error, as Apollo gives it to what formats errors. */
const parsed = (query: string, limits: GraphqlLimits): DocumentNode | GraphQLError => {
  try {
    return parse(query, parseLimits(limits));
  } catch (error) {
    // A RangeError: braces or brackets within each other, thousands of them.
    if (!(error instanceof GraphQLError || error instanceof RangeError)) throw error;
    return new GraphQLError(error.message, {
      extensions: { ...(error instanceof GraphQLError ? error.extensions : {}), code: 'GRAPHQL_PARSE_FAILED' },
      originalError: error,
    });
  }
};

const asValidationError = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
    extensions: { ...error.extensions, code: 'GRAPHQL_VALIDATION_FAILED' },
    originalError: error,
  });

/** A document that was given up has one error many times. */
const distinct = (errors: readonly GraphQLError[]): readonly GraphQLError[] => {
  const tooComplex = errors.filter(({ extensions }) => extensions['code'] === 'QUERY_TOO_COMPLEX');
  const told = tooComplex.length > 0 ? tooComplex : errors;
  return [...new Map(told.map((error) => [error.message, error])).values()];
};
