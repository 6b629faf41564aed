import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine, readCsvLine } from '../../../src/services/csv-line.ts';

describe('a line of CSV', () => {
  test('is read as it was written, formulas included', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', "'", '=', '+', '-', '@', ' ', 'é', '\t') });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (cells) => {
        expect(readCsvLine(csvLine(cells))).toEqual(cells);
      }),
    );
  });

  test.each(['=1+1', '+39', '-1', '@SUM(A1)', '\tx', "'=1"])('never begins a cell with the formula %j', (text) => {
    expect(csvLine([text])).toMatch(/^"?'/);
  });

  test.each([
    ['', ['']],
    [',', ['', '']],
    ['a,,b,', ['a', '', 'b', '']],
    ['"a,b","c""d"\r\n', ['a,b', 'c"d']],
  ])('%j has its cells', (line, cells) => {
    expect(readCsvLine(line)).toEqual(cells);
  });

  test.each(['"open', 'a"b', '"a"b', '"a" ,b', 'a,"'])('%j is none', (line) => {
    expect(readCsvLine(line)).toBeNull();
  });
});
