import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { openDatabase } from '../composition/open-database.ts';
import { createServices } from '../composition/services.ts';
import { startEmbedded } from '../composition/start-embedded.ts';
import { systemClock } from '../clock.ts';
import { readProcessConfig } from '../config/config.ts';
import { loadMasterKeys } from '../database/master-key-file.ts';
import { boundHeapGrowth } from '../start/heap-growth.ts';
import { runCommandLine } from './program.ts';
import { createTerminal } from './terminal.ts';

// Files of any length go through here in steady memory: it does not take more time.
boundHeapGrowth(20);
setFlagsFromString('--semi-space-growth-factor=1');

const terminal = createTerminal({ input: process.stdin, output: process.stdout, errors: process.stderr });
const clock = systemClock;

process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal,
  clock,
  readConfig: readProcessConfig,
  openDatabase: async (config, log) => {
    const embedded = await startEmbedded(config, { log, clock, onUnexpectedExit: (reason) => log('error', reason) });
    return openDatabase(config, { log, embedded });
  },
  openServices: async (config, database, log) => {
    const masterKeys = await loadMasterKeys(config, (message) => log('warn', message));
    const foundation = { config, database, masterKeys, clock, log };
    const services = createServices(foundation);
    const learnSchema = async (): Promise<void> => (await import('../app.ts')).learnSchema(foundation, services);
    return { ...services, learnSchema };
  },
});
