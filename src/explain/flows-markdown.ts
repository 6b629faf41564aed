import type { Flow } from '../flows/flow.ts';
import { markdownTable } from './markdown-table.ts';

const code = (name: string): string => `\`${name}\``;
const codes = (names: readonly string[]): string => names.map((name) => code(name)).join(', ');

/** Operations are code, everything else is words. */
const cause = (by: string): string =>
  /^(?:Query|Mutation)\.|^GET /.test(by) ? code(by.replace(/^(?:Query|Mutation)\./, '')) : by;

/** https://mermaid.js.org/syntax/stateDiagram.html; what leads nowhere is in the table only. */
const diagram = ({ initial, transitions }: Flow): string => {
  const arrows = transitions.flatMap(({ from, on, when, to }) =>
    from
      .filter((state) => state !== to)
      .map((state) => `  ${state} --> ${to}: ${on}${when === undefined ? '' : ` (${when.join(', ')})`}`),
  );
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${initial}`, ...arrows, '```'].join('\n');
};

const circumstancesOf = ({ circumstances }: Flow): string => {
  const entries = Object.entries(circumstances);
  if (entries.length === 0) return '';
  return `
## Circumstances

They decide where an event leads, and are written in brackets.

${markdownTable(
  ['circumstance', 'meaning'],
  entries.map(([name, meaning]) => [code(name), meaning]),
)}
`;
};

/** The text of a page of docs/flows. */
export const flowMarkdown = (flow: Flow): string => `# ${flow.title}

This page is generated from \`src/flows/${flow.name}.ts\`; change that, then run \`npm run docs:emit\`. Tests do every event in every
state of the running server and compare: what the table does not list changes nothing.

${flow.about}

${diagram(flow)}

## States

${markdownTable(
  ['state', 'meaning'],
  Object.entries(flow.states).map(([name, meaning]) => [code(name), meaning]),
)}
${circumstancesOf(flow)}
## Transitions

${markdownTable(
  ['from', 'event', 'if', 'to', 'because'],
  flow.transitions.map(({ from, on, when, to, why }) => [codes(from), code(on), codes(when ?? []), code(to), why]),
)}

## Events

${markdownTable(
  ['event', 'what happens', 'by'],
  Object.entries(flow.events).map(([name, { what, by, inert }]) => [
    code(name),
    inert === true ? `${what}; never changes anything` : what,
    cause(by),
  ]),
)}
`;

/** The text of docs/flows/README.md. */
export const flowsMarkdown = (flows: readonly Flow[]): string => `# Flows

What has states in Gatehouse, and how it gets from one to another. The pages are generated from the tables in \`src/flows\`, and the
tables are walked by tests: \`tests/contract/flows\` does every row over HTTP, \`tests/slow/flows\` every event in every state and
circumstance, and both compare where it leads with the table.

${markdownTable(
  ['flow', 'states'],
  flows.map((flow) => [`[${flow.title}](${flow.name}.md)`, codes(Object.keys(flow.states))]),
)}
`;
