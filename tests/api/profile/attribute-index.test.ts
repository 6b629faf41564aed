import { describe, expect, test } from 'vitest';
import { attributeConditions, indexedAttributes } from '../../../src/entities/user-attribute.queries.ts';
import { Conditions } from '../../../src/services/conditions.ts';
import { makePerson } from '../../support/cast.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the index of attributes', () => {
  const app = useTestApp();

  /** Whether a row of this value is found, by looking at it and by its keys. */
  const verdicts = async (
    values: readonly unknown[],
    type: 'number' | 'date',
    [from, until]: readonly [number | string | null, number | string | null],
  ) => {
    const demand = { name: 'v', type, declared: [], values: null, from, until, isSet: null } as const;
    const conditions = new Conditions();
    for (const { text, values: given } of attributeConditions(demand)) conditions.add(text, ...given);
    const index = indexedAttributes([demand], conditions.values.length + 2);
    return app().database.query<{ value: unknown; looked: boolean; indexed: boolean }>(
      `select u.attributes->'v' as value, (${conditions.text}) as looked, (${index?.condition}) as indexed
       from (select jsonb_build_object('v', v) as attributes from jsonb_array_elements($${conditions.values.length + 1}::jsonb) v) u`,
      [...conditions.values, JSON.stringify(values), ...(index?.values ?? [])],
    );
  };

  const NUMBERS = [
    0,
    1,
    -1,
    2,
    10,
    0.1,
    -0.1,
    1.5,
    255,
    256,
    65_535,
    -65_536,
    1e9,
    -1e9,
    1e300,
    -1e300,
    5e-324,
    -5e-324,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MAX_SAFE_INTEGER,
    Math.PI,
    -Math.E,
    1 / 3,
  ];
  const DAYS = [
    '0001-01-01',
    '0999-12-31',
    '1000-01-01',
    '1970-01-01',
    '1999-12-31',
    '2000-01-01',
    '2024-02-29',
    '9999-12-31',
  ];

  test.each([
    ['number', NUMBERS, 3],
    ['date', DAYS, 0],
  ] as const)('finds all %ss between any two, and hardly others', async (type, known, spare) => {
    const bounds = [null, ...known];
    for (const from of bounds) {
      const until = bounds[(bounds.indexOf(from) * 7 + 3) % bounds.length] ?? null;
      if (from === null && until === null) continue;
      const rows = await verdicts([...known, 'x', true, null, [], {}], type, [from, until]);
      const within = known.filter((one) => (from === null || one >= from) && (until === null || one < until));
      const valuesOf = (some: readonly { readonly value: unknown }[]) => some.map(({ value }) => value);
      expect([from, until, valuesOf(rows.filter(({ looked }) => looked))]).toEqual([from, until, within]);
      const indexed = valuesOf(rows.filter((row) => row.indexed));
      expect([from, until, indexed]).toEqual([from, until, expect.arrayContaining(within)]);
      expect(indexed.length - within.length).toBeLessThanOrEqual(spare);
    }
  });

  test('takes whatever is stored, however it came there', async () => {
    const id = await makePerson(app(), { email: 'odd@example.com' });
    const odd = `{"${'n'.repeat(5000)}": "${'x'.repeat(8000)}", "a": 1e400, "b": 1e-400, "c": null, "d": [1], "e": {"f": 1}, "g": "9999-99-99"}`;
    await app().database.query('update users set attributes = $2::jsonb where id = $1', [id, odd]);
    const [row] = await app().database.query<{ keys: readonly string[] }>(
      'select attribute_keys(attributes) as keys from users where id = $1',
      [id],
    );
    expect(row?.keys).toContain('g@');
  });
});
