import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CreateUserDocument, SignInDocument } from '../../../generated/client/graphql.ts';
import { systemClock } from '../../../src/clock.ts';
import { KafkaSink } from '../../../src/events/sinks/kafka-sink.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import type { EventRelay } from '../../../src/services/event-relay.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { MemorySink, relayOf } from '../../support/events.ts';
import { unique } from '../../support/holder.ts';
import { type RunningSmtpServer, startSmtpServer } from '../../support/smtp-server.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { testConfig } from '../../support/test-config.ts';
import { Way } from '../../support/way.ts';

/** Beyond what a mutation waits for its mail, and short of what a transport waits for a server. */
const BOUND_MS = 6000;

describe('sign-ins and changes', () => {
  let smtp: RunningSmtpServer;
  let mail: Way;
  let broker: Way;
  let app: TestApp;
  let admin: Actor;
  let relay: EventRelay | null = null;

  beforeAll(async () => {
    smtp = await startSmtpServer({ hideSTARTTLS: true });
    [mail, broker] = [await Way.open(), await Way.open()];
    await mail.leadTo(`smtp://127.0.0.1:${smtp.port}`);
    app = await startTestApp({
      settings: {
        'mail.transport': 'smtp',
        'mail.smtpHost': '127.0.0.1',
        'mail.smtpPort': String(mail.port),
        'mail.smtpTls': 'none',
        'mail.smtpFrom': 'id@example.org',
      },
    });
    ({ admin } = await app.cast());
    await makePerson(app, { email: 'steady@outside.example' });
    await signIn(app, 'steady@outside.example');
    // The first mail of a process loads what sends mails.
    await invite();
  });
  afterEach(async () => {
    for (const way of [mail, broker]) way.heal();
    await relay?.stop();
    relay = null;
  });
  afterAll(async () => {
    await app.close();
    for (const one of [mail, broker, smtp]) await one.close();
  });

  const invite = async () => {
    const email = `${unique('invited')}@outside.example`;
    const { data } = await admin.send(CreateUserDocument, {
      input: { email, displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID] },
    });
    expect(data.createUser?.errors).toEqual([]);
    return { email, state: data.createUser?.inviteEmail?.state };
  };

  /** From devices that nobody knows: each is told to its owner by mail. */
  const signInAnew = () =>
    app.anonymous().send(SignInDocument, {
      input: { identifier: 'steady@outside.example', password: PASSWORD, delivery: 'BODY' },
    });

  /** What callers notice; none of them waits longer than it takes a mutation to let go of its mail. */
  const work = async () => {
    const began = performance.now();
    const [invited, ...signIns] = await Promise.all([invite(), signInAnew(), signInAnew(), signInAnew()]);
    expect(performance.now() - began).toBeLessThan(BOUND_MS);
    expect(signIns.map(({ data }) => data.signIn?.step)).toEqual(['COMPLETE', 'COMPLETE', 'COMPLETE']);
    return invited;
  };

  const harms = {
    frozen: (way: Way) => way.freeze(),
    slow: (way: Way) => way.slow(),
    refusing: (way: Way) => way.refuse(),
    restarted: (way: Way) => way.cut(),
  } as const;

  test.each([
    ['frozen', ['QUEUED']],
    ['slow', ['QUEUED', 'SENT']],
    ['refusing', ['QUEUED']],
    ['restarted', ['QUEUED', 'SENT']],
  ] as const)('go on while the mail server is %s; every mail arrives once it is back', async (name, states) => {
    harms[name](mail);
    const { email, state } = await work();
    expect(states).toContain(state);
    mail.heal();
    const waiting = async (): Promise<number> => {
      await app.services.messageWorker.run();
      const rows = await app.database.query(`select from messages where state <> 'SENT'`);
      return rows.length;
    };
    app.clock.advance(60);
    await expect.poll(waiting, { timeout: 5000 }).toBe(0);
    expect(smtp.received.filter(({ to }) => to.includes(email))).not.toEqual([]);
  });

  test.each(['frozen', 'refusing'] as const)(
    'go on while Kafka is %s, and other sinks get their events',
    async (name) => {
      harms[name](broker);
      const settings = { 'kafka.brokers': `127.0.0.1:${broker.port}`, 'kafka.topic': 'events' };
      const beside = new MemorySink(unique('beside'));
      relay = relayOf(app, [new KafkaSink(testConfig(settings).kafka), beside], systemClock);
      relay.start();
      await work();
      await expect.poll(() => beside.taken.length, { timeout: 15_000 }).toBeGreaterThan(0);
      await expect.poll(() => relay?.counts[0]?.failures ?? 0, { timeout: 15_000 }).toBeGreaterThan(0);
    },
  );
});
