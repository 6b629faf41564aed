import { pino } from 'pino';
import { Database } from '../../src/database/database.ts';
import type { MessageView } from '../../src/entities/message.queries.ts';
import type { MessageId } from '../../src/ids.ts';
import { type Log, logOf } from '../../src/log.ts';
import { MessageQueue } from '../../src/messages/message-queue.ts';
import type { NewMessage } from '../../src/messages/message-outbox.ts';
import type { MessageTemplate } from '../../src/messages/message-templates.ts';
import type { MessageTransport, RenderedMessage } from '../../src/messages/message-transport.ts';
import { createMessaging } from '../../src/messages/messaging.ts';
import { TestClock } from './test-clock.ts';
import { testConfig, testMasterKeys } from './test-config.ts';
import { createTestDatabase } from './test-database.ts';

type Messaging = ReturnType<typeof createMessaging>;

/** The part of the server that sends messages, on a database of its own or of another one of these. */
export interface MessagingReplica extends Messaging {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly clock: TestClock;
  /** Everything that was logged, one JSON text a line. */
  readonly lines: readonly string[];
  /** Writes a message as a service does, in a transaction of its own. */
  write<Template extends MessageTemplate>(message: NewMessage<Template>): Promise<MessageId>;
  read(id: MessageId): Promise<MessageView & { readonly sealed: string | null }>;
  close(): Promise<void>;
}

interface Options {
  readonly settings?: Readonly<Record<string, string>>;
  /** Instead of those that the settings name. */
  readonly mail?: MessageTransport | null;
  /** Another replica on the same database, with the same clock. */
  readonly beside?: MessagingReplica;
}

export const startMessaging = async ({ settings = {}, mail, beside }: Options = {}): Promise<MessagingReplica> => {
  const own = beside === undefined ? await createTestDatabase() : null;
  const databaseUrl = own?.url ?? beside?.databaseUrl ?? '';
  const database = await Database.connect({ url: databaseUrl, poolSize: 4 });
  const clock = beside?.clock ?? new TestClock();
  const lines: string[] = [];
  const log: Log = logOf(pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }));
  const parts = { config: testConfig(settings), database, masterKeys: testMasterKeys(), clock, log };
  const messaging = createMessaging({
    ...parts,
    ...(mail === undefined ? {} : { transports: { EMAIL: mail, SMS: null } }),
  });
  return {
    ...messaging,
    database,
    databaseUrl,
    clock,
    lines,
    write: (message) => database.transaction((em) => messaging.messages.enqueue(em, message)),
    read: async (id) => {
      const [view] = await new MessageQueue(database).read([id]);
      if (view === undefined) throw new Error(`There is no message ${id}.`);
      const [row] = await database.query<{ sealed: string | null }>(
        'select sealed_variables as sealed from messages where id = $1',
        [id],
      );
      return { ...view, sealed: row?.sealed ?? null };
    },
    close: async () => {
      await messaging.messageWorker.stop();
      await database.close();
      await own?.drop();
    },
  };
};

/** A transport that a test holds in its hand: it notes what it is given and does what the test says. */
export class TestTransport implements MessageTransport {
  readonly name = 'test';
  readonly given: RenderedMessage[] = [];
  behave: (message: RenderedMessage, signal: AbortSignal) => Promise<void> = async () => undefined;

  async send(message: RenderedMessage, signal: AbortSignal): Promise<void> {
    this.given.push(message);
    await this.behave(message, signal);
  }

  async verify(): Promise<void> {
    // always there
  }

  close(): void {
    // nothing is open
  }
}

/** A message with a link to somebody. */
export const resetMessage = (recipient: string, expiresAt: Date | null = null): NewMessage<'reset'> => ({
  template: 'reset',
  recipient,
  userId: null,
  userName: 'Ada',
  locale: 'en',
  variables: {
    link: 'http://localhost:4000/account/reset#token=ght_sesame',
    expiresAt: expiresAt?.toISOString() ?? '2026-03-01T17:30:00Z',
  },
  expiresAt,
});

/** Waits until something holds; fails after five seconds. */
export const eventually = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let left = 250; !(await holds()); left -= 1) {
    if (left === 0) throw new Error('It did not come about.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
