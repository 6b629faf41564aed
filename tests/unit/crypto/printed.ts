import { inspect } from 'node:util';

/** Everything that a log line, an error report or an interpolation could make of a value. */
export const printed = (value: unknown): string =>
  [inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value), String(value)].join('\n');
