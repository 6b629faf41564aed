import { Kind, type FieldNode, type FragmentDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { SATURATED, saturate } from './graphql-limits.ts';

/** Sizes of a selection set, its fragments followed; `rootFields` and `credentials` count its top level only. */
export interface DocumentShape {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
  readonly credentials: number;
}

interface ShapeSource {
  readonly fragment: (name: string) => FragmentDefinitionNode | null | undefined;
  readonly isCredential: (fieldName: string) => boolean;
}

const EMPTY: DocumentShape = {
  depth: 0,
  introspectionDepth: 0,
  aliases: 0,
  directives: 0,
  rootFields: 0,
  credentials: 0,
};

/** Beyond this many nested nodes the stack is at stake: such a document counts as endlessly deep. */
const MAXIMUM_NESTING = 500;
const TOO_DEEP: DocumentShape = { ...EMPTY, depth: SATURATED };

const beside = (left: DocumentShape, right: DocumentShape): DocumentShape => ({
  depth: Math.max(left.depth, right.depth),
  introspectionDepth: Math.max(left.introspectionDepth, right.introspectionDepth),
  aliases: saturate(left.aliases + right.aliases),
  directives: saturate(left.directives + right.directives),
  rootFields: saturate(left.rootFields + right.rootFields),
  credentials: saturate(left.credentials + right.credentials),
});

const isIntrospection = (field: FieldNode): boolean => field.name.value === '__schema' || field.name.value === '__type';

const around = (field: FieldNode, inner: DocumentShape, isCredential: boolean): DocumentShape => {
  const introspects = isIntrospection(field);
  return {
    depth: introspects ? 1 : saturate(1 + inner.depth),
    introspectionDepth: introspects
      ? saturate(1 + Math.max(inner.depth, inner.introspectionDepth))
      : inner.introspectionDepth,
    aliases: saturate(inner.aliases + (field.alias === undefined ? 0 : 1)),
    directives: saturate(inner.directives + (field.directives?.length ?? 0)),
    rootFields: 1,
    credentials: isCredential ? 1 : 0,
  };
};

const withDirectives = (shape: DocumentShape, count: number): DocumentShape =>
  count === 0 ? shape : { ...shape, directives: saturate(shape.directives + count) };

/**
 * Measures selection sets. Every fragment is measured once however often it is spread: fragments that spread
 * each other twice would otherwise cost two to the power of their number. Cycles end, validation reports them.
 */
export const createShapeMeter = ({
  fragment,
  isCredential,
}: ShapeSource): ((set: SelectionSetNode) => DocumentShape) => {
  const known = new Map<string, DocumentShape>();

  const measureFragment = (name: string, nesting: number): DocumentShape => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const definition = fragment(name);
    known.set(name, EMPTY);
    if (definition === null || definition === undefined) return EMPTY;
    const shape = withDirectives(measure(definition.selectionSet, nesting), definition.directives?.length ?? 0);
    known.set(name, shape);
    return shape;
  };

  const measureSelection = (selection: SelectionNode, nesting: number): DocumentShape => {
    if (selection.kind === Kind.FIELD) {
      const inner = selection.selectionSet === undefined ? EMPTY : measure(selection.selectionSet, nesting);
      return around(selection, inner, isCredential(selection.name.value));
    }
    const shape =
      selection.kind === Kind.INLINE_FRAGMENT
        ? measure(selection.selectionSet, nesting)
        : measureFragment(selection.name.value, nesting);
    return withDirectives(shape, selection.directives?.length ?? 0);
  };

  const measure = (set: SelectionSetNode, nesting: number): DocumentShape => {
    if (nesting > MAXIMUM_NESTING) return TOO_DEEP;
    let shape = EMPTY;
    for (const selection of set.selections) shape = beside(shape, measureSelection(selection, nesting + 1));
    return shape;
  };

  return (set) => measure(set, 0);
};
