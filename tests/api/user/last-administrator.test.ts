import { describe, expect, test } from 'vitest';
import {
  DeleteUsersDocument,
  DisableUsersDocument,
  LockUsersDocument,
  RemoveGroupMembersDocument,
  UpdateUserDocument,
} from '../../../generated/client/graphql.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { Actor, makePerson, signIn } from '../../support/cast.ts';
import { unique, useCast } from '../../support/holder.ts';
import { holdLock, waitForLock } from '../../support/locks.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

type Attack = (
  actor: Actor,
  target: string,
) => Promise<{ readonly code: string; readonly problem: string | undefined }>;

const reason = 'you or me';
const attacks: Readonly<Record<string, Attack>> = {
  disabling: async (actor, id) => {
    const { code, data } = await actor.send(DisableUsersDocument, { input: { ids: [id], reason } });
    return { code, problem: data?.disableUsers?.errors[0]?.code };
  },
  locking: async (actor, id) => {
    const { code, data } = await actor.send(LockUsersDocument, { input: { ids: [id], reason } });
    return { code, problem: data?.lockUsers?.errors[0]?.code };
  },
  deleting: async (actor, id) => {
    const { code, data } = await actor.send(DeleteUsersDocument, { input: { ids: [id], reason } });
    return { code, problem: data?.deleteUsers?.errors[0]?.code };
  },
  'taking the group from': async (actor, id) => {
    const { code, data } = await actor.send(UpdateUserDocument, { input: { id, groupIds: [MEMBERS_GROUP_ID] } });
    return { code, problem: data?.updateUser?.errors[0]?.code };
  },
  'removing from the group': async (actor, id) => {
    const { code, data } = await actor.send(RemoveGroupMembersDocument, {
      input: { groupId: ADMINISTRATORS_GROUP_ID, userIds: [id] },
    });
    return { code, problem: data?.removeGroupMembers?.errors[0]?.code };
  },
};

const ROUNDS = 20;

describe('the last administrator', () => {
  const app = useTestApp();
  useCast(app); // somebody was an administrator once

  const onlyAdministrators = async (): Promise<readonly [Actor, Actor]> => {
    await app().database.query(`delete from memberships where group_id = $1`, [ADMINISTRATORS_GROUP_ID]);
    const pair = [];
    for (const name of [unique('boss'), unique('boss')]) {
      const email = `${name}@example.com`;
      await makePerson(app(), { email, groupIds: [ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID] });
      pair.push(await signIn(app(), email));
    }
    const [first, second] = pair;
    if (first === undefined || second === undefined) throw new Error('Two administrators were wanted.');
    return [first, second];
  };

  const activeAdministrators = async (): Promise<number> => {
    const [row] = await app().database.query<{ count: number }>(
      `select count(*)::int as count from users u join memberships m on m.user_id = u.id
       where m.group_id = $1 and u.status = 'ACTIVE' and (u.locked_until is null or u.status_reason is null)`,
      [ADMINISTRATORS_GROUP_ID],
    );
    return row?.count ?? 0;
  };

  test.each(Object.entries(attacks))(
    'is left when two go for each other by %s, on two replicas',
    async (_, attack) => {
      const replica = await startTestApp({ beside: app() });
      for (let round = 0; round < ROUNDS / 4; round += 1) {
        const [first, second] = await onlyAdministrators();
        const answers = await Promise.all([
          attack(first, second.id),
          attack(new Actor(`${replica.url}/graphql`, second), first.id),
        ]);
        const outcomes = answers.map(({ code, problem }) => problem ?? code);
        expect(outcomes).not.toContain('INTERNAL_SERVER_ERROR');
        expect(outcomes.filter((outcome) => outcome === 'OK')).toHaveLength(1);
        expect(await activeAdministrators()).toBe(1);
      }
      await replica.close();
    },
    60_000,
  );

  test(`is left after ${ROUNDS} rounds of everything at once`, async () => {
    const list = Object.values(attacks);
    for (let round = 0; round < ROUNDS; round += 1) {
      const [first, second] = await onlyAdministrators();
      const one = list[round % list.length] ?? attacks['disabling'];
      const other = list[(round * 2 + 1) % list.length] ?? attacks['disabling'];
      const answers = await Promise.all([one?.(first, second.id), other?.(second, first.id)]);
      expect(answers.map((answer) => answer?.code)).not.toContain('INTERNAL_SERVER_ERROR');
      expect(await activeAdministrators()).toBeGreaterThanOrEqual(1);
    }
  }, 60_000);

  test('is one whom an automatic lock keeps from signing in for a while, but not one who was locked by hand', async () => {
    const [first, second] = await onlyAdministrators();
    const leave = (): ReturnType<Attack> =>
      attacks['taking the group from']?.(first, first.id) ?? Promise.reject(new Error());
    await app().database.query(
      `update users set locked_until = '9999-01-01', status_reason = 'by hand' where id = $1`,
      [second.id],
    );
    expect(await leave()).toEqual({ code: 'OK', problem: 'LAST_ADMIN' });
    await app().database.query('update users set status_reason = null where id = $1', [second.id]);
    expect(await leave()).toEqual({ code: 'OK', problem: undefined });
  });

  test('cannot be shut out by somebody who was shut out meanwhile', async () => {
    const [, second] = await onlyAdministrators();
    const third = await makePerson(app(), {
      email: `${unique('boss')}@example.com`,
      groupIds: [ADMINISTRATORS_GROUP_ID],
    });
    const held = holdLock(
      app().database,
      `with epoch as (select epoch from permission_epoch for update)
       update users set status = 'DISABLED' from epoch where id = $1`,
      [second.id],
    );
    await held.begun;
    const late = attacks['disabling']?.(second, third);
    await waitForLock(app().database);
    await held.release();
    expect(await late).toMatchObject({ code: 'FORBIDDEN' });
    const [row] = await app().database.query<{ status: string }>('select status from users where id = $1', [third]);
    expect(row?.status).toBe('ACTIVE');
  });
});
