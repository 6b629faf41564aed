import { describe, expect, test } from 'vitest';
import { ExplainOperationDocument, type ExplainOperationQueryVariables } from '../../../generated/client/graphql.ts';
import { documentHash } from '../../../src/crypto/document-hash.ts';
import { disable } from './people.ts';
import { impersonate, makeImpersonator, makeTarget } from '../../support/impersonation.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import { makeKey } from './keys.ts';

const app = useTestApp();
const cast = useCast(app);

const explain = async (client: TestClient, variables: ExplainOperationQueryVariables) => {
  const { data, errors } = await client.send(ExplainOperationDocument, variables);
  expect(errors).toEqual([]);
  if (data.explainOperation == null) throw new Error('There is no explanation.');
  return data.explainOperation;
};

/** `coordinate allowed` with what is missing. */
const told = async (client: TestClient, variables: ExplainOperationQueryVariables): Promise<readonly string[]> => {
  const { verdicts, problems } = await explain(client, variables);
  expect(problems).toEqual([]);
  return verdicts.map(({ path, coordinate, allowed, missing }) =>
    [path.join('.'), coordinate, allowed ? 'yes' : 'no', ...missing].join(' '),
  );
};

const DOCUMENT = `query ($id: ID!, $deep: Boolean = false) {
  user(id: $id) { id groups @include(if: $deep) { name members { totalCount } } failedSignInCount }
  groups { totalCount }
}`;

describe('explainOperation', () => {
  test('says in the order of the document what the tree says of each field that has a rule', async () => {
    const { member, reader } = cast();
    const variables = { id: reader.id, deep: true };
    expect(await told(member, { document: DOCUMENT, variables })).toEqual([
      'user Query.user no view:users',
      'user.groups User.groups no view:users',
      'user.groups.members Group.members no view:groups',
      'user.failedSignInCount User.failedSignInCount no view:users',
      'groups Query.groups no view:groups',
    ]);
    const answer = await explain(reader, { document: DOCUMENT, variables });
    expect(answer.allowed).toBe(true);
    expect(answer.verdicts).toHaveLength(5);
    expect(answer.verdicts[0]).toEqual({
      path: ['user'],
      coordinate: 'Query.user',
      allowed: true,
      rule: 'Requires `view:users`, or about oneself.',
      rowRule: 'Users in the reach of `view:users`, and oneself; others are NOT_FOUND.',
      missing: [],
      required: null,
    });
  });

  test('leaves out what @skip and @include leave out, by variables and their defaults', async () => {
    const { member } = cast();
    const variables = { id: member.id };
    const coordinates = await told(member, { document: DOCUMENT, variables });
    expect(coordinates.map((one) => one.split(' ')[1])).toEqual([
      'Query.user',
      'User.failedSignInCount',
      'Query.groups',
    ]);
    const skipped = {
      document: 'query ($s: Boolean!) { groups @skip(if: $s) { totalCount } }',
      variables: { s: true },
    };
    expect(await told(member, skipped)).toEqual([]);
  });

  test('reads arguments about oneself from literals and variables, one verdict for each alias', async () => {
    const { member, admin } = cast();
    const document = `query ($own: ID!) { a: user(id: $own) { id } b: user(id: "${admin.id}") { id } c: user(id: "${member.id}") { id } }`;
    expect(await told(member, { document, variables: { own: member.id.toUpperCase() } })).toEqual([
      'a Query.user yes',
      'b Query.user no view:users',
      'c Query.user yes',
    ]);
  });

  test('cannot tell whose an object is, and says so instead of allowing it', async () => {
    const { member, reader } = cast();
    const document = '{ viewer { user { mfa { enabled } } } }';
    const verdict = async (client: TestClient) => (await explain(client, { document })).verdicts.at(-1);
    expect(await verdict(member)).toMatchObject({ coordinate: 'User.mfa', allowed: false, missing: ['view:users'] });
    expect((await verdict(member))?.rowRule).toMatch(/Also passes where the object is the subject's own/);
    expect(await verdict(reader)).toMatchObject({ allowed: true, rowRule: null });
    expect((await member.run(document)).errors).toEqual([]);
  });

  test('goes through fragments, and counts each type that a reference can be', async () => {
    const { auditor, member } = cast();
    const document = `query ($r: [_Any!]!) { _entities(representations: $r) { ...Both } }
      fragment Both on _Entity { ... on User { mfa { enabled } } ... on Group { memberCount } }`;
    const variables = { r: [{ __typename: 'User', id: member.id }] };
    const lines = await told(auditor, { document, variables });
    expect(lines).toEqual([
      '_entities Query._entities yes',
      '_entities.mfa User.mfa yes',
      '_entities.memberCount Group.memberCount yes',
    ]);
  });

  test('says the same as running the document does, for everybody of the cast', async () => {
    const { anonymous, ...people } = cast();
    const document = `{ groups { totalCount } mailDeliveries { totalCount } users { totalCount } health { version } }`;
    for (const client of Object.values(people)) {
      const { verdicts } = await explain(client, { document });
      const run = await client.run(document);
      const refused = run.errors.map(({ path, extensions }) => `${path?.join('.')} ${extensions.missing?.join(' ')}`);
      const denied = verdicts
        .filter(({ allowed }) => !allowed)
        .map(({ path, missing }) => `${path.join('.')} ${missing.join(' ')}`);
      expect(new Set(denied)).toEqual(new Set(refused));
    }
    expect((await anonymous.send(ExplainOperationDocument, { document })).code).toBe('UNAUTHENTICATED');
  });

  test('tells how a session must be raised, as running tells it', async () => {
    const rotator = await holderOf(app(), ['rotate:signing-keys']);
    const document = 'mutation { rotateSigningKey(input: {}) { errors { code } } }';
    const [verdict] = (await explain(rotator, { document })).verdicts;
    const run = await rotator.run(document);
    expect(run.code).toBe('STEP_UP_REQUIRED');
    expect(verdict).toMatchObject({ allowed: false, missing: [], required: run.errors[0]?.extensions['required'] });
  });

  test('runs nothing', async () => {
    const { admin } = cast();
    const before = app().database.statements.count;
    const document = 'mutation { createGroup(input: { name: "Explained" }) { group { id } errors { code } } }';
    expect((await explain(admin, { document })).allowed).toBe(true);
    expect(app().database.statements.count - before).toBe(1);
    const found = await admin.run<{ groups: { totalCount: number } }>(
      '{ groups(filter: { search: "Explained" }) { totalCount } }',
    );
    expect(found.data.groups.totalCount).toBe(0);
  });
});

describe('explainOperation about others', () => {
  const document = '{ groups { totalCount } changes: users { totalCount } }';

  test('tells what a user could do in an ordinary session, not lately confirmed', async () => {
    const { admin, member, keyMaster } = cast();
    expect(await told(admin, { document, as: { userId: member.id } })).toEqual([
      'groups Query.groups no view:groups',
      'changes Query.users yes',
    ]);
    const rotation = 'mutation { rotateSigningKey(input: {}) { errors { code } } }';
    const [verdict] = (await explain(admin, { document: rotation, as: { userId: keyMaster.id } })).verdicts;
    expect(verdict).toMatchObject({ allowed: false, required: { assuranceLevel: 'AAL2', withinMinutes: 10 } });
  });

  test('tells what a key could do, and what nobody could', async () => {
    const { admin, support } = cast();
    const key = await makeKey(app(), support.id, ['view:groups']);
    const both = '{ groups { totalCount } mailDeliveries { totalCount } }';
    expect(await told(admin, { document: both, as: { apiKeyId: key.id } })).toEqual([
      'groups Query.groups yes',
      'mailDeliveries Query.mailDeliveries no view:mail',
    ]);
    expect(await told(key.client, { document: both })).toEqual([
      'groups Query.groups yes',
      'mailDeliveries Query.mailDeliveries no view:mail',
    ]);
    expect(
      await told(admin, { document: '{ groups { totalCount } viewer { csrfToken } }', as: { anonymous: true } }),
    ).toEqual(['groups Query.groups no', 'viewer Query.viewer yes']);
  });

  test('tells that a key is bound to other documents, as sending one says', async () => {
    const { admin, support } = cast();
    const [bound, other] = ['query Bound { groups { totalCount } }', '{ groups { totalCount } }'];
    const key = await makeKey(app(), support.id, ['view:groups']);
    await app().database.query('update api_keys set document_ids = $2 where id = $1', [key.id, [documentHash(bound)]]);
    for (const sent of [bound, other]) {
      const { allowed, problems } = await explain(admin, { document: sent, as: { apiKeyId: key.id } });
      const { code } = await key.client.run(sent);
      expect([allowed, problems.length === 0]).toEqual([code === 'OK', code === 'OK']);
    }
    expect((await key.client.run(other)).code).toBe('FORBIDDEN');
  });

  test("shows one's own keys to everybody, as long as they are own", async () => {
    const { member, admin } = cast();
    const own = await makeKey(app(), member.id, []);
    const foreign = await makeKey(app(), admin.id, []);
    expect(await told(member, { document, as: { apiKeyId: own.id } })).toHaveLength(2);
    const answer = await member.send(ExplainOperationDocument, { document, as: { apiKeyId: foreign.id } });
    expect([answer.code, answer.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['view:groups']]);
  });

  test('needs view:groups, and refuses alike what is there and what is not', async () => {
    const { member, admin } = cast();
    const missing = '01890000-0000-7000-8000-00000000ffff';
    for (const as of [
      { userId: admin.id },
      { userId: missing },
      { userId: 'nonsense' },
      { apiKeyId: missing },
      { anonymous: true },
    ]) {
      const { code, errors, data } = await member.send(ExplainOperationDocument, { document, as });
      expect([as, code, errors[0]?.extensions.missing, data]).toEqual([
        as,
        'FORBIDDEN',
        ['view:groups'],
        { explainOperation: null },
      ]);
    }
  });

  test('finds nobody whom the caller may not see, nor keys without view:api-keys', async () => {
    const { admin, reader } = cast();
    const blind = await holderOf(app(), ['view:groups']);
    const key = await makeKey(app(), admin.id, []);
    const code = async (client: TestClient, as: object) =>
      (await client.send(ExplainOperationDocument, { document, as })).code;
    expect(await code(blind, { userId: admin.id })).toBe('NOT_FOUND');
    expect(await code(blind, { userId: '01890000-0000-7000-8000-00000000ffff' })).toBe('NOT_FOUND');
    expect(await code(blind, { userId: 'nonsense' })).toBe('NOT_FOUND');
    expect(await code(reader, { userId: admin.id })).toBe('OK');
    expect(await code(reader, { apiKeyId: key.id })).toBe('NOT_FOUND');
    expect(await code(admin, { apiKeyId: key.id })).toBe('OK');
  });

  test('takes exactly one subject', async () => {
    const { admin } = cast();
    for (const as of [
      {},
      { anonymous: false },
      { userId: admin.id, anonymous: true },
      { userId: admin.id, apiKeyId: admin.id },
    ]) {
      expect((await admin.send(ExplainOperationDocument, { document, as })).code).toBe('BAD_USER_INPUT');
    }
  });

  test('says that somebody who is not active can do only what anybody can', async () => {
    const { admin } = cast();
    const id = await somebody(app());
    await disable(app(), id);
    const { allowed, verdicts } = await explain(admin, {
      document: '{ users { totalCount } viewer { csrfToken } }',
      as: { userId: id },
    });
    expect(allowed).toBe(false);
    expect(verdicts.map((one) => [one.coordinate, one.allowed])).toEqual([
      ['Query.users', false],
      ['Query.viewer', true],
    ]);
    expect(verdicts[0]?.rowRule).toMatch(/^The subject is not active/);
  });

  test('while impersonating it is about the impersonated session', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const acting = await impersonate(app(), actor, target.id, { mode: 'READ_ONLY' });
    const change = 'mutation { updateProfile(input: {}) { errors { code } } }';
    expect(await told(acting, { document: change })).toEqual(['updateProfile Mutation.updateProfile no']);
    expect(await told(acting, { document: change, as: { userId: target.id } })).toEqual([
      'updateProfile Mutation.updateProfile yes',
    ]);
    expect((await acting.run(change)).code).toBe('FORBIDDEN');
  });
});

describe('explainOperation with documents that are no use', () => {
  const problemsOf = async (document: string, more: Partial<ExplainOperationQueryVariables> = {}) => {
    const answer = await explain(cast().admin, { document, ...more });
    expect([answer.allowed, answer.verdicts]).toEqual([false, []]);
    return answer.problems;
  };

  test('tells what is wrong with them', async () => {
    expect(await problemsOf('{ nothing }')).toEqual(['Cannot query field "nothing" on type "Query". (1:3)']);
    expect(await problemsOf('{ users {')).toEqual(['Syntax Error: Expected Name, found <EOF>. (1:10)']);
    expect(await problemsOf('')).toEqual(['Syntax Error: Unexpected <EOF>. (1:1)']);
    expect(await problemsOf('fragment F on User { id }')).toEqual(['Fragment "F" is never used. (1:1)']);
    const two = 'query A { users { totalCount } } query B { users { totalCount } }';
    expect(await problemsOf(two)).toEqual(['There are several operations; name one.']);
    expect(await problemsOf(two, { operationName: 'C' })).toEqual(['No operation has this name.']);
    expect(await told(cast().admin, { document: two, operationName: 'B' })).toHaveLength(1);
  });

  test('says so of one that is nested too deeply to be read', async () => {
    const settings = { 'limits.maximumTokens': '100000' };
    const generous = await startTestApp({ settings });
    const { admin } = await generous.cast();
    const document = `{ user(id: ${'['.repeat(9900)}${']'.repeat(9900)}) { id } }`;
    expect(await explain(admin, { document })).toMatchObject({ problems: ['Nested too deeply to be read.'] });
    await generous.close();
  });

  test('checks variables as running does', async () => {
    const document = 'query ($id: ID!) { user(id: $id) { id } }';
    expect(await problemsOf(document)).toEqual(['Variable "$id" of required type "ID!" was not provided. (1:8)']);
    expect((await problemsOf(document, { variables: { id: [] } }))[0]).toMatch(/^Variable "\$id" got invalid value/);
    const bad = '{ users(filter: { createdAt: { from: "yesterday" } }) { totalCount } }';
    expect(await problemsOf(bad)).toHaveLength(1);
  });

  test('bounds them as documents that are run, and in length', async () => {
    expect(await problemsOf(`{ ${'x'.repeat(1000)} }`)).toHaveLength(1);
    expect(await problemsOf(`# ${'x'.repeat(200_000)}`)).toEqual(['Longer than 20000 characters.']);
    expect((await problemsOf(`{ ${'a '.repeat(5001)} }`))[0]).toMatch(/more tha[nt] 5000 tokens/);
    const deep = `{ viewer { user { ${'groups { members { nodes { '.repeat(5)} id ${'} } } '.repeat(5)} } } }`;
    expect((await problemsOf(deep))[0]).toMatch(/levels of fields; at most 12/);
    const twice =
      'mutation { a: signIn(input: { identifier: "a" }) { step } b: signIn(input: { identifier: "b" }) { step } }';
    expect((await problemsOf(twice)).join(' ')).toMatch(/fields that try a credential/);
  });

  test('a hundred of them in one request are too many', async () => {
    const document = `query { ${Array.from({ length: 21 }, (_, index) => `a${index}: explainOperation(document: "{ viewer { csrfToken } }") { allowed }`).join(' ')} }`;
    expect((await cast().admin.run(document)).code).toBe('QUERY_TOO_COMPLEX');
  });
});
