import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { useTestApp } from '../support/test-app.ts';
import { replay } from '../support/transcript.ts';

describe('the first hour of the README', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-readme-'));
  const app = useTestApp({ settings: { 'database.dataDirectory': directory } });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('can be pasted as it is, and gives the answers that are printed', async () => {
    const { accounts } = await app().services.seed.seed();
    const setup = await app().services.setup.issueToken();
    const password = accounts.find(({ email }) => email === 'user2@example.com')?.password.reveal() ?? '';
    const done = await replay(app(), 'README.md', {
      SETUP_TOKEN: () => setup?.token.reveal() ?? '',
      USER2_PASSWORD: () => password,
      GROUP_ID: (reader) => reader.newest('group', 'id'),
    });
    expect(done).toEqual({ operations: 8, mails: 0 });
  });
});
