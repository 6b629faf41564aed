import type { GraphQLSchema } from 'graphql';
import { documentHash } from '../crypto/document-hash.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { grantOf } from '../permissions/grants.ts';
import { isOpenToKeys } from '../permissions/judge.ts';
import { type Clause, clausesOf, isPublic, type Rule } from '../permissions/rules.ts';
import type { RuleTree } from '../permissions/shield.ts';
import type { DocumentPermissions } from '../services/schema-knowledge.ts';
import { type DocumentBounds, fragmentsOf, operationsOf, readDocument, walkOperation } from './document-fields.ts';

/** What is needed to read documents. */
export interface DocumentReading {
  readonly schema: GraphQLSchema;
  readonly tree: RuleTree;
  readonly bounds: DocumentBounds;
}

interface RuledDocument {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly problems: readonly string[];
  /** As `readDocument` says. */
  readonly weight: number;
}

/** The rules of all fields that the operations of a document select, by coordinate; whether they run is left open. */
const rulesOfDocument = (
  text: string,
  { schema, tree, bounds }: DocumentReading,
  weightLeft?: number,
): RuledDocument => {
  const { document, problems, weight } = readDocument(schema, text, bounds, weightLeft);
  if (document === null) return { rules: new Map(), problems, weight };
  const rules = new Map<string, Rule>();
  const walk = {
    schema,
    fragments: fragmentsOf(document),
    everyPlace: false,
    visit: ({ parent, node }: { readonly parent: { name: string }; readonly node: { name: { value: string } } }) => {
      const rule = tree[parent.name]?.[node.name.value];
      if (rule !== undefined) rules.set(`${parent.name}.${node.name.value}`, rule);
    },
  };
  const complete = operationsOf(document).every((operation) => walkOperation(walk, operation));
  return complete
    ? { rules, problems: [], weight }
    : { rules: new Map(), problems: ['Selects too many fields.'], weight };
};

type Way = readonly PermissionName[];

const isOwn = ({ selfArguments, aboutFields }: Clause): boolean => selfArguments.length + aboutFields.length > 0;

/**
 * The ways in which a key can pass the rule, as the permissions that each takes. What is one's own cannot be assumed of whoever
 * holds the key, so such ways count only where there is no other.
 */
const waysOfKey = (rule: Rule): readonly Way[] => {
  const open = clausesOf(rule).filter((clause) => isOpenToKeys(clause));
  const others = open.filter((clause) => !isOwn(clause));
  return (others.length > 0 ? others : open).map((clause) => clause.permissions);
};

const added = (held: ReadonlySet<PermissionName>, way: Way): readonly PermissionName[] =>
  way.filter((permission) => !held.has(permission));

/** The smallest set that holds one way of each; of several the first. Exact: few rules have more than one way. */
const smallestCover = (
  choices: readonly (readonly Way[])[],
  held: ReadonlySet<PermissionName>,
): ReadonlySet<PermissionName> => {
  const [first, ...rest] = choices.filter((ways) => !ways.some((way) => added(held, way).length === 0));
  if (first === undefined) return held;
  const covers = first.map((way) => smallestCover(rest, new Set([...held, ...way])));
  return covers.reduce((best, next) => (next.size < best.size ? next : best));
};

const byFewestWays = (a: readonly Way[], b: readonly Way[]): number => a.length - b.length;

const distinctChoices = (rules: Iterable<Rule>): readonly (readonly Way[])[] => {
  const ways = [...rules].map((rule) => waysOfKey(rule));
  return [...new Map(ways.map((one) => [JSON.stringify(one), one])).values()].toSorted(byFewestWays);
};

/** The smallest set of permissions that lets a key pass all of the rules, by name; rules that no key can pass are left out. */
export const permissionsForRules = (rules: Iterable<Rule>): readonly PermissionName[] => {
  const choices = distinctChoices(rules).filter((ways) => ways.length > 0);
  return [...smallestCover(choices, new Set())].toSorted();
};

const isSessionOnly = (rule: Rule): boolean => !isPublic(rule) && waysOfKey(rule).length === 0;

const MAXIMUM_REMEMBERED = 500;
/** Of all documents of one question; those beyond are not validated. */
const MAXIMUM_TOTAL_WEIGHT = 20_000;

/**
 * Says what documents need at least. Documents are remembered, up to a number, by their id: asking again for the same one costs
 * a hash.
 */
export const documentPermissionsOf = (
  reading: DocumentReading,
): ((texts: readonly string[]) => DocumentPermissions) => {
  const known = new Map<string, RuledDocument>();
  const read = (text: string, id: string, weightLeft: number): { document: RuledDocument; weight: number } => {
    const before = known.get(id);
    if (before !== undefined) return { document: before, weight: 0 };
    const document = rulesOfDocument(text, reading, weightLeft);
    // Not validated: in another question there may be room for it.
    if (document.weight === Infinity) return { document, weight: 0 };
    if (known.size >= MAXIMUM_REMEMBERED) known.clear();
    known.set(id, document);
    return { document, weight: document.weight };
  };
  return (texts) => {
    const ids = texts.map((text) => documentHash(text));
    let weightLeft = MAXIMUM_TOTAL_WEIGHT;
    const documents = texts.map((text, index) => {
      const { document, weight } = read(text, ids[index] ?? '', weightLeft);
      weightLeft -= weight;
      return document;
    });
    const rules = new Map(documents.flatMap((document) => [...document.rules]));
    return {
      permissions: permissionsForRules(rules.values()).map((name) => grantOf(name)),
      sessionOnly: [...rules].filter(([, rule]) => isSessionOnly(rule)).map(([coordinate]) => coordinate),
      problems: documents.flatMap(({ problems }, index) =>
        problems.map((problem) => (texts.length === 1 ? problem : `Document ${index + 1}: ${problem}`)),
      ),
      ids,
    };
  };
};
