import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildASTSchema,
  findBreakingChanges,
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  parse,
  printType,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../../src/errors.ts';
import { describeRule } from '../../src/permissions/rule-words.ts';
import type { RuleTree } from '../../src/permissions/shield.ts';
import { tree } from '../../src/permissions/tree.ts';
import { buildUnguardedSchema, emitSdl } from '../../src/schema.ts';
import { boundedLists, pages } from './schema-conventions.lists.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const schemaOf = (sdl: string) => buildASTSchema(parse(sdl), { assumeValidSDL: true });

const schema = schemaOf(read('schema.graphql'));
const rules: RuleTree = tree;

/** What federation brings is as federation says. */
const isForeign = (name: string): boolean => /^_|__/.test(name);
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isForeign(type.name) && !isSpecifiedScalarType(type),
);
const withFields = types.filter((type) => isObjectType(type) || isInterfaceType(type));
const rootType = (name: 'Query' | 'Mutation'): GraphQLObjectType => {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new Error(`There is no type ${name}.`);
  return type;
};
const fieldsOf = (type: GraphQLNamedType): readonly GraphQLField<unknown, unknown>[] =>
  isObjectType(type) || isInterfaceType(type)
    ? Object.values(type.getFields()).filter(({ name }) => !isForeign(name))
    : [];
const mutations = fieldsOf(rootType('Mutation'));
const signature = (type: GraphQLNamedType | undefined): readonly string[] =>
  type === undefined ? [] : fieldsOf(type).map((field) => `${field.name}: ${String(field.type)}`);
const pascal = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const connections = withFields.filter(({ name }) => name.endsWith('Connection'));

/** Each type as it is written, by name. */
const printedTypes = (whole: GraphQLSchema): ReadonlyMap<string, string> =>
  new Map(
    Object.values(lexicographicSortSchema(whole).getTypeMap())
      .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
      .map((type) => [type.name, printType(type)]),
  );

describe('schema.graphql', () => {
  test.each([
    ['schema.graphql', false],
    ['schema.secured.graphql', true],
  ])('%s is what the code emits', async (file, securityDirectives) => {
    expect(read(file)).toBe(`${await emitSdl({ securityDirectives })}\n`);
  });

  test.each([
    ['schema.graphql', false],
    ['schema.secured.graphql', true],
  ])('%s tells of all that is served, and of nothing else but the definitions of federation', async (file, secured) => {
    const served = printedTypes(await buildUnguardedSchema({ get: () => ({}) }, { securityDirectives: secured }));
    const told = printedTypes(schemaOf(read(file)));
    const isDefinition = (name: string): boolean => /^(?:link|federation)__/.test(name);
    expect([...served]).toEqual([...told].filter(([name]) => !isDefinition(name)));
    expect(served.size).toBeGreaterThan(300);
  });

  const released = join(root, 'docs/schema.released.graphql');
  // The file comes with the first release; until then there is nobody to break.
  test.skipIf(!existsSync(released))('breaks nothing that the last release promised', () => {
    const changes = findBreakingChanges(schemaOf(readFileSync(released, 'utf8')), schema);
    expect(changes.map(({ description }) => description)).toEqual([]);
  });
});

describe('mutations', () => {
  const VERBS =
    /^(accept|add|approve|cancel|change|complete|confirm|create|delete|disable|enable|end|erase|exchange|export|forget|invite|link|lock|move|redeem|refresh|regenerate|register|reject|remove|rename|replay|request|require|resend|reset|retry|revoke|rotate|set|setUp|sign|signOut|start|stop|switch|test|unlink|unlock|update|verify)(?=[A-Z])/;

  test.each(mutations)('$name is verb and object, with one input and a payload of its own name', (field) => {
    expect(field.name).toMatch(VERBS);
    const own = `${pascal(field.name)}Input!`;
    expect(field.args.map((one) => `${one.name}: ${String(one.type)}`)).toEqual([`input: ${own}`]);
    expect(String(field.type)).toBe(`${pascal(field.name)}Payload`);
    const payload = getNamedType(field.type);
    expect(signature(payload)).toContain('errors: [UserError!]!');
  });

  test('payloads promise nothing but lists, the errors, plain flags and the step of a sign-in', () => {
    const promised = mutations
      .flatMap((field) => fieldsOf(getNamedType(field.type)))
      .filter((field) => isNonNullType(field.type) && field.name !== 'errors')
      .map((field) => `${field.name}: ${String(field.type)}`)
      .filter((text) => !/: \[.*\]!$/.test(text));
    expect([...new Set(promised)].toSorted()).toEqual([
      'accepted: Boolean!',
      'created: Boolean!',
      'newCount: Int!',
      'replayed: Boolean!',
      'step: SignInStep!',
    ]);
  });

  test('UserError and its codes are those of the catalogue', () => {
    expect(signature(schema.getType('UserError'))).toEqual([
      'code: UserErrorCode!',
      'message: String!',
      'field: [String!]',
      'targetId: ID',
    ]);
    const codes = schema.getType('UserErrorCode');
    const described = isEnumType(codes) ? codes.getValues().map(({ name, description }) => [name, description]) : [];
    const outcomes = Object.entries(errorCatalogue).filter(([, { surface }]) => surface === 'payload');
    expect(described).toEqual(outcomes.map(([code, { meaning }]) => [code, meaning]));
  });

  test('whatever changes a versioned object takes the version that it is based on', () => {
    const changing = [
      'UpdateUserInput',
      'UpdateProfileInput',
      'UpdateGroupInput',
      'SetGroupPermissionsInput',
      'DeleteGroupInput',
    ];
    for (const name of changing) {
      const input = schema.getType(name);
      const field = isInputObjectType(input) ? input.getFields()['expectedVersion'] : undefined;
      expect([name, String(field?.type)]).toEqual([name, 'Int']);
    }
  });

  test('creations take an idempotency key', () => {
    const creating = types.filter(({ name }) => /^Create\w+Input$/.test(name));
    expect(creating.length).toBeGreaterThan(0);
    for (const input of creating) {
      expect(isInputObjectType(input) && Object.hasOwn(input.getFields(), 'idempotencyKey')).toBe(true);
    }
  });
});

describe('every element', () => {
  const undescribed = (): readonly string[] =>
    types.flatMap((type) => {
      const isRoot = type.name === 'Query' || type.name === 'Mutation';
      const own = isRoot || type.description ? [] : [type.name];
      const inputs = isInputObjectType(type) ? Object.values(type.getFields()) : [];
      const values = isEnumType(type) ? type.getValues() : [];
      const members = [...fieldsOf(type), ...inputs, ...values].flatMap((member) => [
        ...(member.description ? [] : [`${type.name}.${member.name}`]),
        ...('args' in member
          ? member.args.filter((one) => !one.description).map((one) => `${type.name}.${member.name}(${one.name})`)
          : []),
      ]);
      return [...own, ...members];
    });

  test('has a description', () => {
    expect(undescribed()).toEqual([]);
  });

  test('with a rule says what it requires, in the words of the tree', () => {
    const guarded = Object.entries(rules).flatMap(([typeName, fields]) =>
      Object.entries(fields)
        .filter(([field]) => !isForeign(field))
        .map(([field, rule]) => ({ typeName, field, words: describeRule(rule) })),
    );
    const silent = guarded.filter(({ typeName, field, words }) => {
      const type = schema.getType(typeName);
      const description = isObjectType(type) ? type.getFields()[field]?.description : null;
      return description?.replaceAll(/\s+/g, ' ').endsWith(words) !== true;
    });
    expect(silent).toEqual([]);
  });

  test('without a rule does not say that it requires one', () => {
    const boasting = withFields.flatMap((type) =>
      fieldsOf(type)
        .filter(({ name, description }) => description?.includes('Requires `') === true && !rules[type.name]?.[name])
        .map(({ name }) => `${type.name}.${name}`),
    );
    expect(boasting).toEqual([]);
  });

  test('is named as its kind is', () => {
    for (const type of types) {
      expect(type.name).toMatch(/^[A-Z][A-Za-z0-9]*$/);
      const names = [...fieldsOf(type), ...(isInputObjectType(type) ? Object.values(type.getFields()) : [])];
      for (const { name } of names) expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
      const values = isEnumType(type) ? type.getValues() : [];
      for (const { name } of values) expect(name).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    }
  });

  test('keeps addresses, numbers and links as plain text in inputs', () => {
    const strict = new Set(['EmailAddress', 'PhoneNumber', 'URL']);
    const found = types
      .filter((type) => isInputObjectType(type))
      .flatMap((type) => Object.values(type.getFields()).map((field) => getNamedType(field.type).name))
      .filter((name) => strict.has(name));
    expect(found).toEqual([]);
  });
});

describe('fields', () => {
  test('of the roots are nullable, so that one refusal does not empty the whole answer', () => {
    const strict = (['Query', 'Mutation'] as const).flatMap((name) =>
      fieldsOf(rootType(name)).filter((field) => isNonNullType(field.type)),
    );
    expect(strict.map(({ name }) => name)).toEqual([]);
    const federated = rootType('Query').getFields();
    expect([String(federated['_service']?.type), String(federated['_entities']?.type)]).toEqual([
      '_Service!',
      '[_Entity]!',
    ]);
  });

  test('with a rule of their own are nullable', () => {
    const strict = Object.entries(rules).flatMap(([typeName, fields]) => {
      const type = schema.getType(typeName);
      return Object.keys(fields).filter(
        (field) => !isForeign(field) && isObjectType(type) && isNonNullType(type.getFields()[field]?.type),
      );
    });
    expect(strict).toEqual([]);
  });

  test('named id are ids, and Node has no root field', () => {
    // What a line of the log speaks of may have none: the system, a part of it.
    const ids = withFields
      .filter(({ name }) => name !== 'AuditReference')
      .flatMap((type) => fieldsOf(type).filter(({ name }) => name === 'id'));
    expect([...new Set(ids.map(({ type }) => String(type)))]).toEqual(['ID!']);
    expect(Object.keys(rootType('Query').getFields())).not.toContain('node');
    const nodes = ['User', 'Group', 'Session'].map((name) => schema.getType(name));
    for (const type of nodes)
      expect(isObjectType(type) && type.getInterfaces().map(({ name }) => name)).toEqual(['Node']);
  });

  test('that end in At are instants, and instants end in At', () => {
    const instants = withFields.flatMap((type) =>
      fieldsOf(type)
        .filter((field) => getNamedType(field.type).name === 'DateTime' || field.name.endsWith('At'))
        .map((field) => [`${type.name}.${field.name}`, getNamedType(field.type).name] as const),
    );
    const odd = instants.filter(
      ([name, type]) => type !== 'DateTime' || !/(At|Until|notBefore|\.at|TimeBucket\.start)$/.test(name),
    );
    expect(odd).toEqual([]);
  });
});

describe('connections', () => {
  const PAGE_ARGUMENTS = ['first: Int', 'after: String', 'last: Int', 'before: String'];

  test.each(connections)('$name has the shape of all', (connection) => {
    const name = connection.name.replace(/Connection$/, '');
    const [edges, nodes, ...rest] = signature(connection);
    expect(edges).toBe(`edges: [${name}Edge!]!`);
    expect(nodes).toMatch(/^nodes: \[\w+!\]!$/);
    expect(rest).toEqual(['pageInfo: PageInfo!', 'totalCount: Int!']);
    const node = nodes?.replace(/^nodes: \[/, '').replace(/!\]!$/, '');
    expect(signature(schema.getType(`${name}Edge`)).slice(0, 2)).toEqual(['cursor: String!', `node: ${node}!`]);
  });

  test('are paged both ways wherever a field gives one', () => {
    const giving = withFields.flatMap((type) =>
      fieldsOf(type).filter((field) => getNamedType(field.type).name.endsWith('Connection')),
    );
    expect(giving.map(({ name }) => name).toSorted()).toEqual(pages);
    for (const field of giving) {
      const given = field.args.map((one) => `${one.name}: ${String(one.type)}`);
      expect([field.name, ...given.slice(0, 4)]).toEqual([field.name, ...PAGE_ARGUMENTS]);
      expect(
        field.args.every(({ name, description }) => name !== 'first' || /1 to 100; 25 when/.test(description ?? '')),
      ).toBe(true);
    }
  });

  test('are what every unbounded list is; these others are bounded', () => {
    const lists = withFields
      .filter(({ name }) => !/(Connection|Payload|Result)$/.test(name))
      .flatMap((type) =>
        fieldsOf(type)
          .filter((field) => String(field.type).startsWith('['))
          .map((field) => `${type.name}.${field.name}`),
      );
    expect(lists.toSorted()).toEqual(boundedLists);
  });
});
