import {
  Kind,
  valueFromASTUntyped,
  type DirectiveNode,
  type FieldNode,
  type GraphQLField,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';
import { both, type Condition, type CostScope, type Term } from './cost-term.ts';

/** A value known at compile time, or read from the variables. */
export type Reader = { readonly value: unknown } | { readonly read: (scope: CostScope) => unknown };

/**
 * Reads argument values the way execution will, without coercing them: whatever execution refuses
 * may cost anything here, because it never runs.
 */
export class ArgumentReader {
  readonly #defaults = new Map<string, unknown>();

  constructor(operation: OperationDefinitionNode) {
    for (const { variable, defaultValue } of operation.variableDefinitions ?? [])
      if (defaultValue !== undefined) this.#defaults.set(variable.name.value, valueFromASTUntyped(defaultValue));
  }

  /** The argument's value; absent means the schema's default. */
  argument(field: FieldNode, definition: GraphQLField<unknown, unknown>, name: string): Reader {
    const fallback: unknown = definition.args.find((argument) => argument.name === name)?.defaultValue;
    const node = field.arguments?.find((argument) => argument.name.value === name);
    if (node === undefined) return { value: fallback };
    return this.#value(node.value, fallback);
  }

  /** Whether `@skip` and `@include` let a selection run. */
  condition(directives: readonly DirectiveNode[] | undefined): Condition {
    let condition: Condition = true;
    for (const directive of directives ?? []) {
      const name = directive.name.value;
      const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
      if (value === undefined || (name !== 'skip' && name !== 'include')) continue;
      condition = both(condition, this.#unlessEqual(value, name === 'skip'));
    }
    return condition;
  }

  #unlessEqual(node: ValueNode, refused: boolean): Condition {
    const reader = this.#value(node, undefined);
    if ('value' in reader) return reader.value !== refused;
    return (scope) => reader.read(scope) !== refused;
  }

  #value(node: ValueNode, fallback: unknown): Reader {
    if (node.kind === Kind.LIST) return { value: node.values };
    if (node.kind !== Kind.VARIABLE) return { value: valueFromASTUntyped(node) };
    const name = node.name.value;
    const initial = this.#defaults.has(name) ? this.#defaults.get(name) : fallback;
    return {
      read: ({ variables }) => {
        // own properties only: a variable called `constructor` must not read Object.prototype
        const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
        return given === undefined ? initial : given;
      },
    };
  }
}

export const mapReader = (reader: Reader, toSize: (value: unknown) => number): Term =>
  'value' in reader ? toSize(reader.value) : (scope) => toSize(reader.read(scope));

/** Length of a list argument; a single value stands for a list of one (GraphQL input coercion of lists). */
export const listLength = (value: unknown): number => {
  if (Array.isArray(value)) return value.length;
  return value === null || value === undefined ? 0 : 1;
};

const pageLength = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;

export interface PageSizes {
  /** Where neither `first` nor `last` says something that execution would accept. */
  readonly absent: number;
  /** Connections refuse larger pages before doing any work. */
  readonly maximum: number;
}

export const pageTerm = (first: Reader, last: Reader, { absent, maximum }: PageSizes): Term => {
  const size = (one: unknown, other: unknown): number => {
    const a = pageLength(one);
    const b = pageLength(other);
    if (a === null && b === null) return absent;
    return Math.min(Math.max(a ?? 0, b ?? 0), maximum);
  };
  if ('value' in first) return mapReader(last, (value) => size(first.value, value));
  if ('value' in last) return mapReader(first, (value) => size(value, last.value));
  return (scope) => size(first.read(scope), last.read(scope));
};
