import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ExchangeTokenDocument } from '../../../generated/client/graphql.ts';
import * as seeded from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { MACHINE_CLIENT, startProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { makeApplication, registered, resource } from '../../support/resources.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from './provider-settings.ts';

let provider: TestProvider;
let app: TestApp;
let staff = '';

beforeAll(async () => {
  provider = await startProvider();
  app = await startTestApp({
    settings: issuers(
      issuerEntry(provider.issuer, {
        jitUsers: true,
        groupRules: [
          { claim: 'roles', contains: 'helper', group: 'support' }, // names are compared without case
          { claim: 'roles', contains: 'reader', group: seeded.READ_ONLY_GROUP_ID },
          { claim: 'roles', contains: 'boss', group: 'Administrators', allowProtected: true },
          { claim: 'roles', contains: 'keys', group: 'Key Masters' },
          { claim: 'roles', contains: 'ghost', group: 'Nobody knows' },
          { claim: 'roles', contains: 'burner', group: 'Burners' },
          { fetched: 'name', contains: 'staff', group: 'Staff' },
        ],
        fetch: { url: `${provider.issuer}/manage/users/{sub}/roles`, ...MACHINE_CLIENT },
      }),
    ),
  });
  staff = await makeGroup(app, 'Staff', ['view:groups']);
  await app.database.query('update permission_epoch set first_administrator_at = now()');
  await makePerson(app, { email: 'root@groups.example', groupIds: [seeded.ADMINISTRATORS_GROUP_ID] });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});
beforeEach(() => app.clock.advance(301)); // what was fetched is asked for again

const signIn = async (subject: string) => {
  const { accessToken } = await provider.tokensFor(subject);
  const { data, code } = await app
    .anonymous()
    .send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken: accessToken, delivery: 'BODY' } });
  expect([code, data.exchangeToken?.errors]).toEqual(['OK', []]);
  return data.exchangeToken?.user?.id ?? '';
};

const groupsOf = async (userId: string): Promise<readonly string[]> => {
  const rows = await app.database.query<{ name: string }>(
    'select g.name from memberships m join groups g on g.id = m.group_id where m.user_id = $1 order by g.name',
    [userId],
  );
  return rows.map(({ name }) => name);
};

describe('groups by rules', () => {
  test('are given and taken away at each sign-in, with a line in the log; others are left alone', async () => {
    provider.people.set('ann', { roles: ['helper'], managed: [{ id: '1', name: 'staff' }] });
    const userId = await signIn('ann');
    expect(await groupsOf(userId)).toEqual(['Members', 'Staff', 'Support']);
    await app.database.query('insert into memberships (id, user_id, group_id, added_at) values ($1, $2, $3, now())', [
      '01890000-0000-7000-8000-00000000aaaa',
      userId,
      seeded.AUDITORS_GROUP_ID,
    ]);
    provider.people.set('ann', { roles: ['reader'], managed: [] });
    app.clock.advance(301);
    const { audit, events } = await recording(app, () => signIn('ann'));
    expect(await groupsOf(userId)).toEqual(['Auditors', 'Members', 'Read-only']);
    const change = audit.find(({ action }) => action === 'user.groups-changed');
    expect(change?.actor).toEqual({ type: 'System', id: null, label: 'Test provider' });
    expect(change?.target.id).toBe(userId);
    expect(change?.metadata['issuer']).toBe(provider.issuer);
    expect(change?.metadata['added']).toEqual([seeded.READ_ONLY_GROUP_ID]);
    expect(((change?.metadata['removed'] ?? []) as string[]).toSorted()).toEqual(
      [seeded.SUPPORT_GROUP_ID, staff].toSorted(),
    );
    expect(events.map(({ type }) => type)).toEqual(['UserGroupsChanged', 'SessionStarted']);
  });

  test('that stay as they are cost no lock and leave no line', async () => {
    provider.people.set('ben', { roles: ['helper'] });
    await signIn('ben');
    app.clock.advance(301);
    const { audit } = await recording(app, () => signIn('ben'));
    expect(audit.map(({ action }) => action)).toEqual(['session.started']);
  });

  test('hold for the session that begins', async () => {
    provider.people.set('cat', { roles: ['helper'] });
    const { accessToken } = await provider.tokensFor('cat');
    const { data } = await app
      .anonymous()
      .send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken: accessToken, delivery: 'BODY' } });
    const token = data.exchangeToken?.tokens?.accessToken ?? '';
    const answer = await app
      .anonymous({ authorization: `Bearer ${token}` })
      .run('{ users { totalCount } groups { totalCount } }');
    expect(answer.errors).toEqual([]);
  });

  test('give nothing protected without a rule that says so', async () => {
    const { key } = await makeApplication(app, 'depot');
    await registered(key, resource('crates', { protectedActions: ['burn'] }), 'depot');
    await makeGroup(app, 'Burners', ['burn:depot.crates']);
    provider.people.set('dan', { roles: ['keys', 'ghost', 'burner'] });
    const userId = await signIn('dan');
    expect(await groupsOf(userId)).toEqual(['Members']);
    expect(app.log.some((line) => line.includes('names a protected group'))).toBe(true);
    await app.database.query('insert into memberships (id, user_id, group_id, added_at) values ($1, $2, $3, now())', [
      '01890000-0000-7000-8000-00000000bbbb',
      userId,
      seeded.KEY_MASTERS_GROUP_ID,
    ]);
    provider.people.set('dan', { roles: [] });
    await signIn('dan'); // nor does such a rule take it away
    expect(await groupsOf(userId)).toEqual(['Key Masters', 'Members']);
  });

  test('make and unmake administrators where the rule allows it, but never take the last one away', async () => {
    provider.people.set('eve', { roles: ['boss', 'helper'] });
    const userId = await signIn('eve');
    expect(await groupsOf(userId)).toEqual(['Administrators', 'Members', 'Support']);
    await app.database.query(`update users set status = 'DISABLED' where email = 'root@groups.example'`);
    provider.people.set('eve', { roles: [] });
    await signIn('eve');
    expect(await groupsOf(userId)).toEqual(['Administrators', 'Members']);
    expect(app.log.some((line) => line.includes('would remove the last administrator'))).toBe(true);
    await app.database.query(`update users set status = 'ACTIVE' where email = 'root@groups.example'`);
    await signIn('eve');
    expect(await groupsOf(userId)).toEqual(['Members']);
  });

  test('of two administrators who lose it at once, one stays', async () => {
    for (const name of ['fay', 'gus']) provider.people.set(name, { roles: ['boss'] });
    const ids = [await signIn('fay'), await signIn('gus')];
    await app.database.query(`update users set status = 'DISABLED' where email = 'root@groups.example'`);
    for (const name of ['fay', 'gus']) provider.people.set(name, { roles: [] });
    const tokens = [await provider.tokensFor('fay'), await provider.tokensFor('gus')];
    await Promise.all(
      tokens.map(({ accessToken }) =>
        app.anonymous().send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken: accessToken } }),
      ),
    );
    await app.database.query(`update users set status = 'ACTIVE' where email = 'root@groups.example'`);
    const left = (await Promise.all(ids.map((id) => groupsOf(id)))).filter((names) => names.includes('Administrators'));
    expect(left).toHaveLength(1);
  });

  test('leave nobody without a group', async () => {
    provider.people.set('hal', { roles: ['helper'] });
    const userId = await signIn('hal');
    await app.database.query('delete from memberships where user_id = $1 and group_id = $2', [
      userId,
      seeded.MEMBERS_GROUP_ID,
    ]);
    provider.people.set('hal', { roles: [] });
    await signIn('hal');
    expect(await groupsOf(userId)).toEqual(['Members']);
  });

  test('are the same after many sign-ins at once', async () => {
    provider.people.set('ida', { roles: ['helper'] });
    const userId = await signIn('ida');
    provider.people.set('ida', { roles: ['reader'] });
    const { accessToken } = await provider.tokensFor('ida');
    const { audit } = await recording(app, () =>
      inParallel(10, () =>
        app.anonymous().send(ExchangeTokenDocument, { input: { issuer: provider.issuer, subjectToken: accessToken } }),
      ),
    );
    expect(await groupsOf(userId)).toEqual(['Members', 'Read-only']);
    expect(audit.filter(({ action }) => action === 'user.groups-changed')).toHaveLength(1);
  });
});

describe('what is fetched about a person', () => {
  test('is kept for five minutes, and its token for as long as it lives', async () => {
    provider.people.set('jon', { managed: [{ id: '1', name: 'staff' }] });
    const userId = await signIn('jon');
    expect(await groupsOf(userId)).toEqual(['Members', 'Staff']);
    const fetches = () => provider.requests.filter((path) => path === '/manage/users/jon/roles').length;
    const before = fetches();
    provider.people.set('jon', { managed: [] });
    await signIn('jon');
    expect([fetches(), await groupsOf(userId)]).toEqual([before, ['Members', 'Staff']]);
    app.clock.advance(301);
    await signIn('jon');
    expect([fetches(), await groupsOf(userId)]).toEqual([before + 1, ['Members']]);
  });

  test('stays as it was while the provider is away', async () => {
    provider.people.set('kim', { roles: ['helper'], managed: [{ id: '1', name: 'staff' }] });
    const userId = await signIn('kim');
    const { accessToken } = await provider.tokensFor('kim');
    app.clock.advance(301);
    provider.away = true;
    const { answer, changed } = await changing(app, () =>
      app.anonymous().send(ExchangeTokenDocument, {
        input: { issuer: provider.issuer, subjectToken: accessToken, delivery: 'BODY' },
      }),
    );
    provider.away = false;
    expect(answer.data.exchangeToken?.step).toBe('COMPLETE');
    expect(changed).not.toContain('memberships');
    expect(await groupsOf(userId)).toEqual(['Members', 'Staff', 'Support']);
    app.clock.advance(31);
  });

  test('is about the subject as one segment of the path, whatever it is', async () => {
    provider.people.set('../../admin?x=1#y', { managed: [{ id: '1', name: 'staff' }] });
    provider.people.set('..', { managed: [{ id: '1', name: 'staff' }] });
    expect(await groupsOf(await signIn('../../admin?x=1#y'))).toEqual(['Members', 'Staff']);
    expect(provider.requests).toContain('/manage/users/..%2F..%2Fadmin%3Fx%3D1%23y/roles');
    const before = provider.requests.filter((path) => path.startsWith('/manage')).length;
    expect(await groupsOf(await signIn('..'))).toEqual(['Members']);
    expect(provider.requests.filter((path) => path.startsWith('/manage'))).toHaveLength(before);
  });
});
