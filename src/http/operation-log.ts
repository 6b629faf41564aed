import { type DocumentNode, type GraphQLSchema, isEnumType, Kind, print, visit } from 'graphql';
import type { Logger } from 'pino';

/** What is written of each operation: nothing, what was asked, or also what was answered. */
export type LoggedBodies = 'none' | 'requests' | 'all';

interface Operation {
  readonly document: DocumentNode | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly result: { readonly data?: unknown; readonly errors?: readonly unknown[] | undefined } | null;
}

/** Whatever stands under such a name is never written, whatever it looks like. */
const SECRET_NAME =
  /pass(?:word|phrase)|secret|token|code|credential|assertion|attestation|signature|challenge|proof|captcha|otp|totp|key$|hash|cookie|csrf|pem$|jwk/i;

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

const MAXIMUM_DEPTH = 12;
const MAXIMUM_ITEMS = 20;
const MAXIMUM_DOCUMENT = 4000;

/**
 * Writes what was asked and answered, for finding faults: the form of it, with what cannot be a secret or name a person. Of
 * texts only words of the schema's enums, ids and instants are written, of all others their length; nothing under the name of a
 * secret is. Literals of the document go, too.
 */
export class OperationLog {
  readonly #logger: Logger;
  readonly #bodies: LoggedBodies;
  readonly #words: ReadonlySet<string>;

  constructor(parts: { logger: Logger; schema: GraphQLSchema; bodies: LoggedBodies }) {
    this.#logger = parts.logger;
    this.#bodies = parts.bodies;
    this.#words = wordsOf(parts.schema);
  }

  note({ document, variables, result }: Operation): void {
    if (document === undefined) return;
    const asked = { document: withoutLiterals(document), variables: this.#masked(variables ?? {}, 0) };
    const answered =
      this.#bodies === 'all'
        ? { data: this.#masked(result?.data ?? null, 0), errors: (result?.errors ?? []).map(codeAndPath) }
        : {};
    this.#logger.info({ ...asked, ...answered }, 'operation');
  }

  #masked(value: unknown, depth: number): unknown {
    if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
    if (typeof value === 'string') return this.#isPlain(value) ? value : `[${value.length} characters]`;
    if (typeof value !== 'object' || depth >= MAXIMUM_DEPTH) return `[${typeof value}]`;
    if (Array.isArray(value)) {
      const items = value.slice(0, MAXIMUM_ITEMS).map((item) => this.#masked(item, depth + 1));
      return value.length > MAXIMUM_ITEMS ? [...items, `[${value.length - MAXIMUM_ITEMS} more]`] : items;
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        SECRET_NAME.test(name) && item !== null && typeof item !== 'boolean'
          ? '[redacted]'
          : this.#masked(item, depth + 1),
      ]),
    );
  }

  #isPlain(text: string): boolean {
    return this.#words.has(text) || UUID.test(text) || INSTANT.test(text);
  }
}

/** Words of all enums, and names of types. */
const wordsOf = (schema: GraphQLSchema): ReadonlySet<string> => {
  const types = Object.values(schema.getTypeMap());
  const values = types.filter((type) => isEnumType(type)).flatMap((type) => type.getValues().map(({ name }) => name));
  return new Set([...values, ...types.map(({ name }) => name)]);
};

const withoutLiterals = (document: DocumentNode): string => {
  const bare = visit(document, {
    [Kind.STRING]: (node) => ({ ...node, value: '', block: false }),
    [Kind.INT]: (node) => ({ ...node, value: '0' }),
    [Kind.FLOAT]: (node) => ({ ...node, value: '0' }),
  });
  return print(bare).replace(/\s+/g, ' ').trim().slice(0, MAXIMUM_DOCUMENT);
};

/** Messages of errors may repeat values. */
const codeAndPath = (error: unknown): object => {
  const { extensions, path } = (error ?? {}) as { extensions?: { code?: unknown }; path?: readonly unknown[] };
  return { code: extensions?.code ?? null, path: path?.join('.') ?? null };
};
