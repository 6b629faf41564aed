import { beforeEach, describe, expect, test } from 'vitest';
import {
  AccountOptionsDocument,
  DeleteOwnAccountDocument,
  SignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { judge } from '../../../src/permissions/judge.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { tree } from '../../../src/permissions/tree.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { overtaking } from '../../support/locks.ts';
import { messagesTo } from '../../support/messages.ts';
import { cookieOf, recording, signInState } from '../../support/records.ts';
import { beginSession, isAlive } from '../../support/sessions.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import { impersonated, key, NOW, person } from '../../unit/permissions/callers.fixture.ts';

const app = useTestApp({ settings: { 'users.accountDeletion': 'true' } });
let id: UserId;
let email: string;
let actor: Actor;

beforeEach(async () => {
  await app().cast(); // there is an administrator
  email = `${unique('leaver')}@example.com`;
  id = await makePerson(app(), { email, displayName: 'Ada' });
  actor = await signIn(app(), email);
});

const leave = (input: Record<string, unknown> = {}, by: TestClient = actor) =>
  by.send(DeleteOwnAccountDocument, { input: { confirmation: email, currentPassword: PASSWORD, ...input } });

const isThere = async (userId = id): Promise<boolean> =>
  (await app().database.query('select from users where id = $1', [userId])).length > 0;

/** What a refusal leaves: one line in the log at most, everything else as it was. */
const refused = async (input: Record<string, unknown> = {}, by: TestClient = actor) => {
  const before = await signInState(app());
  const [answer, records] = await recording(app(), () => leave(input, by));
  expect(await signInState(app())).toEqual(before);
  expect(records.events).toEqual([]);
  expect(answer.headers.getSetCookie()).toEqual([]);
  return { payload: answer.data?.deleteOwnAccount, code: answer.code, audit: records.audit };
};

describe('deleteOwnAccount', () => {
  test('deletes the account with all that belongs to it, tells log and outbox, and says farewell', async () => {
    const other = await beginSession(app(), email, { delivery: 'COOKIE' });
    const [answer, { audit, events }] = await recording(app(), () => leave());
    expect(answer.data.deleteOwnAccount).toEqual({ deletedUserId: id, errors: [] });
    expect(audit).toMatchObject([
      {
        action: 'user.deleted',
        result: 'SUCCESS',
        actor_id: id,
        target_type: 'User',
        target_id: id,
        metadata: { byOwner: true },
      },
    ]);
    expect(events).toEqual([{ type: 'UserDeleted', payload: { userId: id, endedSessions: 2 } }]);
    const left = await app().database.query(
      `select 'users' from users where id = $1 union all select 'sessions' from sessions where user_id = $1
       union all select 'credentials' from credentials where user_id = $1
       union all select 'identifiers' from identifiers where user_id = $1
       union all select 'memberships' from memberships where user_id = $1
       union all select 'devices' from devices where user_id = $1
       union all select 'one_time_tokens' from one_time_tokens where user_id = $1`,
      [id],
    );
    expect(left).toEqual([]);
    expect((await actor.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    expect(await isAlive(other.client)).toBe(false);
    const farewells = (await messagesTo(app(), email)).filter(({ template }) => template === 'account-deleted');
    expect(farewells).toMatchObject([{ userId: null, locale: 'en', variables: { userName: 'Ada' } }]);
    const again = await makePerson(app(), { email });
    expect(again).not.toBe(id);
  });

  test('takes the cookie away', async () => {
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    const headers = { cookie: cookieOf(begun).pair, 'x-csrf-token': begun.data.signIn?.tokens?.csrfToken ?? '' };
    const answer = await leave({}, app().anonymous(headers));
    expect(answer.data.deleteOwnAccount?.errors).toEqual([]);
    const { value, attributes } = cookieOf(answer);
    expect(value).toBe('');
    expect(attributes.join('; ')).toMatch(/Max-Age=0|Expires=Thu, 01 Jan 1970/);
  });

  test('writes to no address that nobody proved or gave', async () => {
    await app().database.query('update identifiers set exclusive = false, verified_at = null where user_id = $1', [id]);
    expect((await leave()).data.deleteOwnAccount?.errors).toEqual([]);
    expect((await messagesTo(app(), email)).map(({ template }) => template)).not.toContain('account-deleted');
  });

  test('happens once, however often it is sent at once', async () => {
    const [outcomes, { audit }] = await recording(app(), () =>
      inParallel(20, async () => {
        const { code, data } = await leave();
        return data?.deleteOwnAccount?.errors[0]?.code ?? code;
      }),
    );
    expect(outcomes.filter((one) => one === 'OK')).toHaveLength(1);
    const others = outcomes.filter((one) => !['OK', 'UNAUTHENTICATED', 'CURRENT_PASSWORD_INCORRECT'].includes(one));
    expect(others).toEqual([]);
    expect(audit.filter(({ result }) => result === 'SUCCESS')).toHaveLength(1);
    expect(await isThere()).toBe(false);
  });
});

describe('the confirmation', () => {
  test.each([
    ['the address in other letters', async () => ` ${email.toUpperCase()} `],
    [
      'the user name',
      async () => {
        const username = unique('leaver.name');
        await app().database.query('update users set username = $2 where id = $1', [id, username]);
        return username.toUpperCase();
      },
    ],
  ])('can be %s', async (_what, typed) => {
    expect((await leave({ confirmation: await typed() })).data.deleteOwnAccount?.errors).toEqual([]);
    expect(await isThere()).toBe(false);
  });

  test('of an account that has a number only is the number', async () => {
    await app().database.query(`update users set phone = '+390669881234' where id = $1`, [id]);
    expect((await refused({ confirmation: '+39 06 6988 1234' })).payload?.errors).toHaveLength(1);
    await app().database.query(`update users set email = null where id = $1`, [id]);
    expect((await leave({ confirmation: '+39 06 6988 1234' })).data.deleteOwnAccount?.errors).toEqual([]);
  });

  test('that is another one is refused before the password is looked at', async () => {
    for (const confirmation of ['', 'yes', 'Ada', 'admin@cast.example', `x${email}`, id, `${email}\u0000`, 'DELETE']) {
      const { payload, audit } = await refused({ confirmation, currentPassword: 'wrong' });
      expect(payload).toEqual({
        deletedUserId: null,
        errors: [{ code: 'INVALID_VALUE', field: ['confirmation'], targetId: null }],
      });
      expect(audit).toEqual([]);
    }
  });
});

describe('the present password', () => {
  test('that is wrong counts towards the lock, and is in the log', async () => {
    for (let time = 1; time <= 5; time += 1) {
      const { payload, audit } = await refused({ currentPassword: `wrong ${time}` });
      expect(payload?.errors).toMatchObject([{ code: 'CURRENT_PASSWORD_INCORRECT', field: ['currentPassword'] }]);
      expect(audit).toMatchObject([{ action: 'user.deleted', result: 'FAILURE', actor_id: id, target_id: id }]);
    }
    expect((await refused()).payload?.errors.map(({ code }) => code)).toEqual(['CURRENT_PASSWORD_INCORRECT']);
    expect(await isThere()).toBe(true);
  });

  test('must be given by whoever has one, and else the session be fresh', async () => {
    expect((await refused({ currentPassword: null })).payload?.errors.map(({ code }) => code)).toEqual(['REQUIRED']);
    await app().database.query('delete from credentials where user_id = $1', [id]);
    app().clock.advance(601);
    expect((await refused({ currentPassword: null })).code).toBe('STEP_UP_REQUIRED');
    await app().database.query('update sessions set authenticated_at = $2 where user_id = $1', [
      id,
      app().clock.now().toISOString(),
    ]);
    expect((await leave({ currentPassword: null })).data.deleteOwnAccount?.errors).toEqual([]);
  });
});

describe('who may leave', () => {
  test('is nobody who is not signed in, who acts as somebody else, or who comes by a key', async () => {
    expect((await refused({}, app().anonymous())).code).toBe('UNAUTHENTICATED');
    const verdicts = [person(), impersonated('ACT', 'admin:*'), impersonated('READ_ONLY'), key()].map((principal) =>
      judge(tree.Mutation.deleteOwnAccount, { principal, args: {}, parent: null, now: NOW }),
    );
    expect(verdicts.map((verdict) => (verdict.allowed ? null : verdict.code))).toEqual([
      null,
      'FORBIDDEN',
      'FORBIDDEN',
      'FORBIDDEN',
    ]);
  });

  test('is no page of others: a cookie alone does not do', async () => {
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    expect((await refused({}, app().anonymous({ cookie: cookieOf(begun).pair }))).code).toBe('FORBIDDEN');
    expect(await isThere()).toBe(true);
  });

  test('is nobody who was shut out while the request waited', async () => {
    const late = await overtaking(app().database, id, leave, () =>
      app().database.query(`update sessions set ended_at = now(), end_reason = 'REVOKED' where user_id = $1`, [id]),
    );
    expect([late.code, await isThere()]).toEqual(['UNAUTHENTICATED', true]);
  });

  test('names nobody but oneself', async () => {
    for (const more of ['id', 'userId', 'ids', 'reason']) {
      const { answer, changed } = await changing(app(), () =>
        actor.run('mutation ($input: DeleteOwnAccountInput!) { deleteOwnAccount(input: $input) { deletedUserId } }', {
          input: { confirmation: email, currentPassword: PASSWORD, [more]: id },
        }),
      );
      expect([more, answer.code, changed]).toEqual([more, 'BAD_USER_INPUT', []]);
    }
  });

  test('tries one password a request', async () => {
    const two = `mutation { a: deleteOwnAccount(input: { confirmation: "x" }) { deletedUserId }
      b: deleteOwnAccount(input: { confirmation: "y" }) { deletedUserId } }`;
    expect((await actor.run(two)).code).toBe('QUERY_TOO_COMPLEX');
  });
});

describe('the last administrator', () => {
  const onlyAdministrators = async (count: number): Promise<readonly Actor[]> => {
    await app().database.query('delete from memberships where group_id = $1', [ADMINISTRATORS_GROUP_ID]);
    const people: Actor[] = [];
    for (let index = 0; index < count; index += 1) {
      const address = `${unique('boss')}@example.com`;
      await makePerson(app(), { email: address, groupIds: [ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID] });
      people.push(await signIn(app(), address));
    }
    return people;
  };

  test('stays, and is not locked out by trying', async () => {
    const [boss] = await onlyAdministrators(1);
    if (boss === undefined) throw new Error('An administrator was wanted.');
    for (let time = 1; time <= 6; time += 1) {
      const { payload } = await refused({ confirmation: boss.email }, boss);
      expect(payload?.errors).toEqual([{ code: 'LAST_ADMIN', field: null, targetId: boss.id }]);
    }
    expect((await messagesTo(app(), boss.email)).map(({ template }) => template)).not.toContain('account-deleted');
    expect(await isAlive(boss)).toBe(true);
  });

  test('is left when all leave at once, on two replicas', async () => {
    const replica = await startTestApp({ beside: app(), settings: { 'users.accountDeletion': 'true' } });
    for (let round = 0; round < 5; round += 1) {
      const bosses = await onlyAdministrators(3);
      const outcomes = await Promise.all(
        bosses.map(async (boss, index) => {
          const client = index === 0 ? replica.anonymous(boss.headers) : boss;
          const { code, data } = await leave({ confirmation: boss.email }, client);
          return data?.deleteOwnAccount?.errors[0]?.code ?? code;
        }),
      );
      expect(outcomes.toSorted()).toEqual(['LAST_ADMIN', 'OK', 'OK']);
    }
    await replica.close();
  }, 60_000);
});

describe('where the settings do not allow it', () => {
  const closed = useTestApp();

  test('nothing is looked at, and the sign-in page can tell', async () => {
    const address = `${unique('stayer')}@example.com`;
    await makePerson(closed(), { email: address });
    const stayer = await signIn(closed(), address);
    for (const currentPassword of [PASSWORD, 'wrong']) {
      const [answer, { audit }] = await recording(closed(), () =>
        leave({ confirmation: address, currentPassword }, stayer),
      );
      expect(answer.data.deleteOwnAccount).toEqual({
        deletedUserId: null,
        errors: [{ code: 'DISABLED_BY_SETTING', field: null, targetId: null }],
      });
      expect(audit).toEqual([]);
    }
    expect(await isAlive(stayer)).toBe(true);
    const options = async (at: typeof app) =>
      (await at().anonymous().send(AccountOptionsDocument, {})).data.signInOptions?.accountDeletion;
    expect([await options(closed), await options(app)]).toEqual([false, true]);
  });
});

test('neither password nor address is in the log', async () => {
  app().log.length = 0;
  await leave({ currentPassword: 'a wrong kiln guess' });
  await leave();
  const text = app().log.join('\n');
  expect(text).toContain('DeleteOwnAccount');
  for (const secret of ['kiln', 'correct horse', email]) expect(text).not.toContain(secret);
});
