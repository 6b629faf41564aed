import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addApiKey } from '../support/api-keys.ts';
import type { Cast } from '../support/cast.ts';
import { makeGroup } from '../support/cast.ts';
import { databaseState } from '../support/database-state.ts';
import { startTestApp, type TestApp, useTestApp } from '../support/test-app.ts';
import { TestClient } from '../support/test-client.ts';
import { makeOrganization } from '../support/organizations.ts';
import { queryDocuments } from './permission-matrix.inputs.ts';
import { addWebhook } from './permission-matrix.people.ts';

describe('on a database that refuses every write', () => {
  const app = useTestApp();
  let readOnly: TestApp | null = null;
  let cast: Cast;
  let groupId = '';
  let apiKeyId = '';
  let organizationId = '';
  let webhookId = '';

  beforeAll(async () => {
    cast = await app().cast();
    groupId = await makeGroup(app(), 'Readers', ['view:users']);
    apiKeyId = await addApiKey(app(), cast.member.id);
    organizationId = await makeOrganization(app());
    ({ webhookId } = await addWebhook(app()));
    const name = new URL(app().databaseUrl).pathname.slice(1);
    // Holds for sessions that begin from now on: for those of the second server, all of them.
    await app().database.query(`alter database ${name} set default_transaction_read_only = on`);
    readOnly = await startTestApp({ beside: app() });
  });
  afterAll(async () => {
    await readOnly?.close();
  });

  const client = (headers: Readonly<Record<string, string>>): TestClient =>
    new TestClient(`${readOnly?.url ?? ''}/graphql`, headers);

  test('a mutation fails, so that the other tests here mean something', async () => {
    const input = { name: 'Never', description: 'x' };
    const { data, code } = await client(cast.admin.headers).run(
      'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { errors { code } } }',
      { input },
    );
    expect([data, code]).toEqual([{ createGroup: null }, 'SERVICE_UNAVAILABLE']);
  });

  test.each(Object.entries(queryDocuments))(
    '%s is answered, to an administrator and to anybody',
    async (name, document) => {
      const variables = { userId: cast.member.id, groupId, apiKeyId, organizationId, webhookId };
      const before = await databaseState(app());
      const answer = await client(cast.admin.headers).run(document, variables);
      expect([answer.status, answer.errors, Object.keys(answer.data)]).toEqual([200, [], [name]]);
      const { errors } = await client({}).run(document, variables);
      expect(errors.every(({ extensions }) => extensions.code === 'UNAUTHENTICATED')).toBe(true);
      expect(await databaseState(app())).toEqual(before);
    },
  );

  test('the fields of users, groups and health that need more are answered as well', async () => {
    const { errors, data } = await client(cast.admin.headers).run(
      `{ health { version checks { component status } }
         users { nodes { groups { members { nodes { id } } createdBy { id } } permissions { grantedBy { id } } failedSignInCount } } }`,
    );
    expect(errors).toEqual([]);
    expect(data['users']).not.toBeNull();
  });
});
