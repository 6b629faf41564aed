import { redactDocument } from './redaction.ts';

/** The part of the browser's `localStorage` that is used. */
export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const prefix = 'graphiql:';
/** Key under which GraphiQL keeps its open tabs. */
export const tabsKey = `${prefix}tabState`;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listIn = (value: unknown, key: string): readonly Fields[] => {
  const list = isFields(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isFields) : [];
};
const document = (value: unknown): string | null => (typeof value === 'string' ? redactDocument(value) : null);

const tabs = (text: string): string | null => {
  const state: unknown = JSON.parse(text);
  const kept = listIn(state, 'tabs').map(({ id, title, query, operationName }) => ({
    id,
    title,
    query: document(query),
    operationName,
    variables: null,
    headers: null,
    response: null,
  }));
  return JSON.stringify({ tabs: kept, activeTabIndex: isFields(state) ? state['activeTabIndex'] : 0 });
};

const history =
  (key: string) =>
  (text: string): string | null => {
    const kept = listIn(JSON.parse(text), key).flatMap(({ query, operationName, label, favorite }) => {
      const redacted = document(query);
      return redacted === null ? [] : [{ query: redacted, operationName, label, favorite }];
    });
    return JSON.stringify({ [key]: kept });
  };

const short = (text: string): string | null => (/^[\w .-]{1,40}$/.test(text) ? text : null);

/**
 * What may reach the disk, and in which form; `null` = nothing. Keys that are not listed are kept in memory only, so a new
 * version of GraphiQL cannot begin to store something unseen. Variables, headers and responses hold passwords, bearer
 * tokens and set-up links: they are listed nowhere.
 */
const persisted: ReadonlyMap<string, (text: string) => string | null> = new Map([
  [tabsKey, tabs],
  [`${prefix}query`, redactDocument],
  [`${prefix}queries`, history('queries')],
  [`${prefix}favorites`, history('favorites')],
  [`${prefix}theme`, short],
  [`${prefix}visiblePlugin`, short],
  [`${prefix}docExplorerFlex`, short],
  [`${prefix}editorFlex`, short],
  [`${prefix}secondaryEditorFlex`, short],
]);

const forDisk = (key: string, value: string): string | null => {
  try {
    return persisted.get(key)?.(value) ?? null;
  } catch {
    return null;
  }
};

/**
 * GraphiQL's storage without secrets: within the page it gives back exactly what was stored, on disk it leaves only the
 * redacted part. `disk` is null where the browser refuses storage.
 */
export class SecretlessStorage implements Store {
  readonly #memory = new Map<string, string>();
  readonly #disk: Store | null;

  constructor(disk: Store | null, initial: Readonly<Record<string, string>> = {}) {
    this.#disk = disk;
    for (const [key, value] of Object.entries(initial)) this.#memory.set(key, value);
  }

  get length(): number {
    return this.#memory.size;
  }

  getItem(key: string): string | null {
    return this.#memory.get(key) ?? (persisted.has(key) ? (this.#disk?.getItem(key) ?? null) : null);
  }

  setItem(key: string, value: string): void {
    this.#memory.set(key, value);
    const kept = forDisk(key, value);
    if (kept === null) this.#disk?.removeItem(key);
    else this.#disk?.setItem(key, kept);
  }

  removeItem(key: string): void {
    this.#memory.delete(key);
    this.#disk?.removeItem(key);
  }

  clear(): void {
    this.#memory.clear();
    for (const key of persisted.keys()) this.#disk?.removeItem(key);
  }
}
