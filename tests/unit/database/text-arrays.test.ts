import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Database } from '../../../src/database/database.ts';
import { textArrayParser } from '../../../src/database/text-arrays.ts';

const general = (text: string): unknown => `general: ${text}`;

describe('the values of a text[]', () => {
  test.each([
    ['{}', []],
    ['{a}', ['a']],
    ['{a,b@c/d,+e}', ['a', 'b@c/d', '+e']],
    ['{"a b",c}', 'general: {"a b",c}'],
    ['{NULL,a}', 'general: {NULL,a}'],
    ['{{a,b},{c,d}}', 'general: {{a,b},{c,d}}'],
    ['[0:1]={a,b}', 'general: [0:1]={a,b}'],
  ])('of %s', (text, values) => {
    expect(textArrayParser(general)(text)).toEqual(values);
  });

  describe('as PostgreSQL writes them', () => {
    let database: Database;
    beforeAll(async () => {
      database = await Database.connect({ url: inject('adminUrl'), poolSize: 1 });
    });
    afterAll(() => database.close());

    test('come back as they were, whatever they hold', async () => {
      await database.query('select 1');
      const value = fc.oneof(
        fc.constantFrom('', 'NULL', 'null', '{', '}', ',', '"', '\\', ' ', 'a,b', "it's"),
        fc.uuid(),
        fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed() && !text.includes('\0')),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.option(value), { maxLength: 6 }), async (values) => {
          const [row] = await database.query<{ read: unknown }>('select $1::text[] as read', [values]);
          expect(row?.read).toEqual(values);
        }),
        { numRuns: 150 },
      );
    });
  });
});
