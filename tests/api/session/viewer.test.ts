import { describe, expect, test } from 'vitest';
import { ViewerDocument } from '../../../generated/client/graphql.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('viewer', () => {
  const app = useTestApp();

  test('is null for somebody who is not signed in', async () => {
    const answer = await app().anonymous().send(ViewerDocument, {});
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ viewer: null });
    expect(answer.errors).toEqual([]);
  });

  test('tells who is calling, with groups and permissions, in one statement', async () => {
    const { admin } = await app().cast();
    await admin.send(ViewerDocument, {});
    const before = app().database.statements.count;
    const { data } = await admin.send(ViewerDocument, {});
    expect(app().database.statements.count - before).toBe(1);
    expect(data.viewer?.user.email).toBe('admin@cast.example');
    expect(data.viewer?.session?.signInMethod).toBe('PASSWORD');
    expect(data.viewer?.permissions.map(({ permission }) => `${permission.action}:${permission.resource}`)).toEqual([
      'admin:*',
      'rotate:signing-keys',
      'grant-protected:groups',
      'approve:requests',
    ]);
  });
});
