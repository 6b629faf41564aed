import { afterEach, describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  InvitationOfUserDocument,
  TokenStatusDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { recording } from '../../support/evidence.ts';
import { eventually } from '../../support/messaging.ts';
import { type RunningSmtpServer, startSmtpServer } from '../../support/smtp-server.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const appWith = async (server: Pick<RunningSmtpServer, 'port' | 'close'>): Promise<TestApp> => {
  open.push(server);
  const app = await startTestApp({
    settings: {
      'mail.transport': 'smtp',
      'mail.smtpHost': '127.0.0.1',
      'mail.smtpPort': String(server.port),
      'mail.smtpTls': 'none',
      'mail.smtpFrom': 'id@example.org',
    },
  });
  open.push(app);
  return app;
};

const invite = async (app: TestApp, email = 'grace@example.com') => {
  const { admin } = await app.cast();
  const input = { email, displayName: 'Grace', groupIds: [MEMBERS_GROUP_ID] };
  const { answer, audit } = await recording(app, () => admin.send(CreateUserDocument, { input }));
  return { admin, payload: answer.data.createUser, errors: answer.errors, audit };
};

describe('createUser by a real SMTP server', () => {
  test('tells that the mail server took the invitation; the link in the mail works', async () => {
    const server = await startSmtpServer({ hideSTARTTLS: true });
    const app = await appWith(server);
    // The first mail of a process loads what sends mails; on a busy machine that alone can take its two seconds.
    await invite(app, 'first@example.com');
    await eventually(() => server.received.length === 1);
    const { payload } = await invite(app);
    expect(payload).toMatchObject({ inviteEmail: { state: 'SENT', attempts: 1 }, setupLink: null, errors: [] });
    await eventually(() => server.received.length === 2);
    const { mail, to } = server.received[1] ?? {};
    expect(to).toEqual(['grace@example.com']);
    const token = /\/account\/invite#token=(ghi_\w+)/.exec(mail?.text ?? '')?.[1] ?? '';
    expect(mail?.html).toContain(token);
    const { data } = await app.anonymous().send(TokenStatusDocument, { token });
    expect(data.tokenStatus).toMatchObject({ state: 'VALID', maskedEmail: 'g**@example.com' });
    expect(app.log.join()).not.toContain(token);
  });

  test('tells why it was refused, hands no link to anybody, and keeps the account', async () => {
    const server = await startSmtpServer({
      hideSTARTTLS: true,
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('5.1.1 no such mailbox'), { responseCode: 550 })),
    });
    const app = await appWith(server);
    const { admin, payload, audit } = await invite(app);
    expect(payload).toMatchObject({
      user: { email: 'grace@example.com', status: 'INVITED' },
      inviteEmail: { state: 'FAILED', attempts: 1 },
      setupLink: null,
      errors: [],
    });
    expect(payload?.inviteEmail?.failure).toContain('550');
    expect(audit.map(({ action }) => action)).toEqual(['user.created']);
    const { data } = await admin.send(InvitationOfUserDocument, { id: payload?.user?.id ?? '' });
    expect(data.user).toMatchObject({
      invitation: { state: 'PENDING', mail: { state: 'FAILED' } },
      inviteEmail: { state: 'FAILED', failure: payload?.inviteEmail?.failure },
    });
    expect(JSON.stringify([payload, data, app.log])).not.toContain('#token=');
  });

  test('answers QUEUED after two seconds when the mail server is slow, and the mail leaves all the same', async () => {
    const server = await startSmtpServer({
      hideSTARTTLS: true,
      onRcptTo: (_address, _session, done) => {
        setTimeout(done, 3000);
      },
    });
    const app = await appWith(server);
    const { admin } = await app.cast();
    const input = { email: 'slow@example.com', displayName: 'Slow', groupIds: [MEMBERS_GROUP_ID] };
    const began = performance.now();
    const payload = (await admin.send(CreateUserDocument, { input })).data.createUser;
    const took = performance.now() - began;
    expect(payload).toMatchObject({ user: { status: 'INVITED' }, inviteEmail: { state: 'QUEUED' }, setupLink: null });
    expect(took).toBeGreaterThan(1900);
    expect(took).toBeLessThan(2900);
    const id = payload?.user?.id ?? '';
    await eventually(async () => {
      const { data } = await admin.send(InvitationOfUserDocument, { id });
      return data.user?.inviteEmail?.state === 'SENT';
    });
    expect(server.received).toHaveLength(1);
  });

  test('answers QUEUED with the reason when the mail server is away', async () => {
    const gone = await startSmtpServer();
    await gone.close();
    const app = await appWith({ port: gone.port, close: async () => undefined });
    const { payload } = await invite(app);
    expect(payload).toMatchObject({
      user: { status: 'INVITED' },
      inviteEmail: { state: 'QUEUED', failure: 'The connection to the mail server failed.' },
      setupLink: null,
      errors: [],
    });
  });

  test('without mail hands the link to the creator, once', async () => {
    const app = await startTestApp({ settings: { 'mail.transport': 'none' } });
    open.push(app);
    const { payload } = await invite(app);
    expect(payload).toMatchObject({ inviteEmail: { state: 'NOT_CONFIGURED', failure: null }, errors: [] });
    const token =
      /^http:\/\/localhost:4000\/account\/invite#token=(ghi_\w+)$/.exec(payload?.setupLink ?? '')?.[1] ?? '';
    const { data } = await app.anonymous().send(TokenStatusDocument, { token });
    expect(data.tokenStatus?.state).toBe('VALID');
    expect(app.log.join()).not.toContain(token);
  });
});
