import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { compileOperationCost, type CostCompilerSettings, type OperationCost } from './cost-compiler.ts';
import { readCostDeclarations, type CostTable } from './cost-declaration.ts';

export interface CostModelSettings {
  /** By `Type.field`; goes before the field's own `extensions.cost`. */
  readonly costs?: CostTable;
  /** Page size where the client names none; 25 without. */
  readonly defaultPageSize?: number;
  /** Largest page that connections accept; 100 without. */
  readonly maximumPageSize?: number;
  /** Members of a list of objects that declares no size; 10 without. */
  readonly defaultListSize?: number;
}

export interface CostQuestion {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface CostModel {
  /** Points of an operation of a validated document. */
  cost(question: CostQuestion): number;
}

const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((definition) => [definition.name.value, definition]),
  );

/**
 * Compiles each operation once; a repeated request only reads its variables. The compiled form lives as long as
 * Apollo's document store keeps the operation's node.
 * @throws Error naming wrong cost declarations.
 */
export const createCostModel = (schema: GraphQLSchema, settings: CostModelSettings = {}): CostModel => {
  const compilerSettings: CostCompilerSettings = {
    schema,
    declarations: readCostDeclarations(schema, settings.costs ?? {}),
    page: { absent: settings.defaultPageSize ?? 25, maximum: settings.maximumPageSize ?? 100 },
    listSize: settings.defaultListSize ?? 10,
  };
  const compiled = new WeakMap<OperationDefinitionNode, OperationCost>();
  return {
    cost: ({ document, operation, variables }) => {
      let operationCost = compiled.get(operation);
      if (operationCost === undefined) {
        operationCost = compileOperationCost(compilerSettings, fragmentsOf(document), operation);
        compiled.set(operation, operationCost);
      }
      return operationCost(variables);
    },
  };
};
