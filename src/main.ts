import 'reflect-metadata';
import closeWithGrace from 'close-with-grace';
import { createApp, createServices, openDatabase } from './app.ts';
import { systemClock } from './clock.ts';
import { type Config, ConfigError, readProcessConfig } from './config/config.ts';
import { loadMasterKeys } from './database/master-key-file.ts';
import { SchemaMigrator } from './database/migrator.ts';
import { createLogger, logOf } from './log.ts';
import { announce } from './start/announce.ts';
import { fatal } from './start/fatal.ts';

/** The process: reads the settings, starts everything, and stops it in order when told to. No logic of its own. */
const start = async (config: Config): Promise<void> => {
  const logger = createLogger(config);
  const log = logOf(logger);
  const clock = systemClock;
  for (const warning of config.warnings) logger.warn(warning);
  const opened = await openDatabase(config, { log, clock, onUnexpectedExit: (reason) => fatal(logger, reason) });
  const migrator = new SchemaMigrator(opened.database);
  await (config.database.migrateOnStart || opened.embedded !== null ? migrator.up() : migrator.check());
  const masterKeys = await loadMasterKeys(config, (message) => logger.warn(message));
  const foundation = { config, database: opened.database, masterKeys, clock, log };
  const services = createServices(foundation);
  const server = await createApp(foundation, services, logger);
  const stop = async (): Promise<void> => {
    server.stopAccepting();
    await server.app.close();
    await services.housekeeping.stop();
    await services.activity.flush();
    await opened.close();
  };
  closeWithGrace({ delay: config.server.shutdownGraceSeconds * 1000, logger: false }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping after an unexpected error');
    else logger.info({ signal }, 'stopping');
    await stop();
  });
  try {
    await server.app.listen({ host: config.server.host, port: config.server.port });
  } catch (error) {
    await stop();
    throw error;
  }
  services.housekeeping.start();
  await announce({ config, services, logger, embedded: opened.embedded });
};

try {
  await start(readProcessConfig());
} catch (error) {
  fatal(null, error instanceof ConfigError ? error.message : error);
}
