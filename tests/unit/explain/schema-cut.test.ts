import * as fc from 'fast-check';
import { buildSchema, isObjectType, parse, validateSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { cutSchema, definitionsOf } from '../../../src/explain/schema-cut.ts';

const schema = buildSchema(`
  type Query { open: String user(id: ID, filter: Filter): User things: [Thing] named: Named secret: Secret _service: Service }
  type Mutation { change(input: Change!): Changed }
  interface Named { name: String! label: String }
  type User implements Named { name: String! label: String groups: [Group!] state: State }
  type Group implements Named { name: String! label: String }
  type Secret { text: String deep: Deep }
  type Deep { back: Secret }
  union Thing = Group | Secret
  enum State { ON OFF }
  input Filter { state: State nested: Nested }
  input Nested { text: String }
  input Change { name: String when: Instant }
  type Changed { user: User }
  type Service { sdl: String }
  scalar Instant
`);
const definitions = definitionsOf(schema);
const without = (...denied: readonly string[]): string =>
  cutSchema(definitions, (type, field) => !denied.includes(`${type}.${field}`));
const typesOf = (sdl: string): readonly string[] =>
  parse(sdl).definitions.flatMap((one) => ('name' in one && one.name !== undefined ? [one.name.value] : []));

describe('a schema that is cut down', () => {
  test('keeps everything that nobody denies, but not what is for routers', () => {
    const kept = typesOf(without());
    expect(kept).toContain('Instant');
    expect(kept).not.toContain('Service');
    expect(without()).not.toContain('_service');
  });

  test('loses what could only be reached by what is denied', () => {
    const kept = typesOf(without('Query.user', 'Mutation.change'));
    expect(kept).not.toContain('Filter');
    expect(kept).not.toContain('Nested');
    expect(kept).not.toContain('Change');
    expect(kept).not.toContain('Instant');
    expect(kept).not.toContain('Mutation');
    // By way of a field of the interface users can still be reached; by an object that implements it they cannot.
    expect(kept).toContain('User');
    expect(kept).toContain('State');
    const apart = typesOf(without('Query.user', 'Mutation.change', 'Query.named'));
    expect(apart).toEqual(expect.arrayContaining(['Group', 'Named']));
    expect(apart).not.toContain('User');
    expect(apart).not.toContain('State');
  });

  test('loses types without fields, with the fields and members that are of them', () => {
    const sdl = without('Secret.text', 'Deep.back');
    expect(typesOf(sdl)).not.toContain('Deep');
    expect(typesOf(sdl)).not.toContain('Secret');
    expect(sdl).not.toContain('secret:');
    expect(sdl).toContain('union Thing = Group');
    expect(typesOf(without('Secret.text', 'Deep.back', 'Group.name', 'Group.label'))).not.toContain('Thing');
  });

  test('an object that loses a field of its interface is none of its kind any more', () => {
    const sdl = without('User.label');
    expect(sdl).toContain('type Group implements Named');
    expect(sdl).toContain('type User {');
    expect(validateSchema(buildSchema(sdl))).toEqual([]);
  });

  test('is valid, deterministic, and holds exactly what is kept and can be reached', () => {
    const all = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith('__')
        ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
        : [],
    );
    fc.assert(
      fc.property(fc.subarray(all.filter((coordinate) => coordinate !== 'Query.open')), (denied) => {
        const sdl = without(...denied);
        expect(without(...denied.toReversed())).toBe(sdl);
        const cut = buildSchema(sdl);
        expect(validateSchema(cut)).toEqual([]);
        for (const coordinate of denied) {
          const [type = '', field = ''] = coordinate.split('.');
          const left = cut.getType(type);
          expect([coordinate, isObjectType(left) && field in left.getFields()]).toEqual([coordinate, false]);
        }
        expect(cut.getQueryType()?.getFields()['open']).toBeDefined();
      }),
    );
  });
});
