import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** CPU time of a process so far, in milliseconds. */
export interface CpuTime {
  readonly total: number;
  /** Of it, the threads of libuv's pool, which compute the password hashes. */
  readonly pool: number;
}

const read = (path: string): string => readFileSync(path, 'utf8');

/** Every living thread of the process, to the nanosecond; threads of Node live as long as the process. */
export const cpuTimeOf = (pid: number): CpuTime => {
  let [total, pool] = [0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const directory = `/proc/${pid}/task/${thread}`;
    const milliseconds = Number(read(`${directory}/schedstat`).split(' ')[0]) / 1e6;
    total += milliseconds;
    if (read(`${directory}/comm`).startsWith('libuv-worker')) pool += milliseconds;
  }
  return { total, pool };
};

const mebibytes = (text: string, name: string): number => {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
  return found === null ? Number.NaN : Number(found[1]) / 1024;
};

/** Proportional share of the process's memory, in MiB. */
export const pssOf = (pid: number): number => mebibytes(read(`/proc/${pid}/smaps_rollup`), 'Pss');

/** Most memory that the process ever had resident, in MiB. */
export const peakRssOf = (pid: number): number => mebibytes(read(`/proc/${pid}/status`), 'VmHWM');

export const machine = (): string =>
  `node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}`;

/** The middle one; the upper of the two middle ones for an even number. NaN of nothing. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The value below which the share `at` of the values lies. */
export const quantile = (values: readonly number[], at: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * at))] ?? Number.NaN;
