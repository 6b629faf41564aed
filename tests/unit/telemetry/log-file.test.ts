import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { createLogger } from '../../../src/log.ts';
import { openLogFile } from '../../../src/telemetry/log-file.ts';
import { testConfig } from '../../support/test-config.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-logs-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the fewest files that the settings allow can be kept', async () => {
  const { log } = loadConfig({ env: { LOG_FILE_COUNT: '2' }, cwd: directory });
  expect(() => loadConfig({ env: { LOG_FILE_COUNT: '1' }, cwd: directory })).toThrow('LOG_FILE_COUNT');
  const stream = await openLogFile({
    file: join(directory, 'gatehouse.log'),
    fileBytes: 2048,
    fileCount: log.fileCount,
  });
  const closed = once(stream as never, 'close');
  stream.end();
  await closed;
});

test('a place that cannot be written is told before anything is', async () => {
  writeFileSync(join(directory, 'a-file'), '');
  const file = join(directory, 'a-file', 'gatehouse.log');
  await expect(openLogFile({ file, fileBytes: 2048, fileCount: 3 })).rejects.toThrow(
    `The log file ${file} cannot be written (EEXIST): correct LOG_FILE`,
  );
});

test('lines go into files of at most the size, the oldest of which are removed; only the owner reads them', async () => {
  const file = join(directory, 'logs', 'gatehouse.log');
  const stream = await openLogFile({ file, fileBytes: 2048, fileCount: 3 });
  const { log } = testConfig({ 'log.level': 'info' });
  const logger = createLogger({ log }, stream);
  for (let line = 0; line < 120; line += 1) {
    logger.info({ line, filler: 'x'.repeat(100) }, 'a line');
    if (line % 5 === 0) await sleep(5);
  }
  const files = () => readdirSync(join(directory, 'logs')).toSorted();
  await expect.poll(() => files().length).toBeLessThanOrEqual(3);
  const closed = once(stream as never, 'close');
  stream.end();
  await closed;
  for (const name of files()) {
    expect(name).toMatch(/^gatehouse\.\d+\.log$/);
    const { size, mode } = statSync(join(directory, 'logs', name));
    expect(size).toBeLessThan(2048 * 2);
    expect(mode & 0o077).toBe(0);
  }
  const text = files()
    .map((name) => readFileSync(join(directory, 'logs', name), 'utf8'))
    .join('');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { line: number }).line);
  // Every line is whole, none is twice, and the last one is there.
  expect(new Set(lines).size).toBe(lines.length);
  expect(Math.max(...lines)).toBe(119);
  expect(lines.length).toBeLessThan(120);
});
