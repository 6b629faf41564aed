import { isInterfaceType, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';

/**
 * Cost of one field, given as its `extensions.cost` or in a table by `Type.field`.
 * `points`: its own (1 without). `size`: how many members the list may be expected to have; for a connection the page
 * size when none is asked for. `sizeArgument`: the list argument that has as many members as the answer.
 */
export interface FieldCost {
  readonly points?: number;
  readonly size?: number;
  readonly sizeArgument?: string;
}

export type CostTable = Readonly<Record<string, FieldCost>>;

type AnyField = GraphQLField<unknown, unknown>;

const isAmount = (value: unknown): boolean =>
  value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0);

const isFieldCost = (value: unknown, definition: AnyField): value is FieldCost => {
  if (typeof value !== 'object' || value === null) return false;
  const { points, size, sizeArgument, ...unknown } = value as Record<string, unknown>;
  const argumentExists =
    sizeArgument === undefined || definition.args.some((argument) => argument.name === sizeArgument);
  return isAmount(points) && isAmount(size) && argumentExists && Object.keys(unknown).length === 0;
};

/** Building the answer to introspection walks the whole schema, whatever is asked of it. */
const builtIn = (schema: GraphQLSchema): CostTable => {
  const query = schema.getQueryType()?.name ?? 'Query';
  return {
    [`${query}.__schema`]: { points: 100 },
    [`${query}.__type`]: { points: 10 },
    [`${query}._entities`]: { sizeArgument: 'representations' },
  };
};

export interface CostDeclarations {
  of(typeName: string, definition: AnyField): FieldCost;
}

const FREE_OF_DECLARATION: FieldCost = {};

const fieldsOf = function* (schema: GraphQLSchema): Generator<readonly [string, AnyField]> {
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) || isInterfaceType(type))
      for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field];
};

/**
 * Collects the declared costs once.
 * @throws Error that names every declaration which is malformed or belongs to no field, so that the start stops on it.
 */
export const readCostDeclarations = (schema: GraphQLSchema, table: CostTable): CostDeclarations => {
  const declared = new Map<string, FieldCost>(Object.entries(builtIn(schema)));
  const wrong: string[] = [];
  const unused = new Set(Object.keys(table));
  for (const [coordinate, definition] of fieldsOf(schema)) {
    unused.delete(coordinate);
    const cost: unknown = Object.hasOwn(table, coordinate) ? table[coordinate] : definition.extensions['cost'];
    if (cost === undefined) continue;
    if (isFieldCost(cost, definition)) declared.set(coordinate, cost);
    else wrong.push(coordinate);
  }
  wrong.push(...unused);
  if (wrong.length > 0)
    throw new Error(
      `Costs must be { points?, size?, sizeArgument? } of existing fields, in whole numbers: ${wrong.join(', ')}.`,
    );
  return {
    of: (typeName, definition) => declared.get(`${typeName}.${definition.name}`) ?? FREE_OF_DECLARATION,
  };
};
