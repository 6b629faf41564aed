import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CreateApiKeyDocument } from '../../../generated/client/graphql.ts';
import { makeKey } from '../../support/api-keys.ts';
import { databaseState } from '../../support/database-state.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

const USERS = 'query Users { users(first: 3) { nodes { id groups { name } } } }';
const GROUPS = 'query Groups($first: Int) { groups(first: $first) { nodes { id } } }';
const idOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('documents of a key', () => {
  test('give it exactly what they need', async () => {
    const key = await makeKey(app(), cast().admin, { documents: [USERS, GROUPS] });
    const { data } = await cast().admin.run<{ apiKey: { permissions: unknown; documentIds: string[] } }>(
      `{ apiKey(id: "${key.keyId}") { permissions { action resource } documentIds } }`,
    );
    expect(data.apiKey).toEqual({
      permissions: [
        { action: 'view', resource: 'groups' },
        { action: 'view', resource: 'users' },
      ],
      documentIds: [],
    });
    expect((await key.run(USERS)).errors).toEqual([]);
    expect((await key.run('{ groups { totalCount } }')).errors).toEqual([]);
    expect((await key.run('{ sessions { totalCount } }')).errors).toEqual([]);
    expect((await key.run('{ mailDeliveries { totalCount } }')).code).toBe('FORBIDDEN');
  });

  test('bound to it are all that it runs, byte for byte', async () => {
    const key = await makeKey(app(), cast().admin, { documents: [USERS, GROUPS, USERS], bindToDocuments: true });
    const { data } = await cast().admin.run<{ apiKey: { documentIds: string[] } }>(
      `{ apiKey(id: "${key.keyId}") { documentIds } }`,
    );
    expect(data.apiKey.documentIds).toEqual([idOf(USERS), idOf(GROUPS)]);
    expect((await key.run(USERS)).errors).toEqual([]);
    expect((await key.run(GROUPS, { first: 1 })).errors).toEqual([]);
    const others = [
      `${USERS} `,
      USERS.replace('first: 3', 'first: 4'),
      '{ __typename }',
      '{ _service { sdl } }',
      `${USERS}\n${GROUPS}`,
    ];
    for (const document of others) {
      const answer = await key.post({ query: document, operationName: document.includes('Users') ? 'Users' : null });
      expect([document, answer.status, answer.code]).toEqual([document, 403, 'FORBIDDEN']);
      expect(answer.errors[0]?.message).toBe('This API key is bound to other documents.');
    }
    const url = new URL(`${app().url}/graphql`);
    url.searchParams.set('query', '{ viewer { user { id } } }');
    const byGet = await fetch(url, { headers: { ...key.headers, 'apollo-require-preflight': 'x' } });
    expect(byGet.status).toBe(403);
  });

  test('that are changes are refused before anything of them runs', async () => {
    const key = await makeKey(app(), cast().admin, { documents: [USERS], bindToDocuments: true });
    const before = await databaseState(app());
    await key.run(`mutation { revokeApiKey(input: { id: "${key.keyId}" }) { errors { code } } }`);
    expect(await databaseState(app())).toEqual(before);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['malformed', ['{ users'], ['INVALID_VALUE']],
    ['about fields that there are not', ['{ secrets }'], ['INVALID_VALUE']],
    [
      'for sessions only',
      ['mutation { createApiKey(input: { name: "x", allMyPermissions: true }) { secret } }'],
      ['NOT_GRANTABLE_TO_API_KEY'],
    ],
    ['too many', Array.from({ length: 101 }, () => USERS), ['TOO_MANY_ITEMS']],
    ['beyond what the owner holds', [USERS, '{ mailDeliveries { totalCount } }'], ['EXCEEDS_OWN_PERMISSIONS']],
  ])('that are %s are refused', async (_what, documents, wanted) => {
    const actor = await holderOf(app(), ['view:users']);
    const { data } = await actor.send(CreateApiKeyDocument, { input: { name: 'x', documents: [...documents] } });
    expect(data.createApiKey?.errors.map(({ code }) => code)).toEqual(wanted);
  });
});
