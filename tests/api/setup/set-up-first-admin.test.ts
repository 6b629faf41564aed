import { describe, expect, test } from 'vitest';
import {
  SetUpFirstAdminDocument,
  SignInDocument,
  SignInOptionsDocument,
  TokenStatusDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { makePerson } from '../../support/cast.ts';
import { cookieOf, jwtParts, recording, signInState } from '../../support/records.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const PASSWORD = 'violet harbour lantern seven';

const tokenOf = async (app: TestApp): Promise<string> => {
  const issued = await app.services.setup.issueToken();
  if (issued === null) throw new Error('Set-up is done.');
  return issued.token.reveal();
};

const setUp = (app: TestApp, setupToken: string, more: Record<string, unknown> = {}) =>
  app.anonymous().send(SetUpFirstAdminDocument, {
    input: {
      setupToken,
      email: 'ada@setup.example',
      displayName: 'Ada Lovelace',
      password: PASSWORD,
      delivery: 'BODY',
      ...more,
    },
  });

const isRequired = async (app: TestApp) =>
  (await app.anonymous().send(SignInOptionsDocument, {})).data.signInOptions?.setupRequired;

const withApp = async (work: (app: TestApp) => Promise<void>): Promise<void> => {
  const app = await startTestApp();
  try {
    await work(app);
  } finally {
    await app.close();
  }
};

describe('setUpFirstAdmin', () => {
  test('makes an administrator who is a Key Master too and signed in, once', async () => {
    await withApp(async (app) => {
      expect(await isRequired(app)).toBe(true);
      const spare = await tokenOf(app);
      const token = await tokenOf(app);
      const [answer, { audit, events }] = await recording(app, () => setUp(app, token));
      const payload = answer.data.setUpFirstAdmin;
      expect(payload).toMatchObject({ step: 'COMPLETE', violations: [], errors: [] });
      expect(payload?.user).toMatchObject({
        email: 'ada@setup.example',
        displayName: 'Ada Lovelace',
        status: 'ACTIVE',
        passwordChangeRequired: false,
        lastSignInAt: app.clock.now().toISOString(),
      });
      const id = payload?.user?.id;
      const accessToken = payload?.tokens?.accessToken ?? '';
      expect(jwtParts(accessToken).claims).toMatchObject({ sub: id, acr: 'aal1', amr: ['pwd'] });
      const { data } = await app.anonymous({ authorization: `Bearer ${accessToken}` }).send(ViewerDocument, {});
      expect(data.viewer?.user.groups?.map(({ name }) => name).toSorted()).toEqual(['Administrators', 'Key Masters']);
      expect(data.viewer?.session?.signInMethod).toBe('SIGN_UP');
      const sessionId = data.viewer?.session?.id;
      expect(audit).toMatchObject([
        { action: 'session.started', actor_id: id, target_id: sessionId, metadata: { method: 'SIGN_UP' } },
        { action: 'user.created', actor_id: id, target_id: id, metadata: { administrator: true } },
      ]);
      expect(events).toEqual([
        { type: 'SessionStarted', payload: { sessionId, userId: id, method: 'SIGN_UP' } },
        { type: 'UserRegistered', payload: { userId: id, kind: 'PERSON' } },
      ]);
      expect(await isRequired(app)).toBe(false);
      expect(await app.services.setup.issueToken()).toBeNull();
      const before = await signInState(app);
      for (const late of [token, spare, 'rubbish']) {
        const again = await setUp(app, late, { email: 'eve@setup.example' });
        expect(again.data.setUpFirstAdmin).toMatchObject({
          step: 'FAILED',
          user: null,
          tokens: null,
          errors: [{ code: 'SETUP_ALREADY_DONE' }],
        });
      }
      expect(await signInState(app)).toEqual(before);
      const later = await app
        .anonymous()
        .send(SignInDocument, { input: { identifier: 'ada@setup.example', password: PASSWORD, delivery: 'BODY' } });
      expect(later.data.signIn?.step).toBe('COMPLETE');
    });
  });

  test('hands the session over in a cookie by default', async () => {
    await withApp(async (app) => {
      const answer = await app.anonymous().send(SetUpFirstAdminDocument, {
        input: { setupToken: await tokenOf(app), email: 'ada@setup.example', displayName: 'Ada', password: PASSWORD },
      });
      expect(answer.data.setUpFirstAdmin?.tokens).toMatchObject({ accessToken: null, refreshToken: null });
      const viewer = await app.anonymous({ cookie: cookieOf(answer).pair }).send(ViewerDocument, {});
      expect(viewer.data.viewer?.user.email).toBe('ada@setup.example');
    });
  });

  test('lets exactly one of twenty calls at once succeed, on two replicas with tokens of their own', async () => {
    await withApp(async (app) => {
      const replica = await startTestApp({ beside: app });
      const tokens = [await tokenOf(app), await tokenOf(replica)];
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_unused, number) =>
          setUp(number % 2 === 0 ? app : replica, tokens[number % 2] ?? '', { email: `admin${number}@setup.example` }),
        ),
      );
      const steps = answers.map(({ data }) => data.setUpFirstAdmin?.step);
      expect(steps.filter((step) => step === 'COMPLETE')).toHaveLength(1);
      const codes = answers.flatMap(({ data }) => data.setUpFirstAdmin?.errors.map(({ code }) => code) ?? []);
      expect(codes).toEqual(Array.from({ length: 19 }, () => 'SETUP_ALREADY_DONE'));
      expect(await app.database.query('select count(*)::int as n from users')).toEqual([{ n: 1 }]);
      expect(await app.database.query('select count(*)::int as n from sessions')).toEqual([{ n: 1 }]);
      await replica.close();
    });
  });

  describe('leaves nothing half-done', () => {
    const app = useTestApp();

    const refused = async (token: string, change: Record<string, unknown>) => {
      const before = await signInState(app());
      const [answer, records] = await recording(app(), () => setUp(app(), token, change));
      expect(answer.errors).toEqual([]);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(answer.data.setUpFirstAdmin).toMatchObject({ step: 'FAILED', user: null, tokens: null });
      expect(records).toEqual({ audit: [], events: [] });
      expect(await signInState(app())).toEqual(before);
      expect(await isRequired(app())).toBe(true);
      return answer.data.setUpFirstAdmin;
    };

    test.each<[string, Record<string, unknown>, readonly object[]]>([
      ['a malformed address', { email: 'ada' }, [{ code: 'INVALID_EMAIL', field: ['email'] }]],
      ['an empty address', { email: '' }, [{ code: 'INVALID_EMAIL', field: ['email'] }]],
      ['an address with a NUL', { email: 'a\0@b.example' }, [{ code: 'INVALID_EMAIL', field: ['email'] }]],
      ['a blank name', { displayName: '  ' }, [{ code: 'REQUIRED', field: ['displayName'] }]],
      ['a name of 101 characters', { displayName: 'n'.repeat(101) }, [{ code: 'TOO_LONG', field: ['displayName'] }]],
      ['a lone surrogate in the name', { displayName: 'A\ud800' }, [{ code: 'INVALID_VALUE', field: ['displayName'] }]],
      [
        'two wrong fields',
        { displayName: '', email: 'x' },
        [
          { code: 'REQUIRED', field: ['displayName'] },
          { code: 'INVALID_EMAIL', field: ['email'] },
        ],
      ],
      [
        'a control character in the password',
        { password: 'violet\u0007harbour lantern' },
        [{ code: 'INVALID_VALUE', field: ['password'] }],
      ],
      [
        'a lone surrogate in the password',
        { password: 'violet harbour \udfff' },
        [{ code: 'INVALID_VALUE', field: ['password'] }],
      ],
      [
        'a long name of the client',
        { client: { deviceName: 'x'.repeat(101) } },
        [{ code: 'TOO_LONG', field: ['client', 'deviceName'] }],
      ],
    ])('with %s', async (_what, change, errors) => {
      const payload = await refused(await tokenOf(app()), change);
      expect(payload?.errors).toMatchObject(errors);
      expect(payload?.errors).toHaveLength(errors.length);
      expect(payload?.violations).toEqual([]);
    });

    test.each([
      ['short', ['MIN_LENGTH']],
      ['', ['MIN_LENGTH']],
      ['ada@setup.example!', ['PERSONAL_DATA']],
      ['Lovelace', ['MIN_LENGTH', 'PERSONAL_DATA']],
      ['password1234', ['BREACH_LIST'], 'BREACHED_PASSWORD'],
      ['tinkerbell1953', ['BREACH_LIST'], 'BREACHED_PASSWORD'],
      ['x'.repeat(1025), ['MAX_BYTES']],
    ])(
      'with the weak password "%.20s", and says which rules it breaks',
      async (password, violations, code = 'WEAK_PASSWORD') => {
        const payload = await refused(await tokenOf(app()), { password });
        expect(payload?.errors).toMatchObject([{ code, field: ['password'] }]);
        expect(payload?.violations).toEqual(violations);
      },
    );

    test('when the address belongs to an ordinary user, whose account stays as it is', async () => {
      await makePerson(app(), { email: 'taken@setup.example' });
      const token = await tokenOf(app());
      const payload = await refused(token, { email: 'Taken@Setup.example' });
      expect(payload?.errors).toMatchObject([{ code: 'EMAIL_IN_USE', field: ['email'] }]);
      const rows = await app().database.query(
        `select m.group_id from memberships m join identifiers i on i.user_id = m.user_id
         where i.value = 'taken@setup.example' and m.group_id = '00000000-0000-5000-8000-000000000001'`,
      );
      expect(rows).toEqual([]);
    });

    test('with a token that is past its 24 hours, used, unknown, malformed or of another kind', async () => {
      const valid = await tokenOf(app());
      expect((await refused(valid.slice(0, -1), {}))?.errors).toMatchObject([
        { code: 'TOKEN_INVALID', field: ['setupToken'] },
      ]);
      for (const token of [
        '',
        valid.toUpperCase(),
        createToken('setup').token.reveal(),
        createToken('invite').token.reveal(),
        'x'.repeat(100_000),
      ]) {
        expect((await refused(token, {}))?.errors).toMatchObject([{ code: 'TOKEN_INVALID', field: ['setupToken'] }]);
      }
      await app().database.query(`update one_time_tokens set used_at = now() where selector = $1`, [
        valid.slice(4, 16),
      ]);
      expect((await refused(valid, {}))?.errors).toMatchObject([{ code: 'TOKEN_USED', field: ['setupToken'] }]);
      const old = await tokenOf(app());
      app().clock.advance(86_400);
      expect((await refused(old, {}))?.errors).toMatchObject([{ code: 'TOKEN_EXPIRED', field: ['setupToken'] }]);
    });

    test('and the token works afterwards', async () => {
      const token = await tokenOf(app());
      await refused(token, { password: 'short' });
      await refused(token, { email: 'nowhere' });
      const status = await app().anonymous().send(TokenStatusDocument, { token });
      expect(status.data.tokenStatus).toEqual({ state: 'USED', kind: null, maskedEmail: null, passwordNeeded: null });
      expect((await setUp(app(), token)).data.setUpFirstAdmin?.step).toBe('COMPLETE');
    });
  });
});
