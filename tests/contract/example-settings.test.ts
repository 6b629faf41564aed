import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { describeConfig } from '../../src/config/describe.ts';
import { exampleEnvironment, exampleYaml } from '../../src/config/example-files.ts';
import { allSettings } from '../../src/config/settings.ts';

const root = join(import.meta.dirname, '../..');

let cwd = '';

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'gatehouse-example-'));
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** The effective settings without where they came from. */
const values = (): readonly string[] =>
  describeConfig(loadConfig({ cwd, env: {} })).map((line) => line.replace(/ {2}\([^()]*(?:\([^()]*\)[^()]*)*\)$/, ''));

/** Takes the # away from every setting that shows a value; those of the database's parts contradict an embedded database. */
const uncommented = (text: string): string =>
  text.replaceAll(/^( *)#(\w+[=:] ?\S.*)$/gm, (line, indent: string, setting: string) =>
    /^(?:DATABASE_(?:PORT|USER|NAME)|port: 5432|user:|name:)/.test(setting) ? line : `${indent}${setting}`,
  );

describe('the example files', () => {
  test('are what the declaration table says', () => {
    expect(readFileSync(join(root, '.env.example'), 'utf8')).toBe(exampleEnvironment());
    expect(readFileSync(join(root, 'gatehouse.example.yaml'), 'utf8')).toBe(exampleYaml());
  });

  test('name every setting, and give none', () => {
    const missing = allSettings.filter(({ setting }) => !exampleEnvironment().includes(`\n#${setting.env}=`));
    expect(missing.map(({ path }) => path)).toStrictEqual([]);
    expect(exampleEnvironment()).not.toMatch(/^\w/m);
    expect(exampleYaml()).not.toMatch(/^ +\w/m);
  });

  test.each([
    ['.env', exampleEnvironment()],
    ['gatehouse.yaml', exampleYaml()],
  ])('as %s they change nothing, with and without their #', (name, text) => {
    const defaults = values();
    writeFileSync(join(cwd, name), text);
    expect(values()).toStrictEqual(defaults);
    expect(loadConfig({ cwd, env: {} }).warnings).toStrictEqual([]);
    writeFileSync(join(cwd, name), uncommented(text));
    expect(values()).toStrictEqual(defaults);
  });
});
