import type { Raw } from './kinds.ts';

/** One value as a source gave it. `origin` finishes the sentence "the value came from ..." in messages. */
export interface Given {
  readonly raw: Raw;
  readonly origin: string;
}

/** What one source says, by path of the setting. */
export type Layer = ReadonlyMap<string, Given>;

/** Collects what is wrong (`problems`) and what is odd (`warnings`); texts never hold secrets. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

const LONGEST_SHOWN = 80;

/** A value for a message: on one line, not too long, without the credentials of an address. */
export const shown = (value: string): string => {
  const safe = value.replaceAll(/\/\/\S*@/g, '//[secret]@');
  return JSON.stringify(safe.length > LONGEST_SHOWN ? `${safe.slice(0, LONGEST_SHOWN)}...` : safe);
};
