import { afterEach, describe, expect, test } from 'vitest';
import { type MessagingReplica, eventually, resetMessage, startMessaging } from '../../support/messaging.ts';
import { type RunningSmtpServer, startSmtpServer } from '../../support/smtp-server.ts';

const PASSWORD = 'open-sesame-and-close-it-again';

/** Settings of a server on this machine, which cannot speak TLS. */
const settingsFor = (port: number): Readonly<Record<string, string>> => ({
  'mail.transport': 'smtp',
  'mail.smtpHost': '127.0.0.1',
  'mail.smtpPort': String(port),
  'mail.smtpTls': 'none',
  'mail.smtpFrom': 'id@example.org',
  'mail.smtpUsername': 'gate',
  'mail.smtpPassword': PASSWORD,
  'mail.companyName': 'Example',
});

const takingAuth = (): Promise<RunningSmtpServer> =>
  startSmtpServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === PASSWORD ? done(null, { user: username }) : done(new Error('wrong')),
  });

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});
const opened = <T extends { close(): Promise<void> }>(one: T): T => {
  open.push(one);
  return one;
};

const checked = async (replica: MessagingReplica): Promise<readonly object[]> => {
  await replica.transportHealth.verify(new AbortController().signal);
  return replica.transportHealth.states;
};

describe('by a real SMTP server', () => {
  test('a message arrives under the names of the settings, and health is well', async () => {
    const server = opened(await takingAuth());
    const replica = opened(await startMessaging({ settings: settingsFor(server.port) }));
    expect(await checked(replica)).toMatchObject([
      { component: 'mail', status: 'OK', message: null },
      { component: 'sms' },
    ]);
    expect(replica.lines.some((line) => line.includes('mail: ok'))).toBe(true);
    const id = await replica.write(resetMessage('ada@example.com'));
    expect(await replica.messageWorker.deliver([id])).toMatchObject([{ state: 'SENT' }]);
    expect(server.received).toMatchObject([
      {
        user: 'gate',
        mail: { from: { name: 'Example', address: 'id@example.org' }, subject: 'A new password for Example' },
      },
    ]);
    expect(replica.lines.join()).not.toMatch(/open-sesame|ght_|ada@example\.com/);
  });

  test('a server that is away costs a mutation nothing, is told in log and health, and gets everything when it is back', async () => {
    const gone = await takingAuth();
    await gone.close();
    const replica = opened(await startMessaging({ settings: settingsFor(gone.port) }));
    expect(await checked(replica)).toMatchObject([
      { component: 'mail', status: 'DEGRADED', message: 'The connection to the mail server failed.' },
      {},
    ]);
    expect(replica.lines.some((line) => line.includes('mail: does not work'))).toBe(true);
    const id = await replica.write(resetMessage('late@example.com'));
    const began = Date.now();
    const [view] = await replica.messageWorker.deliver([id]);
    expect(Date.now() - began).toBeLessThan(2200);
    expect(view).toMatchObject({ state: 'QUEUED', failure: 'The connection to the mail server failed.' });

    const back = opened(await takingAuth());
    const other = opened(await startMessaging({ settings: settingsFor(back.port), beside: replica }));
    replica.clock.advance(60);
    expect(await other.messageWorker.run()).toBe(1);
    expect(back.received.map(({ to }) => to)).toEqual([['late@example.com']]);
  });

  test('a wrong password is told without the password', async () => {
    const server = opened(await takingAuth());
    const settings = { ...settingsFor(server.port), 'mail.smtpPassword': 'another-secret-word' };
    const replica = opened(await startMessaging({ settings }));
    const [mail] = (await checked(replica)) as readonly { message: string | null }[];
    expect(mail?.message).toMatch(/^The mail server refused user name or password\./);
    const id = await replica.write(resetMessage('ada@example.com'));
    expect(await replica.messageWorker.deliver([id])).toMatchObject([{ state: 'QUEUED' }]);
    expect([JSON.stringify(mail), ...replica.lines].join()).not.toContain('another-secret-word');
  });

  test('started and stopped with the process, it waits for what is on its way', async () => {
    let arrive = (): void => undefined;
    const server = opened(
      await startSmtpServer({
        hideSTARTTLS: true,
        authOptional: true,
        allowInsecureAuth: true,
        onAuth: ({ username }, _session, done) => done(null, { user: username }),
        onRcptTo: (_address, _session, done) => {
          arrive();
          setTimeout(done, 500);
        },
      }),
    );
    const replica = opened(await startMessaging({ settings: settingsFor(server.port) }));
    replica.messageWorker.start();
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const id = await replica.write(resetMessage('slow@example.com'));
    await arrived;
    await replica.messageWorker.stop();
    expect(await replica.read(id)).toMatchObject({ state: 'SENT' });
    await eventually(() => server.received.length === 1);
  });
});
