import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const limits = { tokens: 200, depth: 6, aliases: 5, rootFields: 4, directives: 3 };
const app = useTestApp({
  settings: {
    'limits.maximumTokens': String(limits.tokens),
    'limits.maximumDepth': String(limits.depth),
    'limits.maximumAliases': String(limits.aliases),
    'limits.maximumRootFields': String(limits.rootFields),
    'limits.maximumDirectives': String(limits.directives),
  },
});
const generous = useTestApp();
/** How deep the parser reads depends on how far the engine has compiled it; at so many tokens it is never deep enough. */
const endless = useTestApp({ settings: { 'limits.maximumTokens': '100000' } });

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

const FIELDS = ['permissionVersion', 'csrfToken', 'freshUntil', 'assuranceLevel', 'mfaGraceUntil'];

/** `{ viewer { permissionVersion csrfToken ... } }`: five tokens and one for each field, none of them too often. */
const tokens = (count: number): string =>
  `{ viewer { ${times(count - 5, (index) => FIELDS[index % FIELDS.length] ?? '')} } }`;

/** Levels: viewer, user, groups, then members and nodes and groups in turn. */
const depth = (levels: number): string => {
  const path = ['viewer', 'user', 'groups', 'createdBy', 'groups', 'createdBy', 'groups'].slice(0, levels - 1);
  return `{ ${path.map((field) => `${field} {`).join(' ')} __typename ${path.map(() => '}').join(' ')} }`;
};

const byAliases = (count: number): string =>
  `{ viewer { ${times(count, (index) => `a${index}: permissionVersion`)} } }`;
const aliasesByFragments = (count: number): string =>
  `fragment One on Viewer { x: permissionVersion } { viewer { ${times(count, () => '...One')} } }`;
const rootFields = (count: number): string =>
  `{ ${times(count, (index) => ['viewer { __typename }', 'passwordPolicy { minLength }', 'signInOptions { setupRequired }', 'health { status }', '__typename'][index] ?? '')} }`;
const rootFieldsByFragments = (count: number): string =>
  `fragment Root on Query { __typename } { ${times(count, () => '...Root')} }`;
const onSelections = (count: number): string =>
  `{ viewer { ${times(count, () => '... @include(if: true) { __typename }')} } }`;

describe('a document', () => {
  test.each([
    ['lists', `{ user(id: ${'['.repeat(20_000)}${']'.repeat(20_000)}) { id } }`],
    ['objects', `{ users(filter: ${'{search:'.repeat(6000)}1${'}'.repeat(6000)}) { totalCount } }`],
    ['selections', `${'{a'.repeat(20_000)}${'}'.repeat(20_000)}`],
  ])('that is nested too deeply to be read is refused as that: %s', async (_what, document) => {
    const { status, errors } = await endless().anonymous().run(document);
    expect([status, errors[0]?.extensions]).toEqual([400, { code: 'QUERY_TOO_COMPLEX', limit: 'nesting' }]);
    expect(errors[0]?.message).toBe('The document is nested too deeply to be read.');
  });

  test.each([
    ['tokens', 'maximumTokens', limits.tokens, tokens],
    ['levels', 'maximumDepth', limits.depth, depth],
    ['aliases', 'maximumAliases', limits.aliases, byAliases],
    ['aliases through a fragment spread again and again', 'maximumAliases', limits.aliases, aliasesByFragments],
    ['root fields', 'maximumRootFields', limits.rootFields, rootFields],
    ['root fields through a fragment', 'maximumRootFields', limits.rootFields, rootFieldsByFragments],
    ['directives', 'maximumDirectives', limits.directives, onSelections],
  ] as const)('may have as many %s as %s allows, and not one more', async (_what, limit, maximum, document) => {
    const client = app().anonymous();
    const most = await client.run(document(maximum));
    expect([most.status, most.errors]).toEqual([200, []]);
    const beyond = await client.run(document(maximum + 1));
    expect([beyond.status, beyond.code]).toEqual([400, 'QUERY_TOO_COMPLEX']);
    expect(beyond.errors[0]?.extensions).toMatchObject({ limit, maximum });
    expect(beyond.data).toBeUndefined();
  });

  test('may cost as much as the limit, and no point more', async () => {
    const { admin } = await app().cast();
    const document = '{ users(first: 100) { nodes { id displayName } } }';
    const { extensions } = await admin.run(document);
    const { requested } = extensions['cost'] as { requested: number };
    const exact = await startTestApp({ beside: app(), settings: { 'limits.maximumCost': String(requested) } });
    const short = await startTestApp({ beside: app(), settings: { 'limits.maximumCost': String(requested - 1) } });
    try {
      const headers = { authorization: `Bearer ${admin.accessToken}` };
      expect((await exact.anonymous(headers).run(document)).code).toBe('OK');
      const refused = await short.anonymous(headers).run(document);
      expect([refused.status, refused.code]).toEqual([400, 'QUERY_TOO_COMPLEX']);
      expect(refused.errors[0]?.extensions).toMatchObject({
        limit: 'maximumCost',
        cost: requested,
        maximum: requested - 1,
      });
      const byVariable = await short
        .anonymous(headers)
        .run('query U($n: Int) { users(first: $n) { nodes { id displayName } } }', { n: 100 });
      expect(byVariable.code).toBe('QUERY_TOO_COMPLEX');
    } finally {
      await exact.close();
      await short.close();
    }
  });

  test('of a refused kind touches neither the database nor the hash queue', async () => {
    const before = app().database.statements.count;
    const { code } = await app()
      .anonymous()
      .run(
        `mutation { ${times(5, (index) => `a${index}: signIn(input: { identifier: "a@b.example", password: "guess ${index}" }) { step }`)} }`,
      );
    expect(code).toBe('QUERY_TOO_COMPLEX');
    expect(app().database.statements.count).toBe(before);
  });
});

const guess = 'signIn(input: { identifier: "a@b.example", password: "guess" }) { step }';
const refresh = 'refreshSession(input: { refreshToken: "ghr_x" }) { errors { code } }';

describe('fields that try a credential', () => {
  test.each([
    ['under two aliases', `mutation { a: ${guess} b: ${guess} }`],
    ['of two kinds', `mutation { ${guess} ${refresh} }`],
    ['in one fragment spread twice', `fragment G on Mutation { ${guess} } mutation { ...G ...G }`],
    [
      'in two fragments',
      `fragment G on Mutation { a: ${guess} } fragment H on Mutation { b: ${guess} } mutation { ...G ...H }`,
    ],
    [
      'in fragments of fragments',
      `fragment H on Mutation { ${guess} } fragment G on Mutation { ...H ...H } mutation { ...G }`,
    ],
    ['in inline fragments', `mutation { ... { a: ${guess} } ... on Mutation { b: ${guess} } }`],
    [
      'skipped, which a variable could change',
      `mutation M($no: Boolean = false) { a: ${guess} b: ${guess.replace(') {', ') @include(if: $no) {')} }`,
    ],
    ['that look up tokens', '{ a: tokenStatus(token: "x") { state } b: tokenStatus(token: "y") { state } }'],
  ])('are refused in one operation %s', async (_how, document) => {
    const { status, code, errors } = await generous().anonymous().run(document);
    expect([status, code]).toEqual([400, 'QUERY_TOO_COMPLEX']);
    expect(errors[0]?.extensions).toMatchObject({ limit: 'credentialFields', maximum: 1 });
  });

  test('are answered once per operation, other operations of the document left out of it', async () => {
    const document = `mutation One { ${guess} } mutation Two { ${refresh} }`;
    const { status, code } = await generous().anonymous().post<unknown>({ query: document, operationName: 'One' });
    expect([status, code]).toEqual([200, 'OK']);
  });
});

describe('the limits as they are set from the start', () => {
  test('let GraphiQL read the schema', async () => {
    const { status, errors } = await generous()
      .anonymous()
      .run(
        getIntrospectionQuery({
          descriptions: true,
          inputValueDeprecation: true,
          schemaDescription: true,
          oneOf: true,
        }),
      );
    expect([status, errors]).toEqual([200, []]);
  });

  test.each([
    [
      'a fragment bomb',
      `${times(30, (index) => `fragment F${index} on Viewer { ...F${index + 1} ...F${index + 1} }`)} fragment F30 on Viewer { permissionVersion } { viewer { ...F0 } }`,
    ],
    [
      'fragments that spread each other',
      'fragment A on Viewer { ...B } fragment B on Viewer { ...A } { viewer { ...A } }',
    ],
    ['a thousand times the same field', `{ viewer { ${'user { id }'.repeat(500)} } }`],
    ['the same fragment over and over', `fragment F on Viewer { csrfToken } { viewer { ${'...F '.repeat(600)} } }`],
    ['thousands of braces', `${'{ viewer '.repeat(2000)}${'}'.repeat(2000)}`],
    ['thousands of lists', `{ users(filter: { groupIds: ${'['.repeat(2000)}${']'.repeat(2000)} }) { totalCount } }`],
    [
      'introspection in circles',
      `{ __schema { types { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } } } } } } } } } } } } } } } }`,
    ],
    [
      'pages of pages',
      '{ groups(first: 100) { nodes { members(first: 100) { nodes { groups { members(first: 100) { nodes { id } } } } } } } }',
    ],
  ])('refuse %s at once', async (_what, document) => {
    const { admin } = await generous().cast();
    const { status, code, errors } = await admin.run(document);
    expect(status).toBe(400);
    expect(errors.length).toBeLessThanOrEqual(21);
    expect(['QUERY_TOO_COMPLEX', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']).toContain(code);
  });
});
