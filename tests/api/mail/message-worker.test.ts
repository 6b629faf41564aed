import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MessageId } from '../../../src/ids.ts';
import { TransportFailure } from '../../../src/messages/message-transport.ts';
import {
  type MessagingReplica,
  eventually,
  resetMessage,
  startMessaging,
  TestTransport,
} from '../../support/messaging.ts';

const MINUTE = 60;

describe('the worker', () => {
  const transport = new TestTransport();
  let replica: MessagingReplica;
  let made = 0;

  const write = (expiresInSeconds: number | null = null): Promise<MessageId> => {
    made += 1;
    const expiresAt =
      expiresInSeconds === null ? null : new Date(replica.clock.now().getTime() + expiresInSeconds * 1000);
    return replica.write(resetMessage(`to-${made}@example.com`, expiresAt));
  };
  const states = (id: MessageId) => replica.read(id);

  beforeAll(async () => {
    replica = await startMessaging({ mail: transport });
  });
  afterAll(() => replica.close());
  beforeEach(async () => {
    await replica.database.query('delete from messages');
    transport.given.length = 0;
    transport.behave = async () => undefined;
  });

  test('sends what is due once, in words, and forgets what it was made of', async () => {
    const id = await write();
    expect(await replica.messageWorker.run()).toBe(1);
    expect(await replica.messageWorker.run()).toBe(0);
    const [sent] = transport.given;
    expect(transport.given).toHaveLength(1);
    expect(sent).toMatchObject({ id, subject: 'A new password for Gatehouse', locale: 'en' });
    expect(sent?.text).toContain('http://localhost:4000/account/reset#token=ght_sesame');
    expect(sent?.html).toContain('href="http://localhost:4000/account/reset#token=ght_sesame"');
    expect(await states(id)).toMatchObject({
      state: 'SENT',
      attempts: 1,
      sentAt: replica.clock.now(),
      nextAttemptAt: null,
      failure: null,
      sealed: null,
    });
  });

  test('tries again after ever longer waits, and says why meanwhile', async () => {
    transport.behave = async () => Promise.reject(new TransportFailure('The mail server cannot be reached.'));
    const id = await write();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await replica.messageWorker.run();
      const view = await states(id);
      expect(view).toMatchObject({ state: 'QUEUED', attempts: attempt, failure: 'The mail server cannot be reached.' });
      const wait = ((view.nextAttemptAt?.getTime() ?? 0) - replica.clock.now().getTime()) / 1000;
      waits.push(wait);
      replica.clock.advance(wait - 1);
      expect(await replica.messageWorker.run()).toBe(0);
      replica.clock.advance(1);
    }
    for (const [index, wait] of waits.entries()) {
      const exact = Math.min(30 * 2 ** index, 3600);
      expect(wait).toBeGreaterThanOrEqual(exact * 0.8);
      expect(wait).toBeLessThanOrEqual(exact * 1.2);
    }
    transport.behave = async () => undefined;
    await replica.messageWorker.run();
    expect(await states(id)).toMatchObject({ state: 'SENT', attempts: 11, failure: null });
  });

  test('gives up after 16 tries, most of a night', async () => {
    transport.behave = async () => Promise.reject(new TransportFailure('Away.'));
    const id = await write();
    const began = replica.clock.now().getTime();
    let tries = 0;
    for (let round = 0; round < 40; round += 1) {
      tries += await replica.messageWorker.run();
      if ((await states(id)).state !== 'QUEUED') break;
      replica.clock.advance(75 * MINUTE);
    }
    expect(tries).toBe(16);
    expect(replica.clock.now().getTime() - began).toBeGreaterThan(8 * 3600 * 1000);
    const view = await states(id);
    expect(view).toMatchObject({ state: 'FAILED', attempts: 16, failure: 'Away.', nextAttemptAt: null });
    expect(view.sealed).not.toBeNull();
    expect(await replica.messageWorker.run()).toBe(0);
  });

  test('gives up at once when the message itself is refused', async () => {
    transport.behave = async () => Promise.reject(new TransportFailure('550 no such user', true));
    const id = await write();
    await replica.messageWorker.run();
    expect(await states(id)).toMatchObject({ state: 'FAILED', attempts: 1, failure: '550 no such user' });
  });

  test('gives up when the next try would come after the end of the link, and sends nothing that has expired', async () => {
    transport.behave = async () => Promise.reject(new TransportFailure('Away.'));
    const soon = await write(20);
    await replica.messageWorker.run();
    expect(await states(soon)).toMatchObject({ state: 'FAILED', failure: 'Away.' });

    transport.behave = async () => undefined;
    transport.given.length = 0;
    const late = await write(5 * MINUTE);
    replica.clock.advance(5 * MINUTE);
    await replica.messageWorker.run();
    expect(transport.given).toEqual([]);
    expect(await states(late)).toMatchObject({
      state: 'FAILED',
      failure: 'It expired before it could be sent.',
      sealed: null,
    });
  });

  test('keeps a message whose sender died between claim and note, and sends it later', async () => {
    const id = await write();
    transport.behave = () => new Promise(() => undefined); // the process hangs for good: for the table it is dead
    const dead = await startMessaging({ beside: replica, mail: transport });
    const died = dead.messageWorker.run();
    await eventually(() => transport.given.length === 1);
    transport.behave = async () => undefined;
    expect(await replica.messageWorker.run()).toBe(0); // still in the other's hands
    expect((await states(id)).state).toBe('QUEUED');
    replica.clock.advance(3 * MINUTE + 1);
    expect(await replica.messageWorker.run()).toBe(1);
    expect(transport.given.map((message) => message.id)).toEqual([id, id]);
    expect(await states(id)).toMatchObject({ state: 'SENT', attempts: 2 });
    void died;
    await dead.database.close();
  });

  test('in two replicas sends each message once', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, () => write()));
    const second = await startMessaging({ beside: replica, mail: transport });
    transport.behave = () => new Promise((resolve) => setTimeout(resolve, 3));
    const tries = await Promise.all([replica.messageWorker.run(), second.messageWorker.run()]);
    expect(tries[0] + tries[1]).toBe(60);
    expect(Math.min(...tries)).toBeGreaterThan(0);
    expect(transport.given.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    await second.close();
  });

  test(
    'stopping cuts off a hanging server, and the message goes out after the next start',
    { timeout: 15_000 },
    async () => {
      const other = await startMessaging({ beside: replica, mail: transport });
      transport.behave = (_message, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))));
      const id = await write();
      other.messageWorker.start();
      await eventually(() => transport.given.length === 1);
      const began = Date.now();
      await other.messageWorker.stop();
      expect(Date.now() - began).toBeLessThan(4500);
      expect(await states(id)).toMatchObject({ state: 'QUEUED', attempts: 1, failure: null });
      transport.behave = async () => undefined;
      expect(await replica.messageWorker.run()).toBe(1);
      await other.database.close();
    },
  );

  test('started, it sends what is written soon after the commit, without being told', async () => {
    const other = await startMessaging({ beside: replica, mail: transport });
    other.messageWorker.start();
    await eventually(() => other.lines.some((line) => line.includes('mail: ok')));
    // Each is written just after the worker looked: the next look by itself would be two seconds away.
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const began = Date.now();
      const id = await other.write(resetMessage(`soon-${round}@example.com`));
      await eventually(async () => (await states(id)).state === 'SENT');
      waits.push(Date.now() - began);
    }
    expect(Math.min(...waits.slice(1))).toBeLessThan(1500);
    await other.close();
  });
});

describe('deliver', () => {
  const transport = new TestTransport();
  let replica: MessagingReplica;

  beforeAll(async () => {
    replica = await startMessaging({ mail: transport });
  });
  afterAll(() => replica.close());

  test('sends at once and answers with the row, in the order asked for', async () => {
    const first = await replica.write(resetMessage('first@example.com'));
    const second = await replica.write(resetMessage('second@example.com'));
    const before = replica.database.statements.count;
    const views = await replica.messageWorker.deliver([second, first]);
    expect(views).toMatchObject([
      { id: second, state: 'SENT', failure: null },
      { id: first, state: 'SENT' },
    ]);
    expect(replica.database.statements.count - before).toBe(3); // one claim, two notes
    expect(await replica.messageWorker.deliver([])).toEqual([]);
  });

  test('of 50 calls for the same message at once, one sends it and all say so', async () => {
    const id = await replica.write(resetMessage('once@example.com'));
    transport.given.length = 0;
    const answers = await Promise.all(Array.from({ length: 50 }, () => replica.messageWorker.deliver([id])));
    expect(transport.given).toHaveLength(1);
    expect(answers.flat().map(({ state }) => state)).toEqual(Array.from({ length: 50 }, () => 'SENT'));
  });

  test('answers FAILED with the reason when the message is refused, QUEUED with it when it will be tried again', async () => {
    transport.behave = async () => Promise.reject(new TransportFailure('550 unknown', true));
    const refused = await replica.write(resetMessage('refused@example.com'));
    expect(await replica.messageWorker.deliver([refused])).toMatchObject([{ state: 'FAILED', failure: '550 unknown' }]);
    transport.behave = async () => Promise.reject(new TransportFailure('421 later'));
    const later = await replica.write(resetMessage('later@example.com'));
    expect(await replica.messageWorker.deliver([later])).toMatchObject([{ state: 'QUEUED', failure: '421 later' }]);
  });

  test(
    'answers QUEUED after two seconds while the server hangs, and the try goes on',
    { timeout: 10_000 },
    async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      transport.behave = () => promise;
      const ids = await Promise.all(
        Array.from({ length: 20 }, (_, index) => replica.write(resetMessage(`hangs-${index}@example.com`))),
      );
      const began = Date.now();
      const answers = await Promise.all(ids.map((id) => replica.messageWorker.deliver([id])));
      const took = Date.now() - began;
      expect(took).toBeGreaterThan(1900);
      expect(took).toBeLessThan(2900);
      expect(answers.flat().every(({ state, failure }) => state === 'QUEUED' && failure === null)).toBe(true);
      transport.behave = async () => undefined;
      resolve();
      const [first] = ids;
      await eventually(async () => first !== undefined && (await replica.read(first)).state === 'SENT');
      await replica.messageWorker.run();
      const views = await Promise.all(ids.map((id) => replica.read(id)));
      expect(views.map(({ state }) => state)).toEqual(ids.map(() => 'SENT'));
    },
  );

  test('answers NOT_CONFIGURED without any transport, and health says so', async () => {
    const bare = await startMessaging({ beside: replica, mail: null });
    const id = await bare.write(resetMessage('nobody@example.com'));
    expect(await bare.messageWorker.deliver([id])).toMatchObject([{ state: 'NOT_CONFIGURED', nextAttemptAt: null }]);
    expect(bare.transportHealth.states).toEqual([
      {
        component: 'mail',
        status: 'DEGRADED',
        latencyMs: null,
        message: 'No mail transport is configured.',
        isSetUp: false,
      },
    ]);
    await bare.transportHealth.verify(new AbortController().signal);
    expect(bare.lines.join()).toContain('mail: not configured');
    await bare.close();
  });

  test('logs what became of each message, without its content or recipient', async () => {
    transport.behave = async () =>
      Promise.reject(new TransportFailure('554 spam: http://localhost:4000/account/reset#token=ght_sesame for Ada'));
    const id = await replica.write(resetMessage('logged@example.com'));
    const [view] = await replica.messageWorker.deliver([id]);
    expect(view?.failure).toBe('554 spam: [secret] for Ada');
    const log = replica.lines.join('');
    expect(log).toContain(id);
    expect(log).not.toMatch(/ght_|logged@example\.com|#token/);
  });
});
