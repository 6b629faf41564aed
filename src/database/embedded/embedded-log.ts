/** Where the parts of the supervisor report; never called with a password. */
export type EmbeddedLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  details?: Record<string, unknown>,
) => void;
