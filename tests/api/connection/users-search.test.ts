import { beforeAll, describe, expect, test } from 'vitest';
import { readPartShares } from '../../../src/entities/search-parts.queries.ts';
import { statementsWithin } from '../../support/documents.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Person {
  readonly id: string;
  readonly text: string;
}

const PEOPLE = 1500;
const GIVEN = ['Ada', 'Zoë', 'Per', 'Xenia', "O'Hara", 'Jean-Luc', 'J. R.', '王伟', 'A_b', '50%er', 'Ab Ba'];
const FAMILY = ['Baker', 'Müller', 'Persson', 'van der Berg', 'ODD', 'back\\slash', '3M', 'Li'];

/** Always the same sequence. */
const chance = (): ((below: number) => number) => {
  let state = 20_261_122;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

describe('a search among many', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const people: Person[] = [];
  const below = chance();

  beforeAll(async () => {
    const rows = Array.from({ length: PEOPLE }, (_, n) => ({
      name: `${GIVEN[below(GIVEN.length)] ?? ''} ${FAMILY[below(FAMILY.length)] ?? ''}`,
      email: `person${n}@company${below(90)}.example`,
    }));
    people.push(
      ...(await app().database.query<Person>(
        `insert into users (id, display_name, email, status, created_at, updated_at)
           select gen_random_uuid(), name, email, 'ACTIVE', timestamptz '2001-01-01' + n * interval '1 minute', now()
           from unnest($1::text[], $2::text[]) with ordinality as people(name, email, n)
         returning id, search_text as text`,
        [rows.map(({ name }) => name), rows.map(({ email }) => email)],
      )),
    );
  });

  /** Texts that are parts of somebody's, of any length and in any case, and some that differ in one place. */
  const anySearch = (): string => {
    const { text } = people[below(PEOPLE)] ?? { text: '' };
    const from = below(text.length - 2);
    const part = text.slice(from, from + 2 + below(12)).trim();
    const place = below(part.length);
    const changed = below(4) === 0 ? `${part.slice(0, place)}${'x. %_'[below(5)] ?? ''}${part.slice(place + 1)}` : part;
    return below(2) === 0 ? changed.toUpperCase() : changed;
  };

  test('finds exactly those who have the text, whichever of its parts the index is asked for', async () => {
    expect(await readPartShares(app().database)).not.toBeNull();
    const searches = [
      ...new Set(Array.from({ length: 400 }, anySearch).filter((search) => Array.from(search.trim()).length > 1)),
    ].slice(0, 150);
    expect(searches).toHaveLength(150);
    for (const search of searches) {
      const { data, errors } = await cast().admin.run<{
        readonly users: { readonly totalCount: number; readonly nodes: readonly { readonly id: string }[] };
      }>(
        `query ($search: String!) { users(first: 20, filter: { search: $search, createdAt: { until: "2002-01-01T00:00:00Z" } }) { totalCount nodes { id } } }`,
        { search },
      );
      const expected = people.filter(({ text }) => text.includes(search.trim().toLowerCase())).map(({ id }) => id);
      expect({ search, errors, ...data.users }).toEqual({
        search,
        errors: [],
        totalCount: expected.length,
        nodes: expected
          .toReversed()
          .slice(0, 20)
          .map((id) => ({ id })),
      });
    }
  });

  test('how common parts are is read once for many searches', async () => {
    const asked = `query ($search: String!) { users(filter: { search: $search }) { nodes { id } } }`;
    await cast().admin.run(asked, { search: 'persson' });
    const statements = await statementsWithin(app(), () => cast().admin.run(asked, { search: 'baker' }));
    expect(statements.filter((text) => text.includes('tablesample'))).toEqual([]);
    expect(statements.filter((text) => text.includes('near as materialized'))).toHaveLength(1);
  });
});
