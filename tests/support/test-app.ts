import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/app.ts';
import { openReplica } from '../../src/composition/open-database.ts';
import { openRedis } from '../../src/composition/open-redis.ts';
import { createServices, type Services } from '../../src/composition/services.ts';
import type { Config } from '../../src/config/config.ts';
import type { MasterKeys } from '../../src/crypto/master-keys.ts';
import { Database } from '../../src/database/database.ts';
import type { EventSink } from '../../src/events/event-sink.ts';
import type { AddressResolver } from '../../src/providers/address-resolver.ts';
import { createLogger, logOf } from '../../src/log.ts';
import type { DomainResolver } from '../../src/services/domain-resolver.ts';
import { createCast, type Cast } from './cast.ts';
import { expectCataloguedEvents, expectCataloguedLines } from './event-catalogue.ts';
import { TestClient } from './test-client.ts';
import { TestClock } from './test-clock.ts';
import { testConfig, testMasterKeys } from './test-config.ts';
import { createTestDatabase } from './test-database.ts';
import type { Way } from './way.ts';

/** The real server, on a database of its own, listening on a free port of this machine. */
export interface TestApp {
  readonly url: string;
  /** The second listener, for administrators; null without. */
  readonly administrationUrl: string | null;
  readonly config: Config;
  readonly clock: TestClock;
  readonly database: Database;
  readonly databaseUrl: string;
  /** null without. */
  readonly replica: Database | null;
  readonly services: Services;
  /** Everything that was logged, one JSON text a line. */
  readonly log: string[];
  /** A caller who is not signed in. */
  anonymous(headers?: Readonly<Record<string, string>>): TestClient;
  /** People of every kind, made once and signed in anew at each call. */
  cast(): Promise<Cast>;
  close(): Promise<void>;
}

interface TestAppOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** Runs on the same database as another app: a second replica. */
  readonly beside?: TestApp;
  /** Runs on this database, of which there is a replica, instead of one of its own. */
  readonly replicated?: { readonly url: string; readonly replicaUrl: string };
  /** A way to the database that a test can harm; statements then have the time of the settings. Absent = straight there. */
  readonly way?: Way;
  /** Other master keys than the one fixed key. */
  readonly masterKeys?: MasterKeys;
  /** Where DNS records are looked up; absent = as in production. */
  readonly domainResolver?: DomainResolver;
  /** Where events go; absent = as the settings say. */
  readonly eventSinks?: readonly EventSink[];
  /** Where the addresses of webhooks are looked up; absent = as in production. */
  readonly addressResolver?: AddressResolver;
}

export const startTestApp = async (options: TestAppOptions = {}): Promise<TestApp> => {
  const { replicated } = options;
  const config = testConfig({
    ...options.settings,
    ...(replicated === undefined
      ? {}
      : { 'database.url': replicated.url, 'database.replicaUrl': replicated.replicaUrl }),
  });
  const clock = options.beside?.clock ?? new TestClock();
  const own = options.beside === undefined && replicated === undefined ? await createTestDatabase() : null;
  const databaseUrl = own?.url ?? replicated?.url ?? options.beside?.databaseUrl ?? '';
  const database = await Database.connect(
    options.way === undefined
      ? { url: databaseUrl, poolSize: 10 }
      : {
          url: await options.way.leadTo(databaseUrl),
          poolSize: config.database.poolSize,
          statementTimeoutMs: config.database.statementTimeoutSeconds * 1000,
        },
  );
  const replicaDatabase = await openReplica(config, () => undefined);
  const log: string[] = [];
  const logger = createLogger(
    { log: { ...config.log, level: 'debug' } },
    { write: (line: string) => void log.push(line) },
  );
  const shared = await openRedis(config, logOf(logger));
  const foundation = {
    ...shared,
    config,
    database,
    ...(replicaDatabase === null ? {} : { replicaDatabase }),
    masterKeys: options.masterKeys ?? testMasterKeys(),
    clock,
    log: logOf(logger),
    ...(options.domainResolver === undefined ? {} : { domainResolver: options.domainResolver }),
    ...(options.eventSinks === undefined ? {} : { eventSinks: options.eventSinks }),
    ...(options.addressResolver === undefined ? {} : { addressResolver: options.addressResolver }),
  };
  const services = createServices(foundation);
  await services.databaseReplica?.probe();
  const server = await createApp(foundation, services, logger);
  await server.listen();
  const url = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
  const second = server.administrationAddress();
  const app: TestApp = {
    url,
    administrationUrl: second === null ? null : `http://127.0.0.1:${second.port}`,
    config,
    clock,
    database,
    databaseUrl,
    replica: replicaDatabase,
    services,
    log,
    anonymous: (headers = {}) => new TestClient(`${url}/graphql`, headers),
    cast: () => createCast(app),
    close: async () => {
      await server.app.close();
      await services.activity.flush();
      await services.denialLog.flush();
      await services.apiKeyUse.flush();
      services.trustedDocumentDirectory.stop();
      await services.trustedDocumentUse.flush();
      services.caches.close();
      shared.redis?.close();
      await expectCataloguedEvents(database);
      await expectCataloguedLines(database);
      await services.databaseReplica?.stop();
      await replicaDatabase?.close();
      await database.close();
      await own?.drop();
    },
  };
  return app;
};

/** One app for all tests of a file. */
export const useTestApp = (options: TestAppOptions = {}): (() => TestApp) => {
  let app: TestApp | null = null;
  beforeAll(async () => {
    app = await startTestApp(options);
  });
  afterAll(async () => {
    await app?.close();
  });
  return () => {
    if (app === null) throw new Error('The app runs inside tests only.');
    return app;
  };
};
