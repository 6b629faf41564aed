import 'reflect-metadata';
import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import { openDatabase, type OpenedDatabase } from './composition/open-database.ts';
import { openRedis } from './composition/open-redis.ts';
import { createServices } from './composition/services.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { EmbeddedPostgres } from './database/embedded/embedded-postgres.ts';
import { loadMasterKeys } from './database/master-key-file.ts';
import { migratorOptions } from './composition/migrator-options.ts';
import { SchemaMigrator } from './database/migrator.ts';
import { logOf } from './log.ts';
import { type PreparedSchema, prepareSchema } from './schema.ts';
import { announce } from './start/announce.ts';
import { drain } from './start/drain.ts';
import { startBackground, stopBackground } from './start/background.ts';
import { fatal } from './start/fatal.ts';
import { boundHeapGrowth } from './start/heap-growth.ts';
import { IdleGarbage } from './start/idle-garbage.ts';
import { warnOfUnboundStatements } from './start/pooler-check.ts';
import { onStopSignals, STOP_SIGNALS } from './start/stop-signals.ts';
import { lowerPoolPriority } from './start/thread-priority.ts';
import { startTracing } from './start/tracing.ts';
import type { Tracing } from './telemetry/tracing.ts';

interface Parts {
  readonly logger: Logger;
  readonly tracing: Tracing | null;
  readonly schema: PreparedSchema;
}

/** Serves until the process is told to stop. `starting`: the embedded database, while it may not have started yet. */
export const serve = async (
  config: Config,
  logger: Logger,
  starting: Promise<EmbeddedPostgres | null>,
): Promise<void> => {
  const tracing = await startTracing(config);
  const schema = await prepareSchema(config.federation);
  const opened = await openDatabase(config, { log: logOf(logger), embedded: await starting });
  try {
    await serveFrom(opened, config, { logger, tracing, schema });
  } catch (error) {
    await opened.close();
    throw error;
  }
};

const serveFrom = async (opened: OpenedDatabase, config: Config, { logger, tracing, schema }: Parts): Promise<void> => {
  const migrator = new SchemaMigrator(opened.database, migratorOptions(config));
  await (config.database.migrateOnStart || opened.embedded !== null ? migrator.up() : migrator.check());
  await warnOfUnboundStatements(config, opened.database, logOf(logger));
  const masterKeys = await loadMasterKeys(config, (message) => logger.warn(message));
  const { database, replicaDatabase } = opened;
  const foundation = {
    config,
    database,
    ...(replicaDatabase === undefined ? {} : { replicaDatabase }),
    masterKeys,
    clock: systemClock,
    log: logOf(logger),
  };
  const shared = await openRedis(config, foundation.log);
  const services = createServices({ ...foundation, ...shared });
  const server = await createApp(foundation, services, logger, schema);
  await lowerPoolPriority();
  await server.listen();
  const announced = announce({ config, services, logger, embedded: opened.embedded });
  stopWhenTold(config, logger, async () => {
    await announced; // it still asks the database
    await drain(server, config);
    await stopBackground(services, foundation.log);
    services.caches.close();
    shared.redis?.close();
    await opened.close();
    await tracing?.close();
  });
  startBackground(services);
  boundHeapGrowth(120);
  new IdleGarbage(foundation.log).start();
  await announced;
};

/** Time for closing the database, after the requests had theirs. */
const CLOSING_MS = 5000;

const stopWhenTold = (config: Config, logger: Logger, stop: () => Promise<void>): void => {
  const { shutdownDelaySeconds, shutdownGraceSeconds } = config.server;
  const { close } = closeWithGrace(
    {
      delay: (shutdownDelaySeconds + shutdownGraceSeconds) * 1000 + CLOSING_MS,
      logger: false,
      skip: [...STOP_SIGNALS],
    },
    async ({ err }) => {
      if (err !== undefined) logger.fatal({ err }, 'stopping after an unexpected error');
      await stop();
      logger.info('stopped');
    },
  );
  onStopSignals(systemClock, config, {
    stop: (signal) => {
      logger.info({ signal }, 'stopping');
      close();
    },
    stopNow: (signal) => fatal(logger, `stopped at once by a second ${signal}.`),
  });
};
