import type { Host } from '../../src/cli/host.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/config.ts';

interface Ran {
  readonly exitCode: number;
  /** Lines of the standard output. */
  readonly out: readonly string[];
  /** Lines of the standard error. */
  readonly notes: readonly string[];
}

const unexpected = (): never => {
  throw new Error('This command has no business with a database or a person.');
};

/** Runs a command in a folder where neither a database nor a person must be needed. */
export const runAlone = async (
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> => {
  const [out, notes]: [string[], string[]] = [[], []];
  const host: Host = {
    terminal: {
      out: (line) => out.push(line),
      write: async (text) => out.push(text) > 0,
      note: (line) => notes.push(line),
      progress: () => undefined,
      showsProgress: false,
      isInteractive: false,
      ask: unexpected,
      askHidden: unexpected,
      readInput: unexpected,
    },
    clock: systemClock,
    readConfig: (flags) => loadConfig({ ...flags, env, cwd }),
    openDatabase: unexpected,
    openServices: unexpected,
  };
  return { exitCode: await runCommandLine(args, host), out, notes };
};
