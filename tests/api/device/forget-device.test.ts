import { beforeEach, describe, expect, test } from 'vitest';
import { ForgetDeviceDocument, RefreshSessionDocument, SignInDocument } from '../../../generated/client/graphql.ts';
import { type DeviceId, newId, parseId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { cookieOf } from '../../support/records.ts';
import { addDevices, type BegunSession, beginSession, isAlive } from '../../support/sessions.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const person = async (groupIds = [MEMBERS_GROUP_ID]) => {
  const email = `${unique('person')}@forget.example`;
  return { email, id: await makePerson(app(), { email, groupIds }) };
};

const forget = async (client: TestClient, id: string) => {
  const answer = await client.send(ForgetDeviceDocument, { input: { id } });
  return { ...answer.data?.forgetDevice, denied: answer.code, headers: answer.headers };
};

const deviceIdOf = async (session: BegunSession): Promise<DeviceId> => {
  const { data } = await session.client.run<{ viewer: { session: { device: { id: string } } } }>(
    '{ viewer { session { device { id } } } }',
  );
  const id = parseId<DeviceId>(data.viewer.session.device.id);
  if (id === null) throw new Error('The session has no device.');
  return id;
};

describe('forgetDevice', () => {
  let owner: Awaited<ReturnType<typeof person>>;
  let here: BegunSession;
  let lost: BegunSession;
  let lostId: DeviceId;

  beforeEach(async () => {
    owner = await person();
    here = await beginSession(app(), owner.email, { userAgent: 'curl/8.5.0' });
    lost = await beginSession(app(), owner.email, { userAgent: 'LostPhone/1.0' });
    lostId = await deviceIdOf(lost);
  });

  test('ends its sessions at once in every replica, its trust and its secret; other devices stay', async () => {
    const replica = await startTestApp({ beside: app() });
    const browser = await beginSession(app(), owner.email, { userAgent: 'LostPhone/1.0', delivery: 'COOKIE' });
    await app().database.query(`update devices set trusted_until = now() + interval '1 day' where id = $1`, [lostId]);
    for (const session of [lost, browser]) expect(await isAlive(session.at(replica))).toBe(true);
    const { answer, audit, events } = await recording(app(), () => forget(here.client, lostId));
    expect([answer.deviceId, answer.errors]).toEqual([lostId, []]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    for (const session of [lost, browser]) expect(await isAlive(session.at(replica))).toBe(false);
    expect(await isAlive(here.at(replica))).toBe(true);
    const { data } = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: lost.refreshToken } });
    expect(data.refreshSession?.errors[0]?.code).toBe('TOKEN_EXPIRED');
    expect(await app().database.query('select 1 from devices where id = $1', [lostId])).toEqual([]);
    const [forgotten, ...ended] = audit;
    expect(forgotten).toMatchObject({
      action: 'device.forgotten',
      result: 'SUCCESS',
      actor: { type: 'User', id: owner.id },
      target: { type: 'User', id: owner.id, label: owner.email },
      changes: [{ field: 'device', before: 'LostPhone', after: null }],
      metadata: { deviceId: lostId, endedSessions: 2 },
    });
    expect(ended.map(({ action, target, metadata }) => [action, target.id, metadata['reason']])).toEqual(
      [browser.id, lost.id].toSorted().map((id) => ['session.ended', id, 'REVOKED']),
    );
    expect(events.map(({ type }) => type)).toEqual(['SessionRevoked', 'SessionRevoked']);
    const history = await here.client.run<{ sessions: { nodes: { id: string; device: unknown }[] } }>(
      '{ sessions(filter: { active: false }) { nodes { id device { name } } } }',
    );
    expect(history.data.sessions.nodes).toEqual([browser.id, lost.id].map((id) => ({ id, device: null })));
    await replica.close();
  });

  test('of the very request ends it, and takes its cookie back', async () => {
    const browser = await beginSession(app(), owner.email, { userAgent: 'Kiosk/1', delivery: 'COOKIE' });
    const answer = await forget(browser.client, await deviceIdOf(browser));
    expect(answer.errors).toEqual([]);
    expect(cookieOf(answer).value).toBe('');
    expect(await isAlive(browser.client)).toBe(false);
    expect(await isAlive(here.client)).toBe(true);
  });

  test('tells a member the same of a device of somebody else as of none, and changes nothing', async () => {
    const { email } = await person();
    const { client } = await beginSession(app(), email);
    for (const id of [lostId, lostId.toUpperCase(), newId<DeviceId>(), 'nonsense', '', '\0', 'f'.repeat(500)]) {
      const { answer, changed } = await changing(app(), () => forget(client, id));
      expect(answer.deviceId).toBeNull();
      expect(answer.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['id'] }]);
      expect(answer.errors?.[0]?.targetId?.length).toBeLessThanOrEqual(100);
      expect(changed).toEqual([]);
    }
    expect(await isAlive(lost.client)).toBe(true);
  });

  test('of others needs revoke:sessions, and spares whoever may do more', async () => {
    const seeing = await holderOf(app(), ['view:sessions', 'view:users']);
    expect((await forget(seeing, lostId)).denied).toBe('FORBIDDEN');
    const boss = await person([ADMINISTRATORS_GROUP_ID]);
    const [bossDevice] = await addDevices(app(), boss.id, 1);
    const refused = await changing(app(), () => forget(cast().support, bossDevice ?? ''));
    expect(refused.answer.errors).toMatchObject([
      { code: 'EXCEEDS_OWN_PERMISSIONS', field: ['id'], targetId: bossDevice },
    ]);
    expect(refused.changed).toEqual([]);
    expect(await app().database.query('select 1 from devices where id = $1', [bossDevice])).toHaveLength(1);
    expect((await forget(cast().support, lostId)).errors).toEqual([]);
    expect(await isAlive(lost.client)).toBe(false);
  });

  test('happens once when fifty callers do it at once', async () => {
    const { answer, audit, events } = await recording(app(), () => inParallel(50, () => forget(here.client, lostId)));
    expect(answer.filter(({ deviceId }) => deviceId === lostId)).toHaveLength(1);
    const codes = answer.flatMap(({ errors }) => errors ?? []).map(({ code }) => code);
    expect([codes.length, new Set(codes)]).toEqual([49, new Set(['TARGET_NOT_FOUND'])]);
    expect(audit.map(({ action }) => action)).toEqual(['device.forgotten', 'session.ended']);
    expect(events).toHaveLength(1);
  });

  test('while others sign in on it leaves no session of before behind', async () => {
    const phone = app().anonymous({ 'user-agent': 'LostPhone/1.0' });
    const input = { identifier: owner.email, password: PASSWORD, delivery: 'BODY' } as const;
    const [forgotten, ...signedIn] = await Promise.all([
      forget(here.client, lostId),
      ...Array.from({ length: 4 }, () => phone.send(SignInDocument, { input })),
    ]);
    expect(forgotten.errors).toEqual([]);
    expect(signedIn.map(({ data, code }) => [code, data.signIn?.step])).toEqual(
      Array.from({ length: 4 }, () => ['OK', 'COMPLETE']),
    );
    const open = await app().database.query<{ device_id: string | null }>(
      'select device_id from sessions where user_id = $1 and ended_at is null',
      [owner.id],
    );
    expect(open.map((row) => row.device_id)).not.toContain(lostId);
    expect(await app().database.query('select 1 from devices where id = $1', [lostId])).toEqual([]);
  });

  test('is refused to nobody and to a session that is over', async () => {
    await forget(here.client, lostId);
    expect((await forget(lost.client, await deviceIdOf(here))).denied).toBe('UNAUTHENTICATED');
    expect((await forget(app().anonymous(), lostId)).denied).toBe('UNAUTHENTICATED');
  });
});
