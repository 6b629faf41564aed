import { z } from 'zod';

/** Texts of one language by path, `invite.body`; `{name}` stands for a variable. */
export type Dictionary = ReadonlyMap<string, string>;

/** The language that every text exists in. */
export const FALLBACK_LOCALE = 'en';

type Tree = string | { readonly [name: string]: Tree };

const tree: z.ZodType<Tree> = z.lazy(() => z.union([z.string(), z.record(z.string(), tree)]));

const entriesOf = (node: Tree, path: string): readonly (readonly [string, string])[] =>
  typeof node === 'string'
    ? [[path, node]]
    : Object.entries(node).flatMap(([name, child]) => entriesOf(child, path === '' ? name : `${path}.${name}`));

/** Reads the file of a language: nested objects of texts, as JSON. Throws when it is anything else. */
export const readDictionary = (text: string): Dictionary => {
  const parsed = z.record(z.string(), tree).safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error('It holds something else than texts and objects of texts.');
  return new Map(entriesOf(parsed.data, ''));
};

/** A language and the ever more general ones to fall back to (BCP 47, RFC 4647 section 3.4): `de-AT`, `de`, `en`. */
export const localeChain = (locale: string): readonly string[] => {
  const parts = locale.toLowerCase().split('-');
  const chain = parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
  return [...new Set([...chain, FALLBACK_LOCALE])];
};

/** Puts variables into a text; unknown ones become nothing. */
export const interpolate = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? '') : '',
  );

const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);

export const directionOf = (locale: string): 'ltr' | 'rtl' =>
  RIGHT_TO_LEFT.has(locale.split('-')[0]?.toLowerCase() ?? '') ? 'rtl' : 'ltr';
