import { beforeEach, describe, expect, test } from 'vitest';
import { SignInDocument, UpdateProfileDocument, UpdateUserDocument } from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { judge } from '../../../src/permissions/judge.ts';
import { tree } from '../../../src/permissions/tree.ts';
import type { Principal } from '../../../src/principal.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { overtaking } from '../../support/locks.ts';
import { cookieOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import { impersonated, key, NOW, person } from '../../unit/permissions/callers.fixture.ts';

const app = useTestApp();
let id: UserId;
let email: string;
let actor: Actor;

beforeEach(async () => {
  email = `${unique('profile')}@example.com`;
  id = await makePerson(app(), { email, displayName: 'Before' });
  actor = await signIn(app(), email);
});

const update = (input: Record<string, unknown>, by: TestClient = actor) => by.send(UpdateProfileDocument, { input });
const payloadOf = async (input: Record<string, unknown>) => (await update(input)).data.updateProfile;

const refused = async (input: Record<string, unknown>) => {
  const { answer, changed } = await changing(app(), () => update(input));
  expect(changed).toEqual([]);
  return answer;
};

describe('updateProfile', () => {
  test('changes what is given and keeps what is absent or null', async () => {
    const { answer, audit, events } = await recording(app(), () =>
      update({ displayName: '  Ada   Lovelace ', locale: null }),
    );
    expect(answer.data.updateProfile).toMatchObject({
      user: { id, displayName: 'Ada   Lovelace', locale: 'en', attributes: {}, version: 2 },
      errors: [],
    });
    expect(audit).toMatchObject([
      {
        action: 'user.updated',
        result: 'SUCCESS',
        actor: { type: 'User', id, label: email },
        target: { type: 'User', id, label: email },
        changes: [{ field: 'displayName', before: 'Before', after: 'Ada   Lovelace' }],
      },
    ]);
    expect(events).toEqual([{ type: 'UserUpdated', aggregateType: 'User', aggregateId: id, payload: { userId: id } }]);
    expect((await payloadOf({ locale: 'it' }))?.user).toMatchObject({
      displayName: 'Ada   Lovelace',
      locale: 'it',
      version: 3,
    });
  });

  test.each([{}, { displayName: 'Before', locale: 'en' }, { displayName: null, attributes: {} }])(
    'makes no version and no line of %j, which changes nothing',
    async (input) => {
      expect((await refused(input)).data.updateProfile).toMatchObject({ user: { id, version: 1 }, errors: [] });
    },
  );

  test.each([
    [{ displayName: '' }, 'REQUIRED', ['displayName']],
    [{ displayName: ' \t ' }, 'REQUIRED', ['displayName']],
    [{ displayName: 'x'.repeat(101) }, 'TOO_LONG', ['displayName']],
    [{ displayName: 'a\u0000b' }, 'INVALID_VALUE', ['displayName']],
    [{ displayName: 'a\ud83d' }, 'INVALID_VALUE', ['displayName']],
    [{ locale: 'fr' }, 'INVALID_LOCALE', ['locale']],
    [{ locale: '../../etc' }, 'INVALID_LOCALE', ['locale']],
    [{ attributes: { nickname: 'x' } }, 'INVALID_ATTRIBUTE', ['attributes', 'nickname']],
  ])('refuses %.50j with %s', async (input, code, field) => {
    const answer = await refused(input);
    expect(answer.data.updateProfile).toEqual({ user: null, errors: [{ code, field }] });
  });

  test('says everything that is wrong at once', async () => {
    const answer = await refused({ displayName: '', locale: 'fr', attributes: { nickname: 1 } });
    expect(answer.data.updateProfile?.errors.map(({ code }) => code)).toEqual([
      'REQUIRED',
      'INVALID_LOCALE',
      'INVALID_ATTRIBUTE',
    ]);
  });

  test('refuses a stale version with the current object, and takes the present one', async () => {
    const { admin } = await app().cast();
    await admin.send(UpdateUserDocument, { input: { id, displayName: 'By somebody else' } });
    const stale = await refused({ displayName: 'Mine', expectedVersion: 1 });
    expect(stale.data.updateProfile).toMatchObject({
      user: { displayName: 'By somebody else', version: 2 },
      errors: [{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }],
    });
    expect(await payloadOf({ displayName: 'Mine', expectedVersion: 2 })).toMatchObject({
      user: { displayName: 'Mine', version: 3 },
      errors: [],
    });
  });

  test('lets exactly one of fifty win that are based on one version', async () => {
    const answers = await inParallel(50, async (index) => payloadOf({ displayName: `N ${index}`, expectedVersion: 1 }));
    const codes = answers.map((payload) => payload?.errors[0]?.code ?? 'OK');
    expect(codes.toSorted()).toEqual(['OK', ...Array.from({ length: 49 }, () => 'VERSION_CONFLICT')]);
    const [row] = await app().database.query('select version from users where id = $1', [id]);
    expect(row).toEqual({ version: 2 });
  });

  test('costs five statements', async () => {
    const { statements } = await statementsOf(app(), () => update({ displayName: 'Cheap' }));
    expect(statements).toBe(5);
  });
});

describe('who may change a profile', () => {
  test('is its owner, in a session of their own', async () => {
    expect((await update({ displayName: 'X' }, app().anonymous())).code).toBe('UNAUTHENTICATED');
    const codeFor = (principal: Principal) => {
      const verdict = judge(tree.Mutation.updateProfile, { principal, args: {}, parent: null, now: NOW });
      return verdict.allowed ? null : verdict.code;
    };
    const callers = [person(), impersonated('READ_ONLY', 'admin:*'), impersonated('ACT', 'admin:*'), key()];
    expect(callers.map(codeFor)).toEqual([null, 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });

  test('is nobody whose session ended while the request waited', async () => {
    const late = await overtaking(
      app().database,
      id,
      () => update({ displayName: 'Late' }),
      () =>
        app().database.query(`update sessions set ended_at = now(), end_reason = 'REVOKED' where user_id = $1`, [id]),
    );
    expect(late.code).toBe('UNAUTHENTICATED');
    const [row] = await app().database.query('select display_name as name from users where id = $1', [id]);
    expect(row).toEqual({ name: 'Before' });
  });

  test('is no page of others: a cookie alone does not do', async () => {
    const begun = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: PASSWORD } });
    const cookie = cookieOf(begun).pair;
    const forged = await changing(app(), () => update({ displayName: 'Forged' }, app().anonymous({ cookie })));
    expect([forged.answer.code, forged.changed]).toEqual(['FORBIDDEN', []]);
    const headers = { cookie, 'x-csrf-token': begun.data.signIn?.tokens?.csrfToken ?? '' };
    expect((await update({ displayName: 'Own' }, app().anonymous(headers))).data.updateProfile?.errors).toEqual([]);
  });

  test.each([
    'id',
    'userId',
    'email',
    'emailVerifiedAt',
    'phone',
    'phoneVerifiedAt',
    'username',
    'status',
    'version',
    'groupIds',
    'groups',
    'permissions',
    'kind',
    'failedSignInCount',
    'lockedUntil',
    'passwordChangeRequired',
    'mfaEnabledAt',
    'source',
    'constructor',
  ])('sets nothing else: %s is no field of the input', async (field) => {
    const { answer, changed } = await changing(app(), () =>
      actor.run('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }', {
        input: { displayName: 'Eve', [field]: 'ACTIVE' },
      }),
    );
    expect([answer.code, answer.data, changed]).toEqual(['BAD_USER_INPUT', undefined, []]);
  });
});
