import { beforeAll, describe, expect, test } from 'vitest';
import { type Actor, makeGroup, signIn } from '../../support/cast.ts';
import { unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

const EXPLAIN = `query ($userId: ID, $apiKeyId: ID) {
  explainPermission(userId: $userId, apiKeyId: $apiKeyId, action: "view", resource: "users") {
    grantingGroups { name } steps { message group { name } }
  }
}`;
const KEY = `query ($id: ID!) { apiKey(id: $id) {
  effectivePermissions { permission { action resource } grantedBy { name } scope { mode } }
} }`;

describe('what somebody holds within hidden organizations', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const [hereName, thereName] = [unique('Lookers here'), unique('Lookers there')];
  let administrator: Actor;
  let person: Actor;
  let apiKeyId: string;

  beforeAll(async () => {
    const here = await makeOrganization(app());
    const there = await makeOrganization(app());
    administrator = await holderWithin(app(), here, ['admin:*']);
    const { id, email } = await memberOf(app());
    await joinOrganization(app(), id, here, [await makeGroup(app(), hereName, ['view:users'], 'LISTED')]);
    await joinOrganization(app(), id, there, [await makeGroup(app(), thereName, ['view:users'], 'LISTED')]);
    person = await signIn(app(), email);
    const expiresAt = new Date(app().clock.now().getTime() + 86_400_000).toISOString();
    const { data } = await person.run<{ createApiKey: { apiKey: { id: string } } }>(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } errors { code } } }',
      { input: { name: 'Key', allMyPermissions: true, expiresAt } },
    );
    apiKeyId = data.createApiKey.apiKey.id;
  });

  const told = async (actor: Actor, query: string, variables: Readonly<Record<string, unknown>>): Promise<string> => {
    const { data, errors } = await actor.run(query, variables);
    expect(errors).toEqual([]);
    return JSON.stringify(data);
  };

  test.each([
    ['explainPermission about them', EXPLAIN, () => ({ userId: person.id })],
    ['explainPermission about their key', EXPLAIN, () => ({ apiKeyId })],
    ['ApiKey.effectivePermissions', KEY, () => ({ id: apiKeyId })],
  ] as const)('is told by %s to themselves and to whoever sees the organization, to nobody else', async (...row) => {
    const [, query, variables] = row;
    for (const actor of [person, cast().admin]) {
      const all = await told(actor, query, variables());
      expect([all.includes(hereName), all.includes(thereName)]).toEqual([true, true]);
    }
    const within = await told(administrator, query, variables());
    expect([within.includes(hereName), within.includes(thereName)]).toEqual([true, false]);
  });
});
