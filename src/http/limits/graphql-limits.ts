/** What one GraphQL document may ask for. Counts follow fragments and repeat with every spread. */
export interface GraphqlLimits {
  /** Lexical tokens of the document; the parser stops there. */
  readonly maximumTokens: number;
  /** Levels of fields; `__schema` and `__type` have a limit of their own. */
  readonly maximumDepth: number;
  readonly maximumIntrospectionDepth: number;
  readonly maximumAliases: number;
  readonly maximumRootFields: number;
  readonly maximumDirectives: number;
  /** Points of the list-multiplied cost of an operation with its variables. */
  readonly maximumCost: number;
}

export const defaultGraphqlLimits: GraphqlLimits = {
  maximumTokens: 2000,
  maximumDepth: 12,
  maximumIntrospectionDepth: 20,
  maximumAliases: 30,
  maximumRootFields: 20,
  maximumDirectives: 50,
  maximumCost: 20_000,
};

/** Counts stop growing here, so that a product of nested pages never becomes Infinity or NaN. */
export const SATURATED = 1_000_000_000;

export const saturate = (count: number): number => (count < SATURATED ? count : SATURATED);

/** Apollo's `parseOptions`: parsing itself is the first work that an attacker can make large. */
export const parseLimits = (limits: Pick<GraphqlLimits, 'maximumTokens'>): { maxLexicalTokens: number } => ({
  maxLexicalTokens: limits.maximumTokens,
});
