import { describe, expect, test } from 'vitest';
import { readTraceparent, writeTraceparent } from '../../../src/telemetry/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  test('is read as the norm has it, and written the same', () => {
    const header = `00-${TRACE}-${SPAN}-01`;
    const context = readTraceparent(header);
    expect(context).toEqual({ traceId: TRACE, parentId: SPAN, sampled: true });
    expect(context === null ? null : writeTraceparent(context)).toBe(header);
    expect(readTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled).toBe(false);
  });

  test('of a later version may say more', () => {
    expect(readTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes`)?.traceId).toBe(TRACE);
  });

  test.each([
    undefined,
    '',
    'x',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\nforged`,
    [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    `00-${TRACE}-${SPAN}-01${' '.repeat(1000)}`,
  ])('that is malformed begins a trace here: %j', (header) => {
    expect(readTraceparent(header)).toBeNull();
  });
});
