import { describe, expect, test } from 'vitest';
import { flagHelp, readFlags } from '../../../src/config/process-flags.ts';
import { load } from './working-directory.ts';

describe('the flags of the server', () => {
  test('are settings by the names of their variables, with values beside or behind them', () => {
    const flags = readFlags([
      '--port',
      '5000',
      '--base-url=http://localhost:9',
      '-e',
      'test',
      '--playground',
      '-s',
      'log.level=error',
    ]);
    const config = load(flags);
    expect([config.server.port, config.server.baseUrl, config.environment]).toEqual([
      5000,
      'http://localhost:9',
      'test',
    ]);
    expect([config.server.playground, config.log.level]).toEqual([true, 'error']);
  });

  test('a file of settings is one of them, and help is', () => {
    expect(readFlags(['-c', 'other.yaml', '--help'])).toEqual({
      argv: { config: 'other.yaml' },
      assignments: [],
      wantsHelp: true,
    });
    expect(flagHelp()).toContain('--port <whole number, 0 to 65535>');
    expect(flagHelp()).not.toContain('--master-keys');
  });

  test('what is none is refused, without repeating it', () => {
    expect(() => readFlags(['--port', '1', 's3cret'])).toThrow('argument 3: is no flag; see --help');
    expect(() => readFlags(['--port', '--playground'])).toThrow('--port (flag): has no value; write --port=...');
    expect(() => load(readFlags(['--prot', '1']))).toThrow(
      '"prot" (flag): there is no such setting; did you mean port?',
    );
  });
});
