/** What the exit status of a command says; the help text lists them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  configuration: 3,
  refused: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called in a wrong way. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command did what it could; what it could not do was listed before. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';
}

/** The command exists and works, but not here: a guard of the environment holds it back, or the person said no. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
