import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { useCast } from '../../support/holder.ts';
import { messagesTo } from '../../support/messages.ts';
import { useTestApp } from '../../support/test-app.ts';

const BASE_URL = 'https://id.links.example';

describe('links in messages', () => {
  const app = useTestApp({ settings: { 'server.baseUrl': BASE_URL, 'server.forceHttps': 'false' } });
  const cast = useCast(app);

  /** Headers that `fetch` would not let through. */
  const post = (body: object, headers: Readonly<Record<string, string>>): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request(`${app().url}/graphql`, { method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      outgoing.on('error', reject);
      outgoing.end(JSON.stringify(body));
    });

  test('come from the settings, whatever host the request that caused them names', async () => {
    const email = 'invited@links.example';
    const answer = await post(
      {
        query:
          'mutation ($input: CreateUserInput!) { createUser(input: $input) { inviteEmail { state } errors { code } } }',
        variables: { input: { email, displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID] } },
      },
      {
        ...cast().admin.headers,
        'content-type': 'application/json',
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        forwarded: 'host=evil.example;proto=http',
        referer: 'https://evil.example/page',
      },
    );
    expect(JSON.parse(answer)).toMatchObject({ data: { createUser: { inviteEmail: { state: 'SENT' }, errors: [] } } });
    const [written] = await messagesTo(app(), email);
    expect(written?.variables['link']).toMatch(/^https:\/\/id\.links\.example\/account\/invite#token=gh[a-z]_\w+$/);
    const captured = app().services.inbox.messages.find(({ recipient }) => recipient === email);
    const links = [...`${captured?.html}${captured?.text}`.matchAll(/https?:\/\/[^\s"<#]+/g)].map(([link]) => link);
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((link) => !link.startsWith(BASE_URL))).toEqual(['http://www.w3.org/1999/xhtml']);
  });
});
