import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { buildASTSchema, isInputObjectType, isInterfaceType, isObjectType, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import { load, problemsOf, productionEnv } from '../unit/config/working-directory.ts';
import { createCast } from '../support/cast.ts';
import { messagesTo } from '../support/messages.ts';
import { useTestApp } from '../support/test-app.ts';

const BASE_URL = 'https://id.links.example';
const FORGED = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  forwarded: 'host=evil.example;proto=http',
  origin: 'https://evil.example',
  referer: 'https://evil.example/page',
};

/** Sends headers that `fetch` would not let through. */
const send = (url: string, headers: Readonly<Record<string, string>>, body: string | null = null): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method: body === null ? 'GET' : 'POST', headers }, (response) => {
      let text = `${response.headers.location ?? ''}\n`;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

describe('links', () => {
  const app = useTestApp({
    // The requests come by clear http, which would be sent away before anything else.
    settings: { 'server.baseUrl': BASE_URL, 'server.forceHttps': 'false', 'mail.transport': 'inbox' },
  });

  test('come from the settings, whatever the request says of its host', async () => {
    const { admin } = await createCast(app());
    const input = { username: 'invited', displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID] };
    const answer = await send(
      `${app().url}/graphql`,
      { ...FORGED, ...admin.headers, 'content-type': 'application/json' },
      JSON.stringify({
        query: 'mutation ($input: CreateUserInput!) { createUser(input: $input) { setupLink errors { code } } }',
        variables: { input },
      }),
    );
    const { data } = JSON.parse(answer) as { data: { createUser: { setupLink: string; errors: unknown[] } } };
    expect(data.createUser.errors).toEqual([]);
    expect(new URL(data.createUser.setupLink).origin).toBe(BASE_URL);
    expect(answer).not.toContain('evil');
  });

  test('in mails come from the settings too', async () => {
    const { member } = await createCast(app());
    const body = JSON.stringify({
      query: 'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { accepted } }',
      variables: { email: member.email },
    });
    await send(`${app().url}/graphql`, { ...FORGED, 'content-type': 'application/json' }, body);
    await app().services.resetRequests.run();
    await app().services.messageWorker.run();
    const [message] = await messagesTo(app(), member.email);
    expect(message?.variables['link']).toMatch(/^https:\/\/id\.links\.example\/account\/reset#token=/);
    const { subject, text, html } = app().services.inbox.find(message?.id ?? '') ?? {};
    expect(`${subject} ${text} ${html}`).toContain(`${BASE_URL}/account/reset`);
    expect(`${subject} ${text} ${html}`).not.toContain('evil');
  });

  test.each([
    '/',
    '/playground',
    '/playground?returnTo=https://evil.example',
    '//evil.example',
    '/graphql',
    '/healthz',
    '/account/reset',
    '/account/invite?lang=it&next=https://evil.example',
  ])('no answer of %s leads to a host that the request named', async (path) => {
    expect(await send(`${app().url}${path}`, { ...FORGED, accept: 'text/html' })).not.toContain('evil');
  });

  test('tokens name the configured issuer and audience', async () => {
    const { member } = await createCast(app());
    const [, payload = ''] = member.accessToken.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
    expect([claims['iss'], String(claims['aud']).startsWith(BASE_URL)]).toEqual([BASE_URL, true]);
  });
});

describe('redirect targets', () => {
  test('are no argument and no input of anything: there is nothing to point elsewhere', () => {
    const sdl = readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8');
    const types = Object.values(buildASTSchema(parse(sdl), { assumeValidSDL: true }).getTypeMap());
    const inputs = types.flatMap((type) => {
      // What the server itself posts to: no browser is sent there.
      if (type.name === 'CreateWebhookInput' || type.name === 'UpdateWebhookInput') return [];
      if (isInputObjectType(type)) return Object.keys(type.getFields());
      if (!isObjectType(type) && !isInterfaceType(type)) return [];
      return Object.values(type.getFields()).flatMap(({ args }) => args.map(({ name }) => name));
    });
    expect(inputs.length).toBeGreaterThan(50);
    expect(
      inputs.filter((name) => /redirect|return|callback|continue|next|target(?!Id)|ur[il]$|link(?!Token)/i.test(name)),
    ).toEqual([]);
  });

  test('match a list of complete addresses: nothing is on it by default, and no pattern can be', () => {
    expect(load().server.redirectUris).toEqual([]);
    const exact = 'https://app.example.org/signed-in';
    expect(load({ env: { REDIRECT_URIS: exact } }).server.redirectUris).toEqual([exact]);
    for (const open of [
      '*',
      'https://*.example.org/x',
      'https://app.example.org/*',
      'http://app.example.org/',
      '//app.example.org/',
    ]) {
      expect([open, problemsOf({ env: { REDIRECT_URIS: open } }).length]).toEqual([open, 1]);
    }
  });

  test('and links have a base: production does not start without one', () => {
    const { BASE_URL: _given, ...without } = productionEnv;
    expect(problemsOf({ env: productionEnv })).toEqual([]);
    expect(problemsOf({ env: without }).join('\n')).toMatch(/server\.baseUrl .*is not set; give the public address/);
    expect(problemsOf({ env: { ...without, BASE_URL: 'http://id.example.org' } }).join('\n')).toMatch(
      /server\.baseUrl/,
    );
  });
});
