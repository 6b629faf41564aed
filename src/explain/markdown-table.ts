const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');

const row = (cells: readonly string[]): string => `| ${cells.map((text) => cell(text)).join(' | ')} |`;

/** A table of a generated page; every row has as many cells as the head. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map((cells) => row(cells))].join('\n');
