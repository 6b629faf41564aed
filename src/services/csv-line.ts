/** What a spreadsheet would take for a formula, at the beginning of a cell (OWASP, CSV injection); or what was kept from being one. */
const FORMULA = /^'*[=+\-@\t\r]/;
const KEPT_FROM_FORMULA = /^'+[=+\-@\t\r]/;
const QUOTED = /["\r\n,]/;

/** One cell (RFC 4180): what looks like a formula begins with an apostrophe, which spreadsheets do not show. */
const cell = (value: string | null): string => {
  if (value === null) return '';
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** A line of CSV, with its end. */
export const csvLine = (cells: readonly (string | null)[]): string => `${cells.map(cell).join(',')}\r\n`;

const CELL = /(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/y;

/**
 * The cells of one line as `csvLine` writes it. No cell goes on in the next line: a quote that is never closed spoils its own line and
 * no other. null when the line is no CSV.
 */
export const readCsvLine = (line: string): readonly string[] | null => {
  const text = line.replace(/\r?\n?$/, '');
  const cells: string[] = [];
  CELL.lastIndex = 0;
  for (;;) {
    const found = CELL.exec(text);
    if (found === null) return null;
    const [whole, quoted, plain] = found;
    const value = quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"');
    cells.push(KEPT_FROM_FORMULA.test(value) ? value.slice(1) : value);
    if (!whole.endsWith(',')) return cells;
    // A comma at the very end opens one more cell, an empty one.
    if (CELL.lastIndex === text.length) return [...cells, ''];
  }
};
