import type { Example } from './example.ts';
import { examples, setUpExample } from './examples.ts';

/** GraphiQL's own shape of one open tab; it refuses stored tabs that lack a field. */
export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly query: string | null;
  readonly variables: string | null;
  readonly headers: string | null;
  readonly operationName: string | null;
  readonly response: string | null;
}

export interface Tabs {
  readonly tabs: readonly Tab[];
  readonly activeTabIndex: number;
}

/** `#setup=<token>`: a fragment, because browsers send fragments to no server and no log sees them. */
export const linkedExample = (fragment: string): Example | null => {
  const setup = new URLSearchParams(fragment.replace(/^#/, '')).get('setup');
  return setup ? setUpExample(setup) : null;
};

const operationName = (query: string): string | null =>
  /^(?:query|mutation|subscription)\s+(\w+)/m.exec(query)?.[1] ?? null;

const toTab = ({ query, variables }: Example, id: string): Tab => {
  const name = operationName(query);
  return { id, title: name ?? '<untitled>', query, variables, headers: null, operationName: name, response: null };
};

const isText = (value: unknown): value is string | null => value === null || typeof value === 'string';

const isTab = (value: unknown): value is Tab => {
  if (typeof value !== 'object' || value === null) return false;
  const { id, title, query, operationName: name } = value as Partial<Record<keyof Tab, unknown>>;
  return typeof id === 'string' && typeof title === 'string' && isText(query) && isText(name);
};

/** Variables are never stored; an unchanged example gets those it began with. */
const refill = (tab: Tab): Tab => ({
  id: tab.id,
  title: tab.title,
  query: tab.query,
  variables: [...examples, setUpExample('')].find(({ query }) => query === tab.query)?.variables ?? null,
  headers: null,
  operationName: tab.operationName,
  response: null,
});

const storedTabs = (stored: string | null): Tabs | null => {
  if (stored === null) return null;
  try {
    const { tabs, activeTabIndex } = JSON.parse(stored) as { tabs?: unknown; activeTabIndex?: unknown };
    if (!Array.isArray(tabs) || tabs.length === 0 || !tabs.every(isTab)) return null;
    const active = typeof activeTabIndex === 'number' ? Math.trunc(activeTabIndex) : 0;
    return { tabs: tabs.map(refill), activeTabIndex: Math.min(Math.max(active, 0), tabs.length - 1) };
  } catch {
    return null;
  }
};

/** The tabs to open with: those of the last visit or the examples, and before them the one that a link asks for. */
export const openingTabs = (stored: string | null, linked: Example | null): Tabs => {
  const before = storedTabs(stored) ?? {
    tabs: examples.map((example, index) => toTab(example, `example-${index}`)),
    activeTabIndex: 0,
  };
  if (linked === null) return before;
  const others = before.tabs.filter(({ query }) => query !== linked.query);
  const taken = new Set(others.map(({ id }) => id));
  let number = 0;
  while (taken.has(`link-${number}`)) number += 1;
  return { tabs: [toTab(linked, `link-${number}`), ...others], activeTabIndex: 0 };
};
