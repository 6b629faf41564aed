import { parseArgs } from 'node:util';

export const PARTS = [
  'starts',
  'hashes',
  'tree',
  'sign-in',
  'refresh',
  'viewer',
  'list',
  'create-user',
  'bystander',
] as const;
export type Part = (typeof PARTS)[number];

/** What one run of the bench does. */
export interface Options {
  readonly users: number;
  readonly rounds: number;
  /** Seconds of each measurement. */
  readonly seconds: number;
  readonly connections: number;
  readonly json: string;
  readonly parts: ReadonlySet<Part>;
  /** Folder for CPU profiles of the server; null: none are taken. */
  readonly profile: string | null;
}

export const usage = `Usage: npm run bench -- [--users 1000] [--rounds 5] [--seconds 1.5] [--connections 16]
         [--only ${PARTS.join(',')}] [--json bench/results/latest.json] [--profile <folder>]

Measures the built server against floors that are started beside it, in interleaved rounds. Linux only.
`;

const isPart = (text: string): text is Part => PARTS.some((part) => part === text);

const positive = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} wants a number above 0, not "${text}".`);
  return value;
};

const partsOf = (only: string | undefined): ReadonlySet<Part> => {
  if (only === undefined) return new Set(PARTS);
  return new Set(
    only.split(',').map((name) => {
      if (!isPart(name)) throw new Error(`--only wants some of ${PARTS.join(', ')}, not "${name}".`);
      return name;
    }),
  );
};

/** Reads the flags; null when help was asked for. Throws with one line about a wrong flag. */
export const readOptions = (args: readonly string[]): Options | null => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      users: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1.5' },
      connections: { type: 'string', default: '16' },
      only: { type: 'string' },
      json: { type: 'string', default: 'bench/results/latest.json' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    users: Math.max(200, Math.round(positive('users', values.users))),
    rounds: Math.round(positive('rounds', values.rounds)),
    seconds: positive('seconds', values.seconds),
    connections: Math.round(positive('connections', values.connections)),
    json: values.json,
    parts: partsOf(values.only),
    profile: values.profile ?? null,
  };
};
