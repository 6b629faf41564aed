import { getNamedType, isInputObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { isPublic } from '../../src/permissions/rules.ts';
import { wrappedFields } from '../../src/permissions/shield.ts';
import { credentialFields } from '../../src/permissions/field-lists.ts';
import { tree } from '../../src/permissions/tree.ts';
import { buildUnguardedSchema } from '../../src/schema.ts';
import { createCast } from '../support/cast.ts';
import { useTestApp } from '../support/test-app.ts';

describe('the guard', () => {
  test('wraps exactly the fields that a rule can refuse, and every mutation, for whoever acts as somebody else', async () => {
    const schema = await buildUnguardedSchema({ get: () => ({}) }, { securityDirectives: false });
    const refusable = Object.entries(tree).flatMap(([typeName, rules]) =>
      Object.entries(rules)
        .filter(([, rule]) => typeName === 'Mutation' || !isPublic(rule))
        .map(([field]) => `${typeName}.${field}`),
    );
    const wrapped = wrappedFields(schema, tree);
    expect(wrapped.toSorted()).toEqual(refusable.toSorted());
    expect(wrapped).toHaveLength(164);
  });

  test('counts every operation that takes a password, code, passkey or token among the credential fields', async () => {
    const schema = await buildUnguardedSchema({ get: () => ({}) }, { securityDirectives: false });
    const named = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.values(type?.getFields() ?? {}).flatMap(({ name, args }) => {
        const inner = args.flatMap((one) => {
          const input = getNamedType(one.type);
          return isInputObjectType(input) ? Object.keys(input.getFields()) : [];
        });
        const tries = [...args.map((one) => one.name), ...inner].some((word) =>
          /(password|token|code|passkey)$/i.test(word),
        );
        return tries ? [`${String(type)}.${name}`] : [];
      }),
    );
    // The password of a new user is given, not tried.
    expect(named.filter((name) => name !== 'Mutation.createUser').toSorted()).toEqual([...credentialFields].toSorted());
  });
});

describe('a rule that reads arguments', () => {
  const app = useTestApp();

  test('gives each alias of one field its own verdict', async () => {
    const { member, support } = await createCast(app());
    const document = `query ($own: ID!, $other: ID!) {
      before: user(id: $other) { id }
      own: user(id: $own) { id email }
      other: user(id: $other) { id email }
      again: user(id: $own) { id }
    }`;
    const { data, errors } = await member.run(document, { own: member.id, other: support.id });
    expect(data).toEqual({
      before: null,
      own: { id: member.id, email: member.email },
      other: null,
      again: { id: member.id },
    });
    expect(errors.map(({ path, extensions }) => [path, extensions.code, extensions.missing])).toEqual([
      [['before'], 'FORBIDDEN', ['view:users']],
      [['other'], 'FORBIDDEN', ['view:users']],
    ]);
  });

  test('gives each object of a list its own verdict where it reads the object', async () => {
    const { impersonator, support } = await createCast(app());
    const document = `query ($ids: [_Any!]!) { _entities(representations: $ids) { ... on User { id permissions { scope { mode } } } } }`;
    const ids = [support.id, impersonator.id].map((id) => ({ __typename: 'User', id }));
    const { data, errors } = await impersonator.run<{ _entities: { id: string; permissions: unknown }[] }>(document, {
      ids,
    });
    expect(data._entities.map(({ id, permissions }) => [id, permissions === null])).toEqual([
      [support.id, true],
      [impersonator.id, false],
    ]);
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['_entities', 0, 'permissions'], 'FORBIDDEN'],
    ]);
  });
});
