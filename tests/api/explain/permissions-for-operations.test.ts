import { describe, expect, test } from 'vitest';
import { PermissionsForOperationsDocument } from '../../../generated/client/graphql.ts';
import type { PermissionName } from '../../../src/permissions/catalogue.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import { makeKey } from './keys.ts';

const app = useTestApp();
const cast = useCast(app);

const ask = (documents: readonly string[]) =>
  cast().member.send(PermissionsForOperationsDocument, { documents: [...documents] });

const needs = async (...documents: readonly string[]) => {
  const { data, errors } = await ask(documents);
  expect(errors).toEqual([]);
  if (data.permissionsForOperations == null) throw new Error('There is no answer.');
  const { permissions, sessionOnly, problems } = data.permissionsForOperations;
  expect(permissions.every(({ constraints }) => constraints.length === 0)).toBe(true);
  return { permissions: permissions.map(({ action, resource }) => `${action}:${resource}`), sessionOnly, problems };
};

const NIGHTLY = `query Nightly($first: Int) {
  users(first: $first) { nodes { ...Person groups { name memberCount } } }
  mailDeliveries(first: $first) { nodes { id user { id } } }
}
fragment Person on User { id externalId failedSignInCount }`;

describe('permissionsForOperations', () => {
  test('is the least with which a key can run the documents, and each of them is needed', async () => {
    const { admin } = cast();
    const { permissions, ...rest } = await needs(NIGHTLY);
    expect(rest).toEqual({ sessionOnly: [], problems: [] });
    expect(permissions).toEqual(['view:groups', 'view:mail', 'view:users']);
    const codesWith = async (held: readonly string[]): Promise<readonly string[]> => {
      const { client } = await makeKey(app(), admin.id, held as readonly PermissionName[]);
      const { errors } = await client.run(NIGHTLY, { first: 5 });
      return [...new Set(errors.map(({ extensions }) => extensions.code))];
    };
    expect(await codesWith(permissions)).toEqual([]);
    for (const one of permissions) {
      expect([one, await codesWith(permissions.filter((other) => other !== one))]).toEqual([one, ['FORBIDDEN']]);
    }
  });

  test('unites what several documents need', async () => {
    const found = await needs(
      '{ groups { totalCount } }',
      '{ mailDeliveries { totalCount } }',
      '{ groups { totalCount } }',
    );
    expect(found).toEqual({ permissions: ['view:groups', 'view:mail'], sessionOnly: [], problems: [] });
  });

  test('names the fields that no key can use', async () => {
    const document = `mutation ($c: ChangePasswordInput!, $d: UserReasonInput!) { changePassword(input: $c) { errors { code } } }`;
    const own = 'mutation { rotateSigningKey(input: {}) { errors { code } } }';
    expect((await needs(own)).sessionOnly).toEqual(['Mutation.rotateSigningKey']);
    expect((await needs(document)).problems.length).toBeGreaterThan(0);
    const change = 'mutation ($c: ChangePasswordInput!) { changePassword(input: $c) { errors { code } } }';
    expect(await needs(change)).toEqual({ permissions: [], sessionOnly: ['Mutation.changePassword'], problems: [] });
  });

  test('tells which documents are no use, and counts the others', async () => {
    expect(await needs('{ groups { totalCount } }', '{ nonsense }', '{')).toEqual({
      permissions: ['view:groups'],
      sessionOnly: [],
      problems: [
        'Document 2: Cannot query field "nonsense" on type "Query". (1:3)',
        'Document 3: Syntax Error: Expected Name, found <EOF>. (1:2)',
      ],
    });
    expect((await needs(`# ${'x'.repeat(100_000)}`)).problems).toEqual(['Longer than 20000 characters.']);
  });

  test('takes 1 to 100 documents, and few such questions in one request', async () => {
    const document = '{ groups { totalCount } }';
    const many = (count: number): readonly string[] => Array.from({ length: count }, () => document);
    expect((await needs(...many(100))).permissions).toEqual(['view:groups']);
    for (const count of [0, 101]) expect((await ask(many(count))).code).toBe('BAD_USER_INPUT');
    const aliases = Array.from(
      { length: 6 },
      (_, index) => `a${index}: permissionsForOperations(documents: $d) { sessionOnly }`,
    );
    const request = `query ($d: [String!]!) { ${aliases.join(' ')} }`;
    expect((await cast().member.run(request, { d: [document] })).code).toBe('QUERY_TOO_COMPLEX');
  });

  test('needs a caller, asks the database nothing', async () => {
    const { anonymous } = cast();
    const answer = await anonymous.send(PermissionsForOperationsDocument, { documents: ['{ viewer { csrfToken } }'] });
    expect(answer.code).toBe('UNAUTHENTICATED');
    const before = app().database.statements.count;
    await needs('{ groups { totalCount } }');
    expect(app().database.statements.count - before).toBe(1);
  });
});
