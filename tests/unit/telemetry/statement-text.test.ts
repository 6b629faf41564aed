import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kindOfStatement, withoutValues } from '../../../src/telemetry/statement-text.ts';

describe('a statement without its values', () => {
  test.each([
    [`select * from users where email = 'a@example.com'`, 'select * from users where email = ?'],
    [`select 'it''s', E'a\\'b', U&'\\0041', B'01', x'ff'`, 'select ?, ?, ?, ?, ?'],
    [`select $$body's$$, $tag$ $$ inner $tag$, 1`, 'select ?, ?, ?'],
    [`select * from "Us""er's" where id = $1 and n = 12.5e3`, `select * from "Us""er's" where id = $1 and n = ?`],
    [`insert into t (a, b) values ('x', 1), ('y', 2)`, 'insert into t (a, b) values (?,...),...'],
    [`select 1 -- 'secret\nfrom t`, 'select ? from t'],
    [`select /* 'secret' */ a1 from t2`, 'select a1 from t2'],
    [`select 'never closed`, 'select ?'],
    [`select E'never closed \\'`, 'select ?'],
    [`select a\n  from   t\n where b in (1, 2, 3)`, 'select a from t where b in (?,...)'],
    ['', ''],
  ])('%s', (statement, expected) => {
    expect(withoutValues(statement)).toBe(expected);
  });

  test('holds no text that stood in quotation marks, whatever it is', () => {
    const quoted = fc.string({ minLength: 3 }).map((text) => `S3CRET${text}S3CRET`);
    fc.assert(
      fc.property(quoted, fc.boolean(), (text, escaped) => {
        const literal = escaped
          ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
          : `'${text.replaceAll("'", "''")}'`;
        expect(withoutValues(`update users set name = ${literal} where id = 7 and x = 'y'`)).toBe(
          'update users set name = ? where id = ? and x = ?',
        );
      }),
    );
  });

  test('is bounded, in length and in time', () => {
    const started = performance.now();
    expect(withoutValues(`select ${'a, '.repeat(500_000)}b`).length).toBeLessThan(2100);
    expect(withoutValues(`select ${"'".repeat(99_999)}`).length).toBeLessThan(2100);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('the kind of a statement is a word of a closed set', () => {
    expect(['select 1', ' WITH x as (select 1) delete from t', 'vacuum', '', '-- x'].map(kindOfStatement)).toEqual([
      'select',
      'with',
      'other',
      'other',
      'other',
    ]);
  });
});
