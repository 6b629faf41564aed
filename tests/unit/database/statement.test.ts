import { describe, expect, test } from 'vitest';
import { statementOf } from '../../../src/database/statement.ts';

describe('a statement put together from parts', () => {
  const statement = statementOf(
    {
      first: 'first as (select $2::int as b, $1::int as a, $1::int as again)',
      second: 'second as (select 1), third as (select $1::int)',
      tenth: `tenth as (select ${Array.from({ length: 11 }, (_, index) => `$${index + 1}`).join(', ')})`,
    },
    'select a from first',
  );
  const eleven = Array.from({ length: 11 }, (_, index) => `t${index + 1}`);

  test('numbers the parameters of each part after those of the parts before it', () => {
    expect(statement.text).toBe(
      'with first as (select $2::int as b, $1::int as a, $1::int as again), second as (select 1), third as (select $3::int), ' +
        'tenth as (select $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)\nselect a from first',
    );
  });

  test('takes the values by part, in whatever order they are named', () => {
    expect(statement.values({ tenth: eleven, second: ['s1'], first: ['f1', 'f2'] })).toEqual([
      'f1',
      'f2',
      's1',
      ...eleven,
    ]);
  });

  test('refuses values that would slip into the next part', () => {
    expect(() => statement.values({ first: ['f1'], second: ['s1', 's2'], tenth: eleven })).toThrow(RangeError);
    expect(() => statement.values({ first: ['f1', 'f2'], second: ['s1'], tenth: [...eleven, 'x'] })).toThrow(
      'Part "tenth" takes 11 values, not 12.',
    );
  });
});
