import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  InvitationOfUserDocument,
  TokenStatusDocument,
  UpdateUserDocument,
  type UpdateUserInput,
  UserDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  DATA_OFFICERS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
  SUPPORT_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { useTestApp } from '../../support/test-app.ts';

let phones = 0;

describe('updateUser', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const update = (actor: Actor, input: UpdateUserInput) => actor.send(UpdateUserDocument, { input });

  /** Somebody invited, with one address of each kind. */
  const complete = async () => {
    const name = unique('Full');
    const { data } = await cast().admin.send(CreateUserDocument, {
      input: {
        email: `${name}@example.com`,
        phone: `+39066988${String(3000 + (phones += 1))}`,
        username: name,
        displayName: name,
        groupIds: [MEMBERS_GROUP_ID],
      },
    });
    const user = data.createUser?.user;
    if (user == null) throw new Error(JSON.stringify(data));
    return user;
  };

  test.each([
    ['email', 'New.Address@Example.com', 'New.Address@Example.com', null],
    ['phone', '+39 06 6988 2999', '+390669882999', null],
    ['username', 'Brand.New', 'Brand.New', null],
    ['displayName', ' Brand New ', 'Brand New', 'keep'],
    ['locale', 'it', 'it', 'keep'],
  ] as const)(
    'changes %s when given, keeps it when absent, and takes null as no value or as absent',
    async (field, given, shown, cleared) => {
      const { admin } = cast();
      const before = await complete();
      const { answer, audit, events } = await recording(app(), () => update(admin, { id: before.id, [field]: given }));
      expect(answer.data.updateUser).toMatchObject({ errors: [], user: { [field]: shown, version: 2 } });
      const others = ['email', 'phone', 'username', 'displayName', 'locale'].filter((other) => other !== field);
      for (const other of others) {
        expect(answer.data.updateUser?.user).toHaveProperty(other, before[other as keyof typeof before]);
      }
      expect(audit).toMatchObject([
        {
          action: 'user.updated',
          actor: { type: 'User', id: admin.id, label: 'admin@cast.example' },
          target: { type: 'User', id: before.id },
          changes: [{ field, before: before[field], after: shown }],
        },
      ]);
      expect(events).toEqual([
        { type: 'UserUpdated', aggregateType: 'User', aggregateId: before.id, payload: { userId: before.id } },
      ]);
      const again = await update(admin, { id: before.id, [field]: null });
      expect(again.data.updateUser).toMatchObject({ errors: [], user: { [field]: cleared === null ? null : shown } });
    },
  );

  test('what stays as it is, is no change', async () => {
    const email = `${unique('same')}@example.com`;
    const id = await makePerson(app(), { email, displayName: 'Same', groupIds: [MEMBERS_GROUP_ID] });
    const same = {
      email,
      displayName: 'Same',
      locale: 'en',
      phone: null,
      groupIds: [MEMBERS_GROUP_ID],
      attributes: {},
    };
    for (const input of [{}, { displayName: null, groupIds: null }, same, { expectedVersion: 1, username: null }]) {
      app().clock.advance(1);
      const { answer, changed } = await changing(app(), () =>
        cast().admin.send(UpdateUserDocument, { input: { id, ...input } }),
      );
      expect([answer.data.updateUser?.errors, answer.data.updateUser?.user?.version, changed]).toEqual([[], 1, []]);
    }
    const input = { id, groupIds: [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID], displayName: 'Other' };
    const { data } = await cast().admin.send(UpdateUserDocument, { input });
    expect(data.updateUser?.user).toMatchObject({ version: 2, displayName: 'Other' });
    app().clock.advance(1);
    const fewer = await cast().admin.send(UpdateUserDocument, { input: { id, groupIds: [MEMBERS_GROUP_ID] } });
    expect(fewer.data.updateUser?.user?.version).toBe(3);
  });

  test('takes new addresses as proved, and proves none that stay', async () => {
    const { id, username, email } = await complete();
    await update(cast().admin, { id, email: `new.${email}`, username });
    const rows = await app().database.query<{ kind: string; verified: boolean }>(
      'select kind, verified_at is not null as verified from identifiers where user_id = $1 order by kind',
      [id],
    );
    expect(rows).toEqual([
      { kind: 'EMAIL', verified: true },
      { kind: 'PHONE', verified: false },
      { kind: 'USERNAME', verified: false },
    ]);
  });

  test('frees the old address for others, and only then', async () => {
    const { admin } = cast();
    const [owner, other] = [await complete(), await complete()];
    const taken = await changing(app(), () =>
      update(admin, { id: other.id, email: owner.email?.toUpperCase(), phone: owner.phone }),
    );
    expect(taken.answer.data.updateUser?.errors.map(({ code }) => code).toSorted()).toEqual([
      'EMAIL_IN_USE',
      'PHONE_IN_USE',
    ]);
    expect(taken.changed).toEqual([]);
    await update(admin, { id: owner.id, email: `moved.${owner.email}` });
    const { data } = await update(admin, { id: other.id, email: owner.email });
    expect(data.updateUser).toMatchObject({ errors: [], user: { email: owner.email } });
  });

  test('blames only the address that belongs to somebody else, not the one that changes in its case', async () => {
    const [owner, other] = [await complete(), await complete()];
    const { data } = await update(cast().admin, {
      id: other.id,
      email: other.email?.toUpperCase(),
      username: owner.username,
    });
    expect(data.updateUser?.errors).toMatchObject([{ code: 'USERNAME_IN_USE', field: ['username'] }]);
    expect(data.updateUser?.errors).toHaveLength(1);
  });

  test('lets exactly one of ten users have an address that all are given at once', async () => {
    const people: UserId[] = [];
    for (let index = 0; index < 10; index += 1) people.push(await somebody(app()));
    const answers = await inParallel(10, (index) =>
      update(cast().admin, { id: people[index] ?? '', email: 'all@example.com' }),
    );
    const codes = answers.map(({ data }) => data.updateUser?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual([...Array.from({ length: 9 }, () => 'EMAIL_IN_USE'), 'OK']);
  });

  test('never takes the last address away', async () => {
    const { admin } = cast();
    const { id } = await complete();
    const { answer, changed } = await changing(app(), () =>
      update(admin, { id, email: null, phone: null, username: null }),
    );
    expect(answer.data.updateUser?.errors).toMatchObject([{ code: 'REQUIRED', field: ['email'] }]);
    expect(changed).toEqual([]);
    const swapped = await update(admin, { id, email: null, phone: null, username: 'only.this' });
    expect(swapped.data.updateUser).toMatchObject({
      errors: [],
      user: { email: null, phone: null, username: 'only.this' },
    });
  });

  test('lets open set-up links die with the address they were sent to, and not for a name', async () => {
    const { id, email } = await complete();
    const token = await linkTokenOf(app(), email ?? '', 'invite');
    const state = async () => (await app().anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state;
    await update(cast().admin, { id, displayName: 'Another', email, phone: undefined });
    expect(await state()).toBe('VALID');
    await update(cast().admin, { id, email: `new.${email}` });
    expect(await state()).toBe('USED');
    const { data } = await cast().admin.send(InvitationOfUserDocument, { id });
    expect(data.user?.invitation).toMatchObject({ state: 'REVOKED', email });
  });

  test('refuses a stale version with the current user, and takes the present one', async () => {
    const { admin } = cast();
    const { id } = await complete();
    await update(admin, { id, displayName: 'Second' });
    const { answer, changed } = await changing(app(), () =>
      update(admin, { id, displayName: 'Third', expectedVersion: 1 }),
    );
    expect(answer.data.updateUser).toMatchObject({
      errors: [{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }],
      user: { id, displayName: 'Second', version: 2, groups: [{ id: MEMBERS_GROUP_ID }] },
    });
    expect(changed).toEqual([]);
    const { data } = await update(admin, { id, displayName: 'Third', expectedVersion: 2 });
    expect(data.updateUser).toMatchObject({ errors: [], user: { displayName: 'Third', version: 3 } });
  });

  test('lets one of five changes with the same expected version win', async () => {
    const { id } = await complete();
    const answers = await inParallel(5, (index) =>
      update(cast().admin, { id, displayName: `Try ${index}`, expectedVersion: 1 }),
    );
    const codes = answers.map(({ data }) => data.updateUser?.errors[0]?.code ?? 'OK').toSorted();
    expect(codes).toEqual(['OK', 'VERSION_CONFLICT', 'VERSION_CONFLICT', 'VERSION_CONFLICT', 'VERSION_CONFLICT']);
  });

  test('keeps addresses of people who hold more out of reach, on their way to an account that could be taken over', async () => {
    const editor = await holderOf(app(), ['view:users', 'update:users']);
    const boss = await somebody(app(), [ADMINISTRATORS_GROUP_ID]);
    for (const change of [
      { email: 'mine@example.com' },
      { username: 'mine' },
      { email: null, phone: '+390669882998' },
    ]) {
      const { answer, changed } = await changing(app(), () => update(editor, { id: boss, ...change }));
      expect(answer.data.updateUser).toMatchObject({
        user: null,
        errors: [{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['id'], targetId: boss }],
      });
      expect(changed).toEqual([]);
    }
    const peer = await somebody(app());
    expect((await update(editor, { id: peer, email: 'peer@example.com' })).data.updateUser?.errors).toEqual([]);
    const own = await update(editor, { id: editor.id, email: 'own@example.com' });
    expect(own.data.updateUser?.errors).toEqual([]);
  });

  test('gives holders of protected permissions the same protection from administrators without them', async () => {
    const administrator = await holderOf(app(), ['admin:*']);
    const { impersonator, admin } = cast();
    const { data } = await update(administrator, { id: impersonator.id, email: 'mine@example.com' });
    expect(data.updateUser?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS', targetId: impersonator.id }]);
    expect((await update(admin, { id: impersonator.id, username: 'impersonator' })).data.updateUser?.errors).toEqual(
      [],
    );
  });

  test('wants two factors and the identity confirmed before the account of a holder of protected permissions changes hands', async () => {
    const email = `${unique('stale')}@example.com`;
    await makePerson(app(), { email, groupIds: [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID] });
    const actor = await signIn(app(), email);
    const officer = await somebody(app(), [DATA_OFFICERS_GROUP_ID]);
    const take = () => changing(app(), () => update(actor, { id: officer, email: `${unique('taken')}@example.com` }));
    const weak = await take();
    expect(weak.answer.errors[0]?.extensions).toMatchObject({ code: 'STEP_UP_REQUIRED' });
    expect(weak.changed).toEqual([]);
    expect((await update(actor, { id: officer, displayName: 'Same' })).data.updateUser?.errors).toEqual([]);
    await raiseToAal2(app(), actor);
    expect((await take()).answer.data.updateUser?.errors).toEqual([]);
  });

  test.each([
    ['an unknown id', () => newId<UserId>()],
    ['a malformed id', () => 'nonsense'],
  ])('answers TARGET_NOT_FOUND for %s', async (_, make) => {
    const id = make();
    const { answer, changed } = await changing(app(), () => update(cast().admin, { id, displayName: 'X' }));
    expect(answer.data.updateUser).toMatchObject({
      user: null,
      errors: [{ code: 'TARGET_NOT_FOUND', field: ['id'], targetId: id }],
    });
    expect(changed).toEqual([]);
  });

  test('answers the same for a hidden user as for none', async () => {
    const blind = await holderOf(app(), ['update:users']);
    const hidden = await somebody(app());
    const nobody = newId<UserId>();
    const [one, other] = await Promise.all([hidden, nobody].map((id) => update(blind, { id, displayName: 'X' })));
    const plain = (text: string, id: string) => text.replaceAll(id, 'ID');
    expect(plain(JSON.stringify(one?.data), hidden)).toBe(plain(JSON.stringify(other?.data), nobody));
    expect(one?.data.updateUser?.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', targetId: hidden }]);
  });

  test('names every bad field at once and changes nothing', async () => {
    const { id } = await complete();
    const { answer, changed } = await changing(app(), () =>
      update(cast().admin, { id, email: 'x', phone: 'y', username: '', displayName: ' ', locale: 'xx', groupIds: [] }),
    );
    expect(answer.data.updateUser?.errors.map(({ code, field }) => `${code} ${field?.join('.')}`)).toEqual([
      'REQUIRED displayName',
      'INVALID_LOCALE locale',
      'INVALID_EMAIL email',
      'INVALID_PHONE phone',
      'INVALID_USERNAME username',
      'NO_GROUPS_LEFT groupIds',
    ]);
    expect(changed).toEqual([]);
  });

  test('is refused without update:users, on oneself too', async () => {
    const { member, reader } = cast();
    for (const actor of [member, reader]) {
      const { answer, changed } = await changing(app(), () => update(actor, { id: actor.id, displayName: 'Me' }));
      expect(answer.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['update:users'] });
      expect(changed).toEqual([]);
    }
    expect((await member.send(UserDocument, { id: member.id })).data.user?.displayName).toBe('The member');
  });
});
