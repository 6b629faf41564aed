import { isatty } from 'node:tty';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';

/** By which an operating system, a terminal or a container asks a process to stop. */
export const STOP_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** One wish to stop may arrive twice: a terminal sends Ctrl-C to npm and to us, and npm passes it on. */
const REPEAT_MS = 1000;

/** Answers to signals, as `process.on` takes them. */
interface StopHandlers {
  readonly stop: (signal: StopSignal) => void;
  /** The same wish again, later: whoever sends it does not want to wait. */
  readonly stopNow: (signal: StopSignal) => void;
}

/** Tells the first signal to stop from a later one; repetitions within a second are one. */
const stopSignalHandler = (clock: Clock, { stop, stopNow }: StopHandlers): ((signal: StopSignal) => void) => {
  let first: number | null = null;
  return (signal) => {
    const now = clock.now().getTime();
    if (first === null) {
      first = now;
      stop(signal);
    } else if (now - first >= REPEAT_MS) stopNow(signal);
  };
};

/**
 * Where lines go into files and no terminal can hang up, SIGHUP is what tools that move log files away send: begin the file anew. Everywhere
 * else it stops the process.
 */
export const reopensLogFile = ({ log }: Pick<Config, 'log'>): boolean => log.file !== null && !isatty(0) && !isatty(1);

/** Listens for them until the process ends. */
export const onStopSignals = (clock: Clock, config: Pick<Config, 'log'>, handlers: StopHandlers): void => {
  const handle = stopSignalHandler(clock, handlers);
  for (const signal of STOP_SIGNALS) {
    if (signal !== 'SIGHUP' || !reopensLogFile(config)) process.on(signal, handle);
  }
};
