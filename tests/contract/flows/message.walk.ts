import { RetryMailDocument } from '../../../generated/client/graphql.ts';
import { messageFlow } from '../../../src/flows/message.ts';
import type { MessageId } from '../../../src/ids.ts';
import { type MessageTransport, TransportFailure } from '../../../src/messages/message-transport.ts';
import { createMessaging } from '../../../src/messages/messaging.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { resetMessage, TestTransport } from '../../support/messaging.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { testMasterKeys } from '../../support/test-config.ts';

interface Subject {
  readonly id: MessageId;
}

let app: TestApp;
const world = new FlowWorld(() => app);

/** A worker of its own on the same table, with this transport. */
const work = async (mail: MessageTransport | null): Promise<void> => {
  const parts = { config: app.config, database: app.database, masterKeys: testMasterKeys(), clock: app.clock };
  const messaging = createMessaging({ ...parts, log: () => undefined, transports: { EMAIL: mail, SMS: null } });
  await messaging.messageWorker.run();
  await messaging.messageWorker.stop();
};

const refusing = (permanent: boolean): MessageTransport => {
  const transport = new TestTransport();
  transport.behave = async () => Promise.reject(new TransportFailure('The mail server says no.', permanent));
  return transport;
};

const accepted = () => work(new TestTransport());
const refusedForGood = () => work(refusing(true));
const noTransport = () => work(null);
const retry = async ({ id }: Subject) => (await world.admin()).send(RetryMailDocument, { input: { id } });

const queued = async (lifeSeconds: number | null = null): Promise<Subject> => {
  // What an earlier walk left would be taken with it.
  await app.database.query(`delete from messages where state = 'QUEUED'`);
  const expiresAt = lifeSeconds === null ? null : world.later(lifeSeconds);
  const message = resetMessage(`${unique('reader')}@flow.example`, expiresAt);
  const { id: userId } = await world.person();
  const id = await app.database.transaction((em) => app.services.messages.enqueue(em, { ...message, userId }));
  return { id };
};

const queuedAtLastTry = async (): Promise<Subject> => {
  const subject = await queued();
  await app.database.query('update messages set attempts = 15 where id = $1', [subject.id]);
  return subject;
};

const minutePasses = async () => app.clock.advance(61);

const after =
  (...steps: readonly ((subject: Subject) => Promise<unknown>)[]) =>
  async (): Promise<Subject> => {
    const subject = await queued(60);
    for (const step of steps) await step(subject);
    return subject;
  };

/** The content of these lives on, so that it can be sent again. */
const lasting =
  (step: (subject: Subject) => Promise<unknown>, ...more: readonly (typeof step)[]) =>
  async () => {
    const subject = await queued();
    for (const one of [step, ...more]) await one(subject);
    return subject;
  };

const stateOf = async ({ id }: Subject): Promise<keyof typeof messageFlow.states> => {
  const [row] = await app.database.query<{
    state: Exclude<keyof typeof messageFlow.states, 'REPEATED'>;
    again: boolean;
  }>(
    'select state, exists (select from messages n where n.previous_id = m.id) as again from messages m where id = $1',
    [id],
  );
  if (row === undefined) throw new Error('The message is gone.');
  return row.again ? 'REPEATED' : row.state;
};

/** Mails with a link, and what the mail server makes of them. */
export const messageWalk: Walk<
  keyof typeof messageFlow.states,
  keyof typeof messageFlow.events,
  keyof typeof messageFlow.circumstances,
  Subject
> = {
  flow: messageFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp();
  },
  end: () => app.close(),
  stateOf,
  setups: {
    QUEUED: { PLAIN: () => queued(), LAST_TRY: queuedAtLastTry, CONTENT_OVER: after(minutePasses) },
    SENT: { PLAIN: lasting(accepted) },
    FAILED: { PLAIN: lasting(refusedForGood), CONTENT_OVER: after(refusedForGood, minutePasses) },
    NOT_CONFIGURED: { PLAIN: lasting(noTransport), CONTENT_OVER: after(noTransport, minutePasses) },
    REPEATED: { PLAIN: lasting(refusedForGood, retry) },
  },
  events: {
    accepted,
    refusedForNow: () => work(refusing(false)),
    refusedForGood,
    noTransport,
    retry,
    houseIsKept: () => app.services.housekeeping.run(),
  },
};
