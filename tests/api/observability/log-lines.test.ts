import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  ChangePasswordDocument,
  RefreshSessionDocument,
  SignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { sql } from '../../../src/database/sql.ts';
import { makeKey } from '../../support/api-keys.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { waitForLock } from '../../support/locks.ts';
import { codeTo } from '../../support/messages.ts';
import { enrolled, nextCode } from '../../support/mfa.ts';
import { askForCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const PATIENT = { timeout: 10_000 };

type Entry = Readonly<Record<string, unknown>>;

const entries = (app: TestApp): readonly Entry[] => app.log.map((line) => JSON.parse(line) as Entry);
const ofRequest = (app: TestApp, id: string) => entries(app).filter(({ requestId }) => requestId === id);

describe('log lines', () => {
  const app = useTestApp({ settings: { 'log.slowStatementMs': '40' } });

  test('carry the trace that a request came with, and none that it made up wrongly', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    await app().anonymous({ traceparent, 'x-request-id': 'with-a-trace' }).run('{ __typename }');
    await app().anonymous({ traceparent: 'forged', 'x-request-id': 'without-one' }).run('{ __typename }');
    expect(ofRequest(app(), 'with-a-trace')).toMatchObject([{ traceId, msg: 'request completed' }]);
    expect(ofRequest(app(), 'without-one')[0]).not.toHaveProperty('traceId');
  });

  test('have each key once: parsers differ in which of two they take', async () => {
    await app().anonymous({ 'x-request-id': 'keys-once-only' }).run('query Once { users { totalCount } }');
    const lines = app().log.filter((line) => line.includes('keys-once-only'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.match(/"requestId":/g)).toHaveLength(1);
  });

  test('name the slow statement of an operation, whose request it was, and never its values', async () => {
    const { member } = await app().cast();
    const { promise: gate, resolve: release } = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holder = app().database.transaction(async (em) => {
      await sql(em, 'lock table sessions in access exclusive mode');
      locked.resolve();
      await gate;
    });
    await locked.promise;
    const late = member.with({ 'x-request-id': 'slow-request-1' }).run('query SlowOne { viewer { user { id } } }');
    await waitForLock(app().database);
    await sleep(60);
    release();
    await Promise.all([holder, late]);
    const slow = ofRequest(app(), 'slow-request-1').filter(({ msg }) => msg === 'slow statement');
    expect(slow).toMatchObject([{ level: 40, kind: 'select' }]);
    expect(slow[0]?.['durationMs']).toBeGreaterThanOrEqual(40);
    expect(slow[0]?.['statement']).toContain('session_id');

    app().log.length = 0;
    await app().database.query(`select pg_sleep(0.06), 'a-value-in-the-text', $1::text`, ['a-bound-value']);
    const [line = ''] = app().log;
    expect(JSON.parse(line)).toMatchObject({ msg: 'slow statement', statement: 'select pg_sleep(?), ?, $1::text' });
    expect(line).not.toContain('value-in');
    expect(line).not.toContain('a-bound');
  });

  test('tell slow statements apart though they wait for one connection after the other', async () => {
    app().log.length = 0;
    const { member } = await app().cast();
    const { promise: gate, resolve: release } = Promise.withResolvers<void>();
    const held = Array.from({ length: 10 }, () => app().database.transaction(() => gate));
    const slowly = Array.from({ length: 12 }, (_, index) =>
      member
        .with({ 'x-request-id': `queued-request-${index}` })
        .run(`query Queued${index} { viewer { user { id groups { name } } } }`),
    );
    await expect.poll(() => app().database.statements.pool.waiting, PATIENT).toBe(12);
    release();
    await Promise.all([...held, ...slowly]);
    for (let index = 0; index < 12; index += 1) {
      const own = ofRequest(app(), `queued-request-${index}`);
      expect(new Set(own.map(({ operation }) => operation ?? `Queued${index}`))).toEqual(new Set([`Queued${index}`]));
    }
  });
});

describe('bodies in the log', () => {
  test('have the form of what was asked and answered, words of the schema, ids and numbers', async () => {
    const app = await startTestApp({ settings: { 'log.bodies': 'all' } });
    try {
      const { member } = await app.cast();
      app.log.length = 0;
      await app
        .anonymous({ 'x-request-id': 'logged-body' })
        .send(SignInDocument, { input: { identifier: member.email, password: PASSWORD, delivery: 'BODY' } });
      const body = ofRequest(app, 'logged-body').find(({ msg }) => msg === 'operation');
      expect(body).toMatchObject({
        operation: 'SignIn',
        variables: {
          input: { identifier: `[${member.email.length} characters]`, password: '[redacted]', delivery: 'BODY' },
        },
        data: { signIn: { step: 'COMPLETE', errors: [] } },
        errors: [],
      });
      await app
        .anonymous({ 'x-request-id': 'literal-body' })
        .run(`mutation L { signIn(input: { identifier: "somebody", password: "in the document" }) { step } }`);
      const literal = ofRequest(app, 'literal-body').find(({ msg }) => msg === 'operation');
      expect(literal?.['document']).toBe('mutation L { signIn(input: {identifier: "", password: ""}) { step } }');
    } finally {
      await app.close();
    }
  });

  test('with everything that can be logged switched on, no secret of any flow is in the log, and nobody’s address', async () => {
    const app = await startTestApp({
      settings: { 'log.bodies': 'all', 'log.slowStatementMs': '1', 'log.level': 'trace' },
    });
    try {
      const secrets: (string | null | undefined)[] = [PASSWORD];
      const { admin } = await app.cast();
      const email = `${unique('logged')}@example.com`;
      await makePerson(app, { email });
      const person = await signIn(app, email);
      const wrong = 'a wrong password of somebody';
      await app.anonymous().send(SignInDocument, { input: { identifier: email, password: wrong } });
      const refreshed = await app
        .anonymous()
        .send(RefreshSessionDocument, { input: { refreshToken: person.refreshToken } as never });
      const tokens = JSON.stringify(refreshed.data).match(/gh[a-z]_\w+|ey[\w-]+\.[\w-]+\.[\w-]+/g) ?? [];
      expect(tokens.length).toBeGreaterThan(0);
      const { secret, recoveryCodes, actor, email: enrolledEmail } = await enrolled(app);
      const code = nextCode(app, secret);
      await actor.run(`mutation { confirmIdentity(input: { code: "${code}" }) { errors { code } } }`);
      const newPassword = 'another long enough password 7';
      await actor.send(ChangePasswordDocument, { input: { currentPassword: PASSWORD, newPassword } as never });
      const key = await makeKey(app, admin);
      await key.send(ViewerDocument, {});
      await askForCode(app, email);
      const mailed = await codeTo(app, email);
      await app.anonymous().run('mutation S($input: SignInInput!) { signIn(input: $input) { step } }', {
        input: { identifier: 1, password: [wrong] },
      });
      await app.services.messageWorker.run();
      secrets.push(wrong, newPassword, person.accessToken, person.refreshToken, ...tokens, secret, ...recoveryCodes);
      secrets.push(key.secret, email, enrolledEmail, admin.accessToken);
      const log = app.log.join('\n');
      expect(app.log.filter((line) => line.includes('"msg":"operation"')).length).toBeGreaterThan(10);
      expect(log).toContain('slow statement');
      for (const one of secrets) {
        expect(one?.length).toBeGreaterThan(5);
        expect(log).not.toContain(one);
      }
      // Six digits stand in many a number: as a text of its own.
      for (const digits of [mailed, code]) expect(log).not.toContain(`"${digits}"`);
    } finally {
      await app.close();
    }
  });
});
