/** One tab of the editor. The title of a tab is the name of its operation. */
export interface Example {
  readonly query: string;
  /** JSON text; the only place of the examples where a secret is typed, because variables are never stored. */
  readonly variables: string | null;
}

/** Variables as a person would write them. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2);
