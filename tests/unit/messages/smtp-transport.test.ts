import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/crypto/secret.ts';
import { newId, type MessageId } from '../../../src/ids.ts';
import { type RenderedMessage, TransportFailure } from '../../../src/messages/message-transport.ts';
import { type SmtpSettings, SmtpTransport } from '../../../src/messages/smtp-transport.ts';
import { type RunningSmtpServer, startSmtpServer, testCertificate } from '../../support/smtp-server.ts';

const PASSWORD = 'hunter2-hunter2-hunter2';
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const server = async (options: Parameters<typeof startSmtpServer>[0] = {}): Promise<RunningSmtpServer> => {
  const started = await startSmtpServer(options);
  open.push(started);
  return started;
};

const transport = (port: number, settings: Partial<SmtpSettings> = {}): SmtpTransport => {
  const made = new SmtpTransport({
    host: 'localhost',
    port,
    tls: 'starttls',
    username: null,
    password: null,
    from: { address: 'id@example.org', name: 'Gate, House' },
    trusted: testCertificate,
    ...settings,
  });
  open.push(made);
  return made;
};

const message = (changed: Partial<RenderedMessage> = {}): RenderedMessage => ({
  id: newId<MessageId>(),
  template: 'reset',
  channel: 'EMAIL',
  recipient: 'ada@example.com',
  locale: 'de',
  subject: 'Schlüssel für Ada',
  text: 'Grüße\n',
  html: '<p>Grüße</p>',
  variables: {},
  ...changed,
});

const never = new AbortController().signal;

/** How a message is refused. */
const refusal = async (sending: Promise<void>): Promise<TransportFailure> => {
  const error = await sending.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportFailure)) throw new Error(`Not a refusal: ${String(error)}`);
  return error;
};

describe('a server that takes mail', () => {
  test('gets both forms in UTF-8, under the names of the settings, over STARTTLS', async () => {
    const { port, received } = await server();
    const sent = message();
    await transport(port).send(sent, never);
    const [got] = received;
    expect(got).toMatchObject({ from: 'id@example.org', to: ['ada@example.com'], secure: true, user: null });
    expect(got?.mail).toMatchObject({
      from: { name: 'Gate, House', address: 'id@example.org' },
      to: [{ name: '', address: 'ada@example.com' }],
      subject: 'Schlüssel für Ada',
      messageId: `<${sent.id}@example.org>`,
    });
    expect(got?.mail.text?.trim()).toBe('Grüße');
    expect(got?.mail.html?.trim()).toBe('<p>Grüße</p>');
    const headers = Object.fromEntries((got?.mail.headers ?? []).map(({ key, value }) => [key, value]));
    expect(headers).toMatchObject({ 'auto-submitted': 'auto-generated', 'content-language': 'de' });
    expect(Object.keys(headers)).not.toContain('x-mailer');
  });

  test('with TLS from the first byte, and with a user name', async () => {
    const { port, received } = await server({
      secure: true,
      onAuth: ({ username, password }, _session, done) =>
        password === PASSWORD ? done(null, { user: username }) : done(new Error('no')),
    });
    await transport(port, { tls: 'tls', username: 'gate', password: new Secret(PASSWORD) }).send(message(), never);
    expect(received).toMatchObject([{ secure: true, user: 'gate' }]);
  });

  test('in clear text only where that is set', async () => {
    const { port, received } = await server({ hideSTARTTLS: true });
    await transport(port, { tls: 'none' }).send(message(), never);
    expect(received).toMatchObject([{ secure: false }]);
  });

  test('over connections that are kept', async () => {
    const { port, received, connections } = await server();
    const kept = transport(port);
    for (let sent = 0; sent < 10; sent += 1) await kept.send(message(), never);
    await Promise.all(Array.from({ length: 40 }, () => kept.send(message(), never)));
    expect(received).toHaveLength(50);
    expect(connections()).toBeLessThanOrEqual(4);
  });

  test.each([
    ['a line break', 'Hello\r\nBcc: victim@example.net'],
    ['an encoded word', '=?utf-8?q?x=0D=0ABcc:_victim@example.net?='],
  ])('gets no header of its own out of %s in a subject', async (_what, subject) => {
    const { port, received } = await server();
    await transport(port).send(message({ subject }), never);
    expect(received[0]?.to).toEqual(['ada@example.com']);
    expect(received[0]?.mail.bcc ?? []).toEqual([]);
    expect(received[0]?.raw).not.toMatch(/^bcc:/im);
  });

  test('is not asked to send to anything that is no single address', async () => {
    const { port, connections } = await server();
    const bad = [
      'a@example.com,b@example.com',
      'a@example.com\r\nRCPT TO:<b@example.com>',
      'Ada <a@example.com>',
      'nobody',
    ];
    for (const recipient of bad) {
      const failure = await refusal(transport(port).send(message({ recipient }), never));
      expect([failure.permanent, failure.message]).toEqual([true, 'The recipient is no e-mail address.']);
    }
    expect(connections()).toBe(0);
  });

  test('never makes us read files or addresses for it', async () => {
    const { port, received } = await server();
    const html = '<img src="file:///etc/passwd"><link href="http://127.0.0.1:1/x">';
    await transport(port).send(message({ html, text: 'file:///etc/passwd' }), never);
    expect(received[0]?.mail.html).toContain('file:///etc/passwd');
    expect(received[0]?.mail.attachments).toEqual([]);
  });
});

describe('a server that refuses', () => {
  test('a recipient: given up, with its words', async () => {
    const { port } = await server({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('no such user here'), { responseCode: 550 })),
    });
    const failure = await refusal(transport(port).send(message(), never));
    expect(failure.permanent).toBe(true);
    expect(failure.message).toBe('The mail server refused the message: 550 no such user here');
  });

  test('a recipient for now: tried again', async () => {
    const { port } = await server({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('greylisted'), { responseCode: 450 })),
    });
    const failure = await refusal(transport(port).send(message(), never));
    expect([failure.permanent, failure.message.includes('450 greylisted')]).toEqual([false, true]);
  });

  test('our sender: tried again, because it is a setting that can be put right', async () => {
    const { port } = await server({
      onMailFrom: (_address, _session, done) =>
        done(Object.assign(new Error('sender not verified'), { responseCode: 553 })),
    });
    const failure = await refusal(transport(port).send(message(), never));
    expect([failure.permanent, failure.message.includes('553 sender not verified')]).toEqual([false, true]);
  });

  test('the content: given up, and what it quotes of the message is left out', async () => {
    const { port } = await server({
      onData: (stream, _session, done) => {
        stream.resume();
        stream.on('end', () =>
          done(
            Object.assign(new Error('spam: http://localhost/account/reset#token=ght_sesame'), { responseCode: 554 }),
          ),
        );
      },
    });
    const failure = await refusal(transport(port).send(message(), never));
    expect([failure.permanent, failure.message]).toEqual([
      true,
      'The mail server refused the message: 554 spam: [link]',
    ]);
  });

  test('user name or password: tried again, and the password is in no text, however the server quotes it', async () => {
    const quoted = Buffer.from(`\0gate\0${PASSWORD}`).toString('base64');
    const { port } = await server({
      authOptional: false,
      onAuth: (_auth, _session, done) =>
        done(Object.assign(new Error(`not ${PASSWORD} nor ${quoted}`), { responseCode: 535 })),
    });
    const sender = transport(port, { username: 'gate', password: new Secret(PASSWORD) });
    for (const failure of [await refusal(sender.send(message(), never)), await refusal(sender.verify(never))]) {
      expect(failure.permanent).toBe(false);
      expect(failure.message).toBe(
        'The mail server refused user name or password. It said: 535 not [secret] nor [secret]',
      );
    }
  });

  test('TLS, where we ask for it: nothing is sent in clear text', async () => {
    const { port, received } = await server({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    const failure = await refusal(transport(port).send(message(), never));
    expect(failure.permanent).toBe(false);
    expect(failure.message).toMatch(/cannot speak TLS/);
    expect(received).toEqual([]);
  });

  test('to be who it should be: a certificate that nobody vouches for ends the connection', async () => {
    const { port, received } = await server();
    const { trusted: _own, ...settings } = { trusted: testCertificate, host: 'localhost' };
    const sender = new SmtpTransport({
      ...settings,
      port,
      tls: 'starttls',
      username: null,
      password: null,
      from: { address: 'id@example.org', name: 'Gate' },
    });
    open.push(sender);
    const failure = await refusal(sender.send(message(), never));
    expect([failure.permanent, received]).toEqual([false, []]);
    await expect(sender.verify(never)).rejects.toThrow(TransportFailure);
  });
});

describe('a server that is not there, or not all there', () => {
  /** Listens and says only so much. */
  const saying = async (greeting: string | null, onData?: (socket: Socket) => void): Promise<number> => {
    const sockets = new Set<Socket>();
    const plain = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      if (greeting !== null) socket.write(greeting);
      socket.on('data', () => onData?.(socket));
    });
    await new Promise<void>((resolve) => {
      plain.listen(0, '127.0.0.1', () => resolve());
    });
    open.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        plain.close();
      },
    });
    return (plain.address() as AddressInfo).port;
  };

  test('refuses the connection: tried again', async () => {
    const { port, close } = await startSmtpServer();
    await close();
    const failure = await refusal(transport(port, { host: '127.0.0.1' }).send(message(), never));
    expect([failure.permanent, failure.message]).toEqual([false, 'The connection to the mail server failed.']);
    await expect(transport(port, { host: '127.0.0.1' }).verify(never)).rejects.toThrow(/connection/);
  });

  test('hangs: ends when the caller says so', async () => {
    const port = await saying(null);
    const began = Date.now();
    const failure = await refusal(transport(port, { host: '127.0.0.1' }).send(message(), AbortSignal.timeout(200)));
    expect(Date.now() - began).toBeLessThan(2000);
    expect([failure.permanent, failure.message]).toEqual([false, 'The mail server did not answer in time.']);
    const checked = await refusal(transport(port, { host: '127.0.0.1' }).verify(AbortSignal.timeout(200)));
    expect(checked.message).toBe('The mail server did not answer in time.');
  });

  test('closes half-way: tried again', async () => {
    const port = await saying('220 here\r\n', (socket) => socket.destroy());
    const failure = await refusal(transport(port, { host: '127.0.0.1' }).send(message(), AbortSignal.timeout(5000)));
    expect(failure.permanent).toBe(false);
  });

  test('closes after the content and before its answer: tried again, with the same Message-ID', async () => {
    let cut = true;
    const { port, received } = await server({
      onData: (stream, session, done) => {
        stream.resume();
        stream.on('end', () => {
          if (!cut) done();
          else done(Object.assign(new Error('shutting down'), { responseCode: 421 }));
          cut = false;
        });
        void session;
      },
    });
    const sent = message();
    const failure = await refusal(transport(port).send(sent, never));
    expect(failure.permanent).toBe(false);
    await transport(port).send(sent, never);
    expect(received).toEqual([]); // this server keeps nothing: what counts is that the second try was taken
  });

  test('speaks something else: tried again', async () => {
    const port = await saying('HTTP/1.1 400 Bad Request\r\n\r\n');
    const failure = await refusal(transport(port, { host: '127.0.0.1' }).send(message(), AbortSignal.timeout(5000)));
    expect(failure.permanent).toBe(false);
  });
});
