import { createHash } from 'node:crypto';
import { buildSchema } from 'graphql';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAXIMUM_DOCUMENT_LENGTH } from '../../../src/explain/document-fields.ts';
import {
  documentPermissionsOf,
  type DocumentReading,
  permissionsForRules,
} from '../../../src/explain/operation-permissions.ts';
import { permissionKey } from '../../../src/permissions/grants.ts';
import { judge } from '../../../src/permissions/judge.ts';
import {
  about,
  and,
  anyone,
  can,
  freshly,
  or,
  type Rule,
  self,
  signedIn,
  viaSession,
} from '../../../src/permissions/rules.ts';
import type { RuleTree } from '../../../src/permissions/shield.ts';
import { key, NOW } from '../permissions/callers.fixture.ts';

const schema = buildSchema(`
  type Query { user(id: ID): User users: [User] things: [Thing] named: [Named] own: String account: String either: String open: String }
  type Mutation { remove: String }
  interface Named { name: String }
  type User implements Named { name: String groups: [Group] friend: User }
  type Group implements Named { name: String members: [User] }
  union Thing = User | Group
`);

const tree: RuleTree = {
  Query: {
    user: or(can('view:users'), self('id')),
    users: signedIn,
    things: signedIn,
    named: signedIn,
    own: and(viaSession, freshly(10)),
    account: and(self('id'), signedIn),
    either: or(can('view:mail'), and(can('view:groups'), can('view:stats'))),
    open: anyone,
  },
  Mutation: { remove: can('delete:users') },
  User: { name: or(can('view:users'), about('id')), groups: or(can('view:groups'), about('id')) },
  Group: { name: can('view:groups'), members: can('view:sessions') },
};

const reading: DocumentReading = {
  schema,
  tree,
  bounds: { maximumTokens: 2000, rules: [], suggestions: false },
};
const needs = (...documents: readonly string[]) => {
  const { permissions, ...rest } = documentPermissionsOf(reading)(documents);
  return { ...rest, permissions: permissions.map((grant) => permissionKey(grant)) };
};

describe('what documents need', () => {
  test('is nothing where being a caller is enough', () => {
    expect(needs('{ users { __typename } open }')).toMatchObject({ permissions: [], sessionOnly: [], problems: [] });
  });

  test('is the permission, not the way about oneself, which nobody can assume of a key', () => {
    expect(needs('{ user(id: 1) { name } }').permissions).toEqual(['view:users']);
  });

  test('is found through fragments, inline fragments and fragments within fragments', () => {
    const document = `query { users { ...A } }
      fragment A on User { ... on User { ...B } }
      fragment B on User { groups { __typename } }`;
    expect(needs(document).permissions).toEqual(['view:groups']);
  });

  test('counts every type that an interface or a union can be', () => {
    expect(needs('{ named { name } }').permissions).toEqual(['view:groups', 'view:users']);
    expect(needs('{ things { ... on Group { members { __typename } } } }').permissions).toEqual(['view:sessions']);
    expect(needs('{ things { ... on Named { name } } }').permissions).toEqual(['view:groups', 'view:users']);
    expect(needs('{ things { ... on User { name } } }').permissions).toEqual(['view:users']);
  });

  test('counts every operation of a document, and what @skip leaves out in some other request', () => {
    const document = `query A { users { name @skip(if: true) } } query B { either }`;
    expect(needs(document).permissions).toEqual(['view:mail', 'view:users']);
  });

  test('names what no key can do, each once', () => {
    expect(needs('{ own a: own }', 'mutation { remove }')).toMatchObject({
      permissions: [],
      sessionOnly: ['Query.own', 'Mutation.remove'],
    });
  });

  test('takes of several ways the one that adds least to what is needed anyway', () => {
    expect(needs('{ either }').permissions).toEqual(['view:mail']);
    const rules: readonly Rule[] = [
      or(can('view:mail'), and(can('view:groups'), can('view:stats'))),
      can('view:groups'),
      can('view:stats'),
    ];
    expect(permissionsForRules(rules)).toEqual(['view:groups', 'view:stats']);
    const chain: readonly Rule[] = [
      or(can('view:mail'), can('view:stats')),
      or(can('view:groups'), can('view:stats')),
      or(can('view:audit'), can('view:stats')),
    ];
    expect(permissionsForRules(chain)).toEqual(['view:stats']);
  });

  test('has the hash of each text as its id, whatever is wrong with it', () => {
    const texts = ['{ users { name } }', '{ nonsense', ''];
    const hashes = texts.map((text) => createHash('sha256').update(text).digest('hex'));
    expect(needs(...texts).ids).toEqual(hashes);
  });
});

describe('documents that are no use', () => {
  test('are told by number, with the place, and the others still count', () => {
    const { problems, permissions } = needs('{ users { name } }', '{ users { secret } }', '{ users ');
    expect(problems).toEqual([
      'Document 2: Cannot query field "secret" on type "User". (1:11)',
      'Document 3: Syntax Error: Expected Name, found <EOF>. (1:9)',
    ]);
    expect(permissions).toEqual(['view:users']);
  });

  test('hold no suggestions where the settings take them out', () => {
    const [hidden] = needs('{ users { nam } }').problems;
    const told = documentPermissionsOf({ ...reading, bounds: { ...reading.bounds, suggestions: true } });
    expect(hidden).not.toContain('Did you mean');
    expect(told(['{ users { nam } }']).problems[0]).toContain('Did you mean "name"');
  });

  test('are not read at all when they are too long, and read in part when they have too many words', () => {
    const long = `{ ${'a'.repeat(MAXIMUM_DOCUMENT_LENGTH)} }`;
    expect(needs(long).problems).toEqual(['Longer than 20000 characters.']);
    const wide = `{ ${'open '.repeat(2001)} }`;
    expect(needs(wide).problems[0]).toMatch(/more tha[nt] 2000 tokens/);
  });

  const HEAVY = 'Selects the same fields too many times.';
  const levels = (count: number, one: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => one(index)).join(' ');

  test('are not validated when that would take seconds: fields that repeat, in any guise', () => {
    const heavy = [
      `{ user { ${'friend { name } '.repeat(400)} } }`,
      `{ user { ${'... { friend { name } } '.repeat(200)} } }`,
      `{ user { ...F } } fragment F on User { ${'friend { friend { name } } '.repeat(250)} }`,
      `{ user { ${levels(150, (index) => `...F${index}`)} } } ${levels(150, (index) => `fragment F${index} on User { name }`)}`,
      `{ users { ...F0 } } ${levels(60, (index) => `fragment F${index} on User { a: friend { ...F${index + 1} } b: friend { ...F${index + 1} } }`)} fragment F60 on User { name }`,
    ];
    for (const text of heavy) expect([text.slice(0, 60), needs(text).problems]).toEqual([text.slice(0, 60), [HEAVY]]);
  });

  test('are validated as long as all of them together are not too much, and those that were are remembered', () => {
    const ask = documentPermissionsOf(reading);
    const wide = (index: number): string => `query Q${index} { user { ${'name '.repeat(95)} } }`;
    const problems = ask(Array.from({ length: 8 }, (_, index) => wide(index))).problems;
    expect(problems).toEqual([5, 6, 7, 8].map((number) => `Document ${number}: ${HEAVY}`));
    expect(ask([wide(7), wide(6), wide(0), wide(1), wide(2), wide(3)]).problems).toEqual([]);
  });

  test('are validated when fields repeat as often as people write them', () => {
    const document = `query { users { ...A ...B name } named { ... on User { ...A } ... on Group { name } } }
      fragment A on User { name friend { name friend { name } } }
      fragment B on User { name friend { friend { name groups { name } } } }`;
    expect(needs(document)).toMatchObject({ permissions: ['view:groups', 'view:users'], problems: [] });
    const wide = `{ ${levels(18, (index) => `a${index}: users { name friend { name friend { name } } }`)} }`;
    expect(needs(wide).problems).toEqual([]);
  });

  test('that go round in a circle are told so', () => {
    const document = '{ users { ...A } } fragment A on User { friend { ...B } } fragment B on User { friend { ...A } }';
    expect(needs(document).problems).toEqual([expect.stringContaining('Cannot spread fragment "A" within itself')]);
  });
});

describe('the smallest set', () => {
  const atoms: fc.Arbitrary<Rule> = fc.constantFrom<Rule>(
    can('view:users'),
    can('view:groups'),
    can('view:mail'),
    can('view:stats'),
    can('delete:users'),
    signedIn,
    viaSession,
  );
  const rule: fc.Arbitrary<Rule> = fc.oneof(
    atoms,
    fc.tuple(atoms, atoms).map(([a, b]) => and(a, b)),
    fc.tuple(atoms, fc.tuple(atoms, atoms)).map(([a, [b, c]]) => or(a, and(b, c))),
    fc.tuple(atoms, atoms).map(([a, b]) => or(a, b)),
  );

  test('lets a key that holds it pass every rule that any key can pass, and none less does', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), (rules) => {
        const everything = key('admin:*');
        const passable = rules.filter((one) => judge(one, { principal: everything, now: NOW }).allowed);
        const found = permissionsForRules(rules);
        const passes = (held: readonly (typeof found)[number][]): boolean =>
          passable.every((one) => judge(one, { principal: key(...held), now: NOW }).allowed);
        expect(passes(found)).toBe(true);
        const all = ['view:users', 'view:groups', 'view:mail', 'view:stats'] as const;
        for (let bits = 0; bits < 16; bits += 1) {
          const held = all.filter((_, index) => (bits & (1 << index)) !== 0);
          expect(held.length < found.length && passes(held)).toBe(false);
        }
      }),
    );
  });
});
