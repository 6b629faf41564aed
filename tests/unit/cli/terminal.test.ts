import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createTerminal } from '../../../src/cli/terminal.ts';

const streams = (isTTY: boolean) => {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const terminal = createTerminal({
    input: Object.assign(input, { isTTY }),
    output,
    errors: Object.assign(errors, { isTTY }),
  });
  return { terminal, input, shown: () => String(errors.read() ?? ''), printed: () => String(output.read() ?? '') };
};

describe('output that is not taken', () => {
  test('is passed over when its reader went away, and ends the command in one line when the disk is full', async () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    onTestFinished(() => exit.mockRestore());
    const [output, errors] = [new PassThrough(), new PassThrough()];
    createTerminal({ input: new PassThrough(), output, errors });
    output.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(exit).not.toHaveBeenCalled();
    output.emit('error', Object.assign(new Error('write'), { code: 'ENOSPC' }));
    expect(String(errors.read())).toBe('The output cannot be written (ENOSPC).\n');
    expect(exit).toHaveBeenCalledExactlyOnceWith(1);
  });
});

describe('results of any length', () => {
  test('wait until their reader takes them, and end when it goes away', async () => {
    const taken: ((error?: Error) => void)[] = [];
    const output = new Writable({ write: (_chunk, _encoding, done) => void taken.push(done) });
    const terminal = createTerminal({ input: new PassThrough(), output, errors: new PassThrough() });
    let isSettled = false;
    const first = terminal.write('first').finally(() => (isSettled = true));
    await setImmediate();
    expect([isSettled, taken.length]).toEqual([false, 1]);
    taken[0]?.();
    expect(await first).toBe(true);
    const second = terminal.write('second');
    taken[1]?.(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await second).toBe(false);
    expect(await terminal.write('third')).toBe(false);
  });
});

describe('the terminal', () => {
  test('keeps results and remarks apart', () => {
    const { terminal, shown, printed } = streams(false);
    terminal.out('result');
    terminal.note('remark');
    expect(printed()).toBe('result\n');
    expect(shown()).toBe('remark\n');
    expect(terminal.isInteractive).toBe(false);
  });

  test('asks on standard error, and shows an answer that is no secret', async () => {
    const { terminal, input, shown, printed } = streams(true);
    const answer = terminal.ask('Name: ');
    input.write('Ada\n');
    expect(await answer).toBe('Ada');
    const text = shown();
    expect(text).toContain('Name: ');
    expect(text).toContain('Ada');
    expect(printed()).toBe('');
  });

  test('never shows what is typed at a hidden question', async () => {
    const { terminal, input, shown, printed } = streams(true);
    const answer = terminal.askHidden('Password: ');
    input.write('s3cret words\n');
    expect(await answer).toBe('s3cret words');
    expect(shown()).toBe('Password: \n');
    expect(printed()).toBe('');
  });

  test('reads standard input up to a limit', async () => {
    const { terminal, input } = streams(false);
    const text = terminal.readInput(10);
    input.write('12345');
    input.end('6789\n');
    expect(await text).toBe('123456789\n');
    const other = streams(false);
    const cut = other.terminal.readInput(4);
    other.input.end('12345');
    expect(await cut).toBe('');
  });
});
