import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log.ts';
import { BackgroundWork } from '../telemetry/background-work.ts';
import { Instruments } from '../telemetry/instruments.ts';
import { CapturedInbox } from './captured-inbox.ts';
import { MessageOutbox } from './message-outbox.ts';
import { MessageRenderer } from './message-renderer.ts';
import type { Transports } from './message-transport.ts';
import { MessageWorker } from './message-worker.ts';
import { TemplateStore } from './template-store.ts';
import { TransportHealth } from './transport-health.ts';
import { createTransports } from './transports.ts';

/** Everything that makes and sends messages, tied together as the settings say. */
export const createMessaging = (parts: {
  config: Config;
  database: Database;
  masterKeys: MasterKeys;
  clock: Clock;
  log: Log;
  instruments?: Instruments;
  background?: BackgroundWork;
  /** Instead of those that the settings name. */
  transports?: Transports;
}) => {
  const { config, log, instruments = new Instruments(), background = new BackgroundWork(parts) } = parts;
  const inbox = new CapturedInbox(parts.clock);
  const transports = parts.transports ?? createTransports(config, inbox);
  const transportHealth = new TransportHealth({ transports, log });
  const templates = new TemplateStore({ directory: config.mail.templatesDirectory, log });
  const messageRenderer = new MessageRenderer({ templates, config, log });
  const messageWorker = new MessageWorker({
    ...parts,
    instruments,
    background,
    renderer: messageRenderer,
    transports,
    health: transportHealth,
  });
  const messages = new MessageOutbox({ ...parts, onWriting: () => messageWorker.wake() });
  return { inbox, transports, transportHealth, messageRenderer, messageWorker, messages };
};
