import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';
import { useTestApp } from '../../support/test-app.ts';
import { getPath } from './raw-requests.ts';

const app = useTestApp({
  settings: {
    'server.baseUrl': 'https://id.example.org',
    'server.introspection': 'false',
    'server.playground': 'false',
    'operations.metrics': 'false',
  },
});

describe('a server as production has it', () => {
  test('keeps its schema to itself', async () => {
    const full = await app().anonymous().run(getIntrospectionQuery());
    expect([full.status, full.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    const type = await app().anonymous().run('{ __type(name: "User") { fields { name } } }');
    expect([type.status, type.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    for (const { errors } of [full, type]) {
      expect(errors[0]).toMatchObject({ message: 'Introspection is switched off on this server.' });
      expect(errors[0]?.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
    }
    expect((await app().anonymous().run('{ __typename }')).data).toEqual({ __typename: 'Query' });
  });

  test.each([
    '{ viewr { permissionVersion } }',
    '{ viewer { permissionVersio } }',
    '{ users(frst: 1) { totalCount } }',
    '{ users(orderBy: { field: EMAI }) { totalCount } }',
    '{ users(filter: { serch: "a" }) { totalCount } }',
    'fragment F on Usr { id } { viewer { user { ...F } } }',
  ])('does not give names away to who guesses: %s', async (document) => {
    const { status, errors } = await app().anonymous().run(document);
    expect(status).toBe(400);
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toContain('Did you mean');
  });

  test('does not give names away in variables either', async () => {
    const query = 'query U($filter: UserFilter) { users(filter: $filter) { totalCount } }';
    const { status, errors } = await app()
      .anonymous()
      .run(query, { filter: { serch: 'a' } });
    expect(status).toBe(400);
    expect(JSON.stringify(errors)).not.toContain('Did you mean');
  });

  test('still hands its SDL to routers, which cannot compose without it', async () => {
    const { data } = await app().anonymous().run<{ _service: { sdl: string } }>('{ _service { sdl } }');
    expect(data._service.sdl).toContain('type User');
  });

  test('serves neither playground nor metrics', async () => {
    expect((await getPath(app(), '/playground')).status).toBe(404);
    expect((await getPath(app(), '/metrics')).status).toBe(404);
  });

  test('tells browsers to come by TLS only', async () => {
    const { headers } = await getPath(app(), '/healthz');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });
});
