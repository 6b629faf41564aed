import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCast } from '../support/cast.ts';
import { startTestApp, type TestApp, useTestApp } from '../support/test-app.ts';
import { type Answer, TestClient } from '../support/test-client.ts';

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

const LEVELS = ['user', 'groups', 'members(first: 1)', 'nodes'];

/** `viewer` and what lies under it, as many levels of fields as asked for. */
const nested = (levels: number): string => {
  const path = Array.from({ length: levels - 2 }, (_, index) =>
    index < 4 ? (LEVELS[index] ?? '') : (['groups', 'members(first: 1)', 'nodes'][(index - 4) % 3] ?? ''),
  );
  return `{ viewer { ${path.map((field) => `${field} { `).join('')} __typename ${'}'.repeat(path.length)} } }`;
};

const introspection = (levels: number): string => {
  const inner = levels - 4;
  return `{ __schema { types { fields { type { ${'ofType { '.repeat(inner - 1)} name ${'}'.repeat(inner - 1)} } } } } }`;
};

const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
const announced = (name: string): number =>
  Number(new RegExp(String.raw`\`${name}\`[^|]*\| (\d+)`).exec(page)?.[1] ?? Number.NaN);

const LIMITS: readonly (readonly [name: string, document: (count: number) => string])[] = [
  // Around the values stand 16 tokens.
  [
    'maximumTokens',
    (count) => `{ users(filter: { statusIn: [${times(count - 16, () => 'ACTIVE')}] }) { totalCount } }`,
  ],
  ['maximumDepth', nested],
  ['maximumIntrospectionDepth', introspection],
  ['maximumAliases', (count) => `{ passwordPolicy { ${times(count, (index) => `a${index}: minLength`)} } }`],
  ['maximumRootFields', (count) => `{ ${times(count, (index) => `r${index}: __typename`)} }`],
  ['maximumDirectives', (count) => `{ passwordPolicy { ${times(count, () => 'minLength @include(if: true)')} } }`],
];

describe('what docs/limits.md announces', () => {
  const app = useTestApp();
  let tight: TestApp | null = null;
  let admin: TestClient;

  beforeAll(async () => {
    ({ admin } = await createCast(app()));
    tight = await startTestApp({ beside: app(), settings: { 'limits.maximumCost': '100' } });
  });
  afterAll(async () => {
    await tight?.close();
  });

  test.each(LIMITS)('%s: the maximum is answered, one more is refused before anything runs', async (name, document) => {
    const maximum = announced(name);
    expect(maximum).toBeGreaterThan(0);
    const most = await admin.run(document(maximum));
    expect([most.status, most.errors]).toEqual([200, []]);
    const { status, data, errors } = await admin.run(document(maximum + 1));
    const [error] = errors;
    expect([status, data, error?.extensions.code]).toEqual([400, undefined, 'QUERY_TOO_COMPLEX']);
    expect([error?.extensions['limit'], error?.extensions['maximum']]).toEqual([name, maximum]);
  });

  test('maximumCost: the maximum is answered, one point more is refused before anything runs', async () => {
    const client = new TestClient(`${tight?.url ?? ''}/graphql`, admin.headers);
    const document = (points: number): string =>
      `{ users(first: 87) { nodes { id } ${times(points, (index) => `a${index}: totalCount`)} } }`;
    const costOf = ({ extensions }: Answer<unknown>): number => (extensions['cost'] as { requested: number }).requested;
    const cost = costOf(await client.run(document(1)));
    const left = 100 - cost + 1;
    const most = await client.run(document(left));
    expect([most.status, most.errors, costOf(most)]).toEqual([200, [], 100]);
    const { status, errors } = await client.run(document(left + 1));
    expect([status, errors[0]?.extensions]).toMatchObject([
      400,
      { code: 'QUERY_TOO_COMPLEX', limit: 'maximumCost', cost: 101, maximum: 100 },
    ]);
  });

  test('credential fields: one is answered, two of them in any guise are refused', async () => {
    const one = 'tokenStatus(token: "x") { state }';
    expect((await admin.run(`{ ${one} }`)).code).toBe('OK');
    const twice = [
      `{ a: ${one} b: ${one} }`,
      `{ ...F a: ${one} } fragment F on Query { b: ${one} }`,
      `{ a: ${one} ... on Query { b: ${one} } }`,
    ];
    for (const document of twice) {
      const { errors } = await admin.run(document);
      expect(errors[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limit: 'credentialFields', maximum: 1 });
    }
    const mixed = await admin.run(
      `mutation { refreshSession(input: { refreshToken: "x" }) { errors { code } }
         signIn(input: { identifier: "a", password: "b" }) { step } }`,
    );
    expect(mixed.errors[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limit: 'credentialFields' });
  });

  test('the body limit: the last byte is read, one more is refused', async () => {
    const maximum = app().config.server.bodyLimitBytes;
    const body = (bytes: number): string => {
      const text = JSON.stringify({ query: '{ __typename }', variables: { padding: '' } });
      return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
    };
    const most = await admin.post(body(maximum));
    expect([body(maximum).length, most.status, most.errors]).toEqual([maximum, 200, []]);
    expect((await admin.post(body(maximum + 1))).status).toBe(413);
  });

  test('one operation a request: a batch is refused', async () => {
    const { status } = await admin.post([{ query: '{ __typename }' }]);
    expect(status).toBe(400);
  });
});
