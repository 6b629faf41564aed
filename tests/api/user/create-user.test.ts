import { describe, expect, test } from 'vitest';
import { CreateUserDocument, type CreateUserInput, TokenStatusDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { signIn } from '../../support/cast.ts';
import { changing, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import { useTestApp } from '../../support/test-app.ts';

const GOOD = { email: 'ada@example.com', displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] };

describe('createUser', () => {
  const app = useTestApp();
  const cast = useCast(app);

  test('invites somebody without a password: status INVITED, and a mailed link that works', async () => {
    const { admin } = cast();
    const { answer, audit, events } = await recording(app(), () =>
      admin.send(CreateUserDocument, { input: { ...GOOD, locale: 'de-AT' } }),
    );
    expect(answer.errors).toEqual([]);
    const payload = answer.data.createUser;
    expect(payload).toMatchObject({
      inviteEmail: { template: 'invite', recipient: 'ada@example.com', state: 'SENT', attempts: 1, failure: null },
      setupLink: null,
      violations: [],
      errors: [],
    });
    expect(payload?.user).toMatchObject({
      email: 'ada@example.com',
      displayName: 'Ada',
      locale: 'de-AT',
      status: 'INVITED',
      passwordChangeRequired: false,
      lastSignInAt: null,
      version: 1,
      groups: [{ id: MEMBERS_GROUP_ID, name: 'Members' }],
    });
    const token = await linkTokenOf(app(), 'ada@example.com', 'invite');
    expect(await messagesTo(app(), 'ada@example.com')).toMatchObject([
      {
        locale: 'de-AT',
        variables: {
          userName: 'Ada',
          groupNames: 'Members',
          link: `http://localhost:4000/account/invite#token=${token}`,
        },
      },
    ]);
    const status = await app().anonymous().send(TokenStatusDocument, { token });
    expect(status.data.tokenStatus).toMatchObject({ state: 'VALID', kind: 'INVITE', passwordNeeded: true });
    const id = payload?.user?.id;
    expect(audit).toEqual([
      {
        action: 'user.created',
        result: 'SUCCESS',
        actor: { type: 'User', id: admin.id, label: 'admin@cast.example' },
        target: { type: 'User', id, label: 'ada@example.com' },
        metadata: { invited: true, groupIds: [MEMBERS_GROUP_ID] },
        changes: [],
        requestId: expect.any(String) as string,
      },
    ]);
    expect(events).toEqual([
      {
        type: 'UserRegistered',
        aggregateType: 'User',
        aggregateId: id,
        payload: { userId: id, kind: 'PERSON', groupIds: [MEMBERS_GROUP_ID] },
      },
    ]);
    expect(JSON.stringify([audit, events])).not.toContain(token);
  });

  test('makes an active user with a password, who must change it unless told otherwise', async () => {
    const { admin } = cast();
    const password = 'seven green umbrellas';
    const send = (email: string, passwordChangeRequired?: boolean) =>
      admin.send(CreateUserDocument, { input: { ...GOOD, email, password, passwordChangeRequired } });
    const must = await send('must@example.com');
    expect(must.data.createUser).toMatchObject({
      user: { status: 'ACTIVE', passwordChangeRequired: true },
      inviteEmail: null,
      setupLink: null,
      errors: [],
    });
    await send('free@example.com', false);
    expect((await signIn(app(), 'free@example.com', password)).email).toBe('free@example.com');
    const [row] = await app().database.query<{ secret: string }>('select secret from credentials where user_id = $1', [
      must.data.createUser?.user?.id,
    ]);
    expect(row?.secret).toMatch(/^\$argon2id\$/);
  });

  test('keeps addresses in one normal form, shown as typed', async () => {
    const { admin } = cast();
    const { data } = await admin.send(CreateUserDocument, {
      input: {
        ...GOOD,
        email: '  Grace.Hopper@Example.COM ',
        phone: '+39 06 6988 3145',
        username: 'Ｇrace_H',
        displayName: '  Grace Hoppe\u0301r ',
      },
    });
    expect(data.createUser?.user).toMatchObject({
      email: 'Grace.Hopper@Example.COM',
      phone: '+390669883145',
      username: 'Grace_H',
      displayName: 'Grace Hoppér',
    });
    const rows = await app().database.query(
      'select kind, value, exclusive, verified_at from identifiers where user_id = $1 order by kind',
      [data.createUser?.user?.id],
    );
    expect(rows).toEqual([
      { kind: 'EMAIL', value: 'grace.hopper@example.com', exclusive: true, verified_at: null },
      { kind: 'PHONE', value: '+390669883145', exclusive: true, verified_at: null },
      { kind: 'USERNAME', value: 'grace_h', exclusive: true, verified_at: null },
    ]);
  });

  test.each([
    ['an address without a domain', { email: 'ada' }, 'INVALID_EMAIL', ['email']],
    ['an address of 255 characters', { email: `${'a'.repeat(243)}@example.com` }, 'INVALID_EMAIL', ['email']],
    ['an empty address', { email: '' }, 'INVALID_EMAIL', ['email']],
    ['an address with a NUL byte', { email: 'a\u0000b@example.com' }, 'INVALID_EMAIL', ['email']],
    ['an address of 90 kB', { email: `${'a'.repeat(90_000)}@example.com` }, 'INVALID_EMAIL', ['email']],
    ['a phone number without country', { phone: '06 6988 3145' }, 'INVALID_PHONE', ['phone']],
    ['a phone number that cannot be', { phone: '+39 1' }, 'INVALID_PHONE', ['phone']],
    ['a user name of 2 characters', { username: 'ab' }, 'INVALID_USERNAME', ['username']],
    ['a user name of 33 characters', { username: 'a'.repeat(33) }, 'INVALID_USERNAME', ['username']],
    ['a user name that looks like an address', { username: 'ada@home' }, 'INVALID_USERNAME', ['username']],
    ['a user name that ends with a dot', { username: 'ada.' }, 'INVALID_USERNAME', ['username']],
    ['a blank name', { displayName: ' \t ' }, 'REQUIRED', ['displayName']],
    ['a name of 101 characters', { displayName: '😀'.repeat(101) }, 'TOO_LONG', ['displayName']],
    ['a name with a NUL byte', { displayName: 'A\u0000da' }, 'INVALID_VALUE', ['displayName']],
    ['a name with half a surrogate pair', { displayName: 'A\uD800' }, 'INVALID_VALUE', ['displayName']],
    ['a language that is not offered', { locale: 'tlh' }, 'INVALID_LOCALE', ['locale']],
    ['a language that is none', { locale: 'not a tag' }, 'INVALID_LOCALE', ['locale']],
    ['no group', { groupIds: [] }, 'NO_GROUPS_LEFT', ['groupIds']],
    ['a weak password', { password: 'short' }, 'WEAK_PASSWORD', ['password']],
    ['an empty idempotency key', { idempotencyKey: '' }, 'INVALID_VALUE', ['idempotencyKey']],
    ['an idempotency key of 201 characters', { idempotencyKey: 'k'.repeat(201) }, 'INVALID_VALUE', ['idempotencyKey']],
    ['no address at all', { email: null }, 'REQUIRED', ['email']],
  ])('refuses %s and makes nothing', async (_, change: Partial<CreateUserInput>, code, field) => {
    const { admin } = cast();
    const { answer, changed } = await changing(app(), () =>
      admin.send(CreateUserDocument, { input: { ...GOOD, email: 'new@example.com', ...change } }),
    );
    expect(answer.data.createUser).toMatchObject({
      user: null,
      setupLink: null,
      errors: [{ code, field, targetId: null }],
    });
    expect(changed).toEqual([]);
  });

  test('takes a name of exactly 100 characters and a user name of exactly 3 and 32', async () => {
    const { admin } = cast();
    for (const username of ['abc', 'a'.repeat(32)]) {
      const { data } = await admin.send(CreateUserDocument, {
        input: { username, displayName: '😀'.repeat(100), groupIds: [MEMBERS_GROUP_ID] },
      });
      expect(data.createUser).toMatchObject({
        user: { username, email: null, displayName: '😀'.repeat(100) },
        errors: [],
      });
    }
  });

  test('names every problem at once', async () => {
    const { admin } = cast();
    const { data } = await admin.send(CreateUserDocument, {
      input: { email: 'x', phone: 'y', username: 'z', displayName: '', locale: '?', groupIds: [] },
    });
    expect(data.createUser?.errors.map(({ code, field }) => [code, field?.join('.')])).toEqual([
      ['REQUIRED', 'displayName'],
      ['INVALID_LOCALE', 'locale'],
      ['INVALID_EMAIL', 'email'],
      ['INVALID_PHONE', 'phone'],
      ['INVALID_USERNAME', 'username'],
      ['NO_GROUPS_LEFT', 'groupIds'],
    ]);
  });

  test('tells each broken rule of a weak password', async () => {
    const { admin } = cast();
    const { data } = await admin.send(CreateUserDocument, {
      input: { ...GOOD, email: 'weak@example.com', password: 'ada' },
    });
    expect(data.createUser?.violations).toContain('MIN_LENGTH');
    expect(data.createUser?.errors).toMatchObject([{ code: 'WEAK_PASSWORD', field: ['password'] }]);
  });

  test.each([
    ['email', { email: 'TAKEN@example.com' }, 'EMAIL_IN_USE'],
    ['phone', { phone: '+39 06 6988 3146' }, 'PHONE_IN_USE'],
    ['username', { username: 'Taken' }, 'USERNAME_IN_USE'],
  ])('refuses a taken %s, however it is written', async (field, change: Partial<CreateUserInput>, code) => {
    const { admin } = cast();
    const owner = { ...GOOD, email: 'taken@example.com', phone: '+390669883146', username: 'taken' };
    await admin.send(CreateUserDocument, { input: owner });
    const { answer, changed } = await changing(app(), () =>
      admin.send(CreateUserDocument, { input: { ...GOOD, email: 'other@example.com', ...change } }),
    );
    expect(answer.data.createUser).toMatchObject({ user: null, errors: [{ code, field: [field] }] });
    expect(changed).toEqual([]);
  });

  test('costs six statements with an invitation and its delivery, four with a password', async () => {
    const { admin } = cast();
    const variants: readonly (readonly [number, Partial<CreateUserInput>])[] = [
      [6, { idempotencyKey: 'statements' }],
      [
        4,
        {
          password: 'seven green umbrellas',
          idempotencyKey: 'statements too',
          groupIds: [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID],
        },
      ],
    ];
    for (const [index, [limit, variant]] of variants.entries()) {
      const input = { ...GOOD, email: `statements${index}@example.com`, ...variant };
      const { answer, statements } = await statementsOf(app(), () =>
        admin.run('mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { code } } }', {
          input,
        }),
      );
      expect(answer.data).toMatchObject({ createUser: { errors: [] } });
      expect([index, statements]).toEqual([index, limit]);
    }
  });

  test('is refused without create:users, naming what is missing, and makes nothing', async () => {
    const { member, anonymous } = cast();
    const viewer = await holderOf(app(), ['view:users', 'update:users', 'assign:groups']);
    const { answer, changed } = await changing(app(), async () => [
      await member.send(CreateUserDocument, { input: { ...GOOD, email: 'no@example.com' } }),
      await viewer.send(CreateUserDocument, { input: { ...GOOD, email: 'no@example.com' } }),
    ]);
    for (const one of answer) {
      expect(one.data).toEqual({ createUser: null });
      expect(one.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['create:users'] });
    }
    expect((await anonymous.send(CreateUserDocument, { input: GOOD })).code).toBe('UNAUTHENTICATED');
    expect(changed).toEqual([]);
  });
});
