import { saturate } from './graphql-limits.ts';

/** What an evaluation reads: the request's raw variables, and the costs of fragments that were evaluated before. */
export interface CostScope {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly fragments: number[];
}

/** A part of a cost: known when the document is compiled, or a function of the variables. */
export type Term = number | ((scope: CostScope) => number);
export type Condition = boolean | ((scope: CostScope) => boolean);

type DynamicTerm = Exclude<Term, number>;

export const evaluate = (term: Term, scope: CostScope): number => (typeof term === 'number' ? term : term(scope));

export const sum = (terms: readonly Term[]): Term => {
  let fixed = 0;
  const dynamic: DynamicTerm[] = [];
  for (const term of terms) {
    if (typeof term === 'number') fixed = saturate(fixed + term);
    else dynamic.push(term);
  }
  const [only] = dynamic;
  if (only === undefined) return fixed;
  if (dynamic.length === 1) return fixed === 0 ? only : (scope) => saturate(fixed + only(scope));
  return (scope) => {
    let total = fixed;
    for (const term of dynamic) total = saturate(total + term(scope));
    return total;
  };
};

export const product = (left: Term, right: Term): Term => {
  if (left === 0 || right === 0) return 0;
  if (left === 1) return right;
  if (right === 1) return left;
  if (typeof left === 'number') {
    return typeof right === 'number' ? saturate(left * right) : (scope) => saturate(left * right(scope));
  }
  return (scope) => saturate(left(scope) * evaluate(right, scope));
};

export const both = (left: Condition, right: Condition): Condition => {
  if (left === true) return right;
  if (right === true) return left;
  if (left === false || right === false) return false;
  return (scope) => left(scope) && right(scope);
};

/** The term where the condition holds, else nothing. */
export const onlyIf = (condition: Condition, term: Term): Term => {
  if (typeof condition === 'boolean') return condition ? term : 0;
  return term === 0 ? 0 : (scope) => (condition(scope) ? evaluate(term, scope) : 0);
};
