import { systemClock } from './clock.ts';
import { startEmbedded } from './composition/start-embedded.ts';
import { type Config, ConfigError } from './config/config.ts';
import { flagHelp, readFlags } from './config/process-flags.ts';
import { logOf, openLogger } from './log.ts';
import { fatal } from './start/fatal.ts';
import { readServerConfig } from './start/free-port.ts';
import { reopensLogFile } from './start/stop-signals.ts';

/** The process: reads the settings, and loads everything else while the embedded database starts. No logic of its own. */
const start = async (config: Config): Promise<void> => {
  const logger = await openLogger(config, { reopensOnHangUp: reopensLogFile(config) });
  for (const warning of config.warnings) logger.warn(warning);
  const waiting = Promise.withResolvers<void>();
  const embedded = startEmbedded(config, {
    log: logOf(logger),
    clock: systemClock,
    onUnexpectedExit: (reason) => fatal(logger, reason),
    onWaiting: waiting.resolve,
  });
  // A failure is told to whoever waits for it below.
  const settled = embedded.catch(() => null);
  await Promise.race([waiting.promise, settled]);
  try {
    const { serve } = await import('./serve.ts');
    await serve(config, logger, embedded);
  } catch (error) {
    await (await settled)?.stop();
    throw error;
  }
};

try {
  const flags = readFlags(process.argv.slice(2));
  if (flags.wantsHelp) process.stdout.write(flagHelp());
  else await start(await readServerConfig(flags));
} catch (error) {
  fatal(null, error instanceof ConfigError ? error.message : error);
}
