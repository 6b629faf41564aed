import type { Clock } from '../clock.ts';

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

/** Listens for them until the process ends. */
export const onStopSignals = (clock: Clock, handlers: StopHandlers): void => {
  const handle = stopSignalHandler(clock, handlers);
  for (const signal of STOP_SIGNALS) process.on(signal, handle);
};
