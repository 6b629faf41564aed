import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/** Fields that are looked at, fragments followed wherever they are spread. */
const MAXIMUM_VISITS = 5000;
/** Comparisons in one document; a hundred times the same field in one place are five thousand, and take some fifty milliseconds. */
const MAXIMUM_WEIGHT = 5000;
/** Beyond this many nested selections the stack is at stake. */
const MAXIMUM_NESTING = 100;

/**
 * How many comparisons validation makes of a document: of every two fields that answer under one name in one place, and of every two
 * fragments that are spread in one place (GraphQL, section 5.3.2). A thousand words that repeat a field with a selection cost it
 * seconds, so they are counted first, in time proportional to what is counted. Infinity when it is too much for one document.
 */
export const weightOf = (document: DocumentNode): number => {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  }
  const scale = new Scale(fragments);
  const light = document.definitions.every((one) => !('selectionSet' in one) || scale.weigh(one.selectionSet));
  return light ? scale.weight : Infinity;
};

/** The fragments that led to a selection, the last one first. */
type Trail = { readonly name: string; readonly before: Trail } | null;

const leadsThrough = (trail: Trail, name: string): boolean =>
  trail !== null && (trail.name === name || leadsThrough(trail.before, name));

/** Selections, with the fragments that led to them. */
interface Part {
  readonly set: SelectionSetNode;
  readonly trail: Trail;
}

/** One place of the answer. */
interface Place {
  /** By response name: how many fields, and what is selected below them. */
  readonly fields: Map<string, { count: number; readonly inner: Part[] }>;
  spreads: number;
}

class Scale {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  #visits = 0;
  weight = 0;

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#fragments = fragments;
  }

  /** False as soon as it is too much. Operations and fragments are weighed each by itself, as they are validated. */
  weigh(set: SelectionSetNode): boolean {
    return this.#together([{ set, trail: null }], 0);
  }

  /** The selections that answer in one place, as one. */
  #together(parts: readonly Part[], nesting: number): boolean {
    if (nesting > MAXIMUM_NESTING) return false;
    const place: Place = { fields: new Map(), spreads: 0 };
    return (
      parts.every((part) => this.#collect(part, place, nesting)) &&
      [...place.fields.values()].every(({ inner }) => inner.length === 0 || this.#together(inner, nesting + 1))
    );
  }

  #collect({ set, trail }: Part, place: Place, nesting: number): boolean {
    if (nesting > MAXIMUM_NESTING) return false;
    return set.selections.every((selection) => {
      this.#visits += 1;
      if (this.#visits > MAXIMUM_VISITS) return false;
      if (selection.kind === Kind.FIELD) return this.#field(selection, trail, place);
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        return this.#collect({ set: selection.selectionSet, trail }, place, nesting + 1);
      }
      const { value: name } = selection.name;
      const fragment = this.#fragments.get(name);
      // A circle is for validation to report.
      if (fragment === undefined || leadsThrough(trail, name)) return true;
      this.weight += place.spreads;
      place.spreads += 1;
      return this.#collect({ set: fragment.selectionSet, trail: { name, before: trail } }, place, nesting + 1);
    });
  }

  #field(node: FieldNode, trail: Trail, { fields }: Place): boolean {
    const key = (node.alias ?? node.name).value;
    const here = fields.get(key) ?? { count: 0, inner: [] };
    this.weight += here.count;
    here.count += 1;
    if (node.selectionSet !== undefined) here.inner.push({ set: node.selectionSet, trail });
    fields.set(key, here);
    return this.weight <= MAXIMUM_WEIGHT;
  }
}
