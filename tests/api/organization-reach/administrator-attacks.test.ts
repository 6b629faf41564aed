import { beforeAll, describe, expect, test } from 'vitest';
import type { MessageId, OrganizationId, UserId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { unique, useCast } from '../../support/holder.ts';
import { addFailedMail } from '../../support/messages.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { addDevices, addSessions } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';

/** Somebody with something of each kind that could be changed. */
interface Victim {
  readonly id: UserId;
  readonly sessionId: string;
  readonly deviceId: string;
  readonly mailId: MessageId;
}

const REASON = 'An attack.';

/** Every change of somebody's account, by mutation: its input. */
const changes: Readonly<Record<string, (victim: Victim) => object>> = {
  updateUser: ({ id }) => ({ id, displayName: 'Changed' }),
  requirePasswordChange: ({ id }) => ({ ids: [id] }),
  revokeSessions: ({ sessionId }) => ({ ids: [sessionId] }),
  revokeUserSessions: ({ id }) => ({ userId: id }),
  forgetDevice: ({ deviceId }) => ({ id: deviceId }),
  lockUsers: ({ id }) => ({ ids: [id], reason: REASON }),
  unlockUsers: ({ id }) => ({ ids: [id], reason: REASON }),
  disableUsers: ({ id }) => ({ ids: [id], reason: REASON }),
  enableUsers: ({ id }) => ({ ids: [id], reason: REASON }),
  deleteUsers: ({ id }) => ({ ids: [id], reason: REASON }),
};

const documentOf = (name: string): string =>
  `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { errors { code targetId } } }`;

describe('an administrator of one organization', () => {
  const app = useTestApp();
  const cast = useCast(app);
  let administrator: Actor;
  const organizations = {} as Record<'here' | 'below' | 'above' | 'elsewhere', OrganizationId>;

  const victimIn = async (...ids: readonly OrganizationId[]): Promise<Victim> => {
    const { id, email } = await memberOf(app(), ...ids);
    const [deviceId = ''] = await addDevices(app(), id, 1);
    const [sessionId = ''] = await addSessions(app(), id, 1);
    return { id, deviceId, sessionId, mailId: await addFailedMail(app(), { recipient: email, userId: id }) };
  };

  beforeAll(async () => {
    organizations.above = await makeOrganization(app());
    organizations.here = await makeOrganization(app(), { parentId: organizations.above });
    organizations.below = await makeOrganization(app(), { parentId: organizations.here });
    organizations.elsewhere = await makeOrganization(app(), { parentId: organizations.above });
    administrator = await holderWithin(app(), organizations.here, ['admin:*']);
  });

  interface Outcome {
    readonly [name: string]: {
      readonly errors: readonly { readonly code: string; readonly targetId: string }[];
    } | null;
  }
  const attempt = async (name: string, input: object): Promise<{ code: string; codes: readonly string[] }> => {
    const { data, code } = await administrator.run<Outcome | null>(documentOf(name), { input });
    return { code, codes: data?.[name]?.errors.map((error) => error.code) ?? [] };
  };

  test.each(Object.keys(changes))('can do %s to whoever is at home there and below', async (name) => {
    for (const organization of [organizations.here, organizations.below]) {
      const victim = await victimIn(organization);
      const { answer, changed } = await changing(app(), () => attempt(name, changes[name]?.(victim) ?? {}));
      expect(answer).toEqual({ code: 'OK', codes: [] });
      expect(changed).not.toEqual([]);
    }
  });

  test.each(Object.keys(changes))('cannot do %s to anybody else, who look like nobody', async (name) => {
    const nobodys = await makePerson(app(), { email: `${unique('nobodys')}@example.com` });
    const [deviceId = ''] = await addDevices(app(), nobodys, 1);
    const [sessionId = ''] = await addSessions(app(), nobodys, 1);
    const outsiders = [
      await victimIn(organizations.elsewhere),
      await victimIn(organizations.above),
      { id: nobodys, deviceId, sessionId, mailId: 'none' as MessageId },
    ];
    for (const victim of outsiders) {
      const { answer, changed } = await changing(app(), () => attempt(name, changes[name]?.(victim) ?? {}));
      expect([answer, changed]).toEqual([{ code: 'OK', codes: ['TARGET_NOT_FOUND'] }, []]);
    }
  });

  test.each(Object.keys(changes))(
    'cannot do %s to who is at home elsewhere, too, though they see them',
    async (name) => {
      const shared = await victimIn(organizations.below, organizations.elsewhere);
      const { answer, changed } = await changing(app(), () => attempt(name, changes[name]?.(shared) ?? {}));
      expect([answer, changed]).toEqual([{ code: 'FORBIDDEN', codes: [] }, []]);
    },
  );

  test.each(['lockUsers', 'disableUsers', 'deleteUsers', 'revokeUserSessions', 'revokeSessions', 'forgetDevice'])(
    'cannot do %s to who may do more than they, though at home there alone',
    async (name) => {
      const id = await makePerson(app(), {
        email: `${unique('reader')}@example.com`,
        groupIds: [MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID],
      });
      await joinOrganization(app(), id, organizations.here);
      const [deviceId = ''] = await addDevices(app(), id, 1);
      const [sessionId = ''] = await addSessions(app(), id, 1);
      const victim: Victim = { id, deviceId, sessionId, mailId: 'none' as MessageId };
      const { answer, changed } = await changing(app(), () => attempt(name, changes[name]?.(victim) ?? {}));
      expect([answer, changed]).toEqual([{ code: 'OK', codes: ['EXCEEDS_OWN_PERMISSIONS'] }, []]);
    },
  );

  test('is not let near protected permissions: second factors stay', async () => {
    const { id } = await victimIn(organizations.here);
    const { answer, changed } = await changing(app(), () => attempt('resetUserMfa', { userId: id, reason: REASON }));
    expect([answer.code, changed]).toEqual(['FORBIDDEN', []]);
  });

  test.each([
    ['createGroup', { name: 'Mine', permissions: [{ action: 'view', resource: 'users' }] }],
    ['updateGroup', { id: MEMBERS_GROUP_ID, name: 'Mine' }],
    ['setGroupPermissions', { id: MEMBERS_GROUP_ID, permissions: [{ action: 'admin', resource: '*' }] }],
    ['deleteGroup', { id: READ_ONLY_GROUP_ID }],
    ['rotateSigningKey', { overlapSeconds: 3600 }],
  ])('has no power over what belongs to all: %s', async (name, input) => {
    const { answer, changed } = await changing(app(), () => attempt(name, input));
    expect([answer.code, changed]).toEqual(['FORBIDDEN', []]);
  });

  test('does not change groups that hold everywhere through updateUser, neither given nor taken', async () => {
    const { id } = await victimIn(organizations.here);
    for (const groupIds of [[MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID], [READ_ONLY_GROUP_ID]]) {
      const { answer, changed } = await changing(app(), () => attempt('updateUser', { id, groupIds }));
      expect([answer.code, changed]).toEqual(['FORBIDDEN', []]);
    }
  });

  test('sees whom, whose sessions, devices and mails there and below, and of nobody else', async () => {
    const inside = [await victimIn(organizations.here), await victimIn(organizations.below)];
    const shared = await victimIn(organizations.here, organizations.elsewhere);
    const outside = [await victimIn(organizations.elsewhere), await victimIn(organizations.above)];
    interface Lists {
      readonly users: { readonly nodes: readonly { id: string }[]; readonly totalCount: number };
      readonly sessions: { readonly nodes: readonly { id: string }[]; readonly totalCount: number };
      readonly mailDeliveries: { readonly nodes: readonly { id: string }[]; readonly totalCount: number };
    }
    const { data, errors } = await administrator.run<Lists>(`{
      users(first: 100) { nodes { id } totalCount }
      sessions(first: 100) { nodes { id } totalCount }
      mailDeliveries(first: 100) { nodes { id } totalCount } }`);
    expect(errors).toEqual([]);
    const idsOf = (list: keyof Lists) => data[list].nodes.map(({ id }) => id);
    for (const victim of [...inside, shared]) {
      expect(idsOf('users')).toContain(victim.id);
      expect(idsOf('sessions')).toContain(victim.sessionId);
      expect(idsOf('mailDeliveries')).toContain(victim.mailId);
    }
    for (const victim of outside) {
      expect(idsOf('users')).not.toContain(victim.id);
      expect(idsOf('sessions')).not.toContain(victim.sessionId);
      expect(idsOf('mailDeliveries')).not.toContain(victim.mailId);
      const { data: devices } = await administrator.run<{ devices: { totalCount: number } }>(
        'query($id: ID!) { devices(userId: $id) { totalCount } }',
        { id: victim.id },
      );
      expect(devices.devices.totalCount).toBe(0);
    }
    for (const list of ['users', 'sessions', 'mailDeliveries'] as const) {
      expect(data[list].totalCount).toBe(data[list].nodes.length);
    }
    const everything = await cast().admin.run<Lists>('{ users(first: 100) { nodes { id } totalCount } }');
    expect(everything.data.users.totalCount).toBeGreaterThan(data.users.totalCount);
  });

  test('sends mails of people there again, and of nobody else', async () => {
    const inside = await victimIn(organizations.below);
    expect(await attempt('retryMail', { id: inside.mailId })).toEqual({ code: 'OK', codes: [] });
    const outside = await victimIn(organizations.elsewhere);
    const aboutNobody = await addFailedMail(app(), { recipient: 'stranger@example.com', userId: null });
    for (const id of [outside.mailId, aboutNobody]) {
      const { answer, changed } = await changing(app(), () => attempt('retryMail', { id }));
      expect([answer.codes, changed]).toEqual([['TARGET_NOT_FOUND'], []]);
    }
  });

  test('who sees the mail of all and may repeat it in one place repeats it there alone', async () => {
    const clerk = await holderWithin(app(), organizations.here, ['retry:mail']);
    const seeing = await makeGroup(app(), unique('Seeing mail'), ['view:mail', 'view:users']);
    await app().database.query(
      'insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())',
      [clerk.id, seeing],
    );
    const retry = (victim: Victim) =>
      clerk.run(documentOf('retryMail'), { input: { id: victim.mailId } }).then(({ code }) => code);
    expect(await retry(await victimIn(organizations.here))).toBe('OK');
    const outside = await victimIn(organizations.elsewhere);
    expect(await changing(app(), () => retry(outside))).toEqual({ answer: 'FORBIDDEN', changed: [] });
  });

  test('invites again whom they may change, nobody else', async () => {
    const invited = async (...ids: readonly OrganizationId[]): Promise<UserId> => {
      const { id } = await memberOf(app(), ...ids);
      await app().database.query(`update users set status = 'INVITED' where id = $1`, [id]);
      return id;
    };
    expect(await attempt('resendInvite', { userId: await invited(organizations.here) })).toEqual({
      code: 'OK',
      codes: [],
    });
    const outside = await attempt('resendInvite', { userId: await invited(organizations.elsewhere) });
    expect(outside.codes).toEqual(['TARGET_NOT_FOUND']);
    const shared = await attempt('resendInvite', {
      userId: await invited(organizations.here, organizations.elsewhere),
    });
    expect(shared.code).toBe('FORBIDDEN');
  });
});
