import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly 'timeout-minutes': number;
        readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
      }
    >
  >;
}

const workflow = parse(read('.github/workflows/ci.yml')) as Workflow;

describe('the workflow', () => {
  test('runs .ci/run on push and on pull request, and nothing else', () => {
    expect(Object.keys(workflow.on)).toStrictEqual(['push', 'pull_request']);
    const steps = Object.values(workflow.jobs).flatMap(({ steps: own }) => own);
    expect(steps.flatMap(({ run }) => run ?? [])).toStrictEqual(['.ci/run']);
  });

  test('may only read, and takes actions by their commit', () => {
    expect(workflow.permissions).toStrictEqual({ contents: 'read' });
    const actions = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(actions.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toStrictEqual([]);
  });

  test('gives the run more time than the run gives itself', () => {
    const limit = Number(/LIMIT_SECONDS=(\d+)/.exec(read('.ci/run'))?.[1]);
    expect(limit).toBeLessThan(20 * 60);
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes'] * 60).toBeGreaterThan(limit);
  });
});

describe('.ci/run', () => {
  test('is an executable script without mistakes of syntax', () => {
    expect(statSync(join(root, '.ci/run')).mode & 0o111).toBe(0o111);
    expect(execFileSync('bash', ['-n', join(root, '.ci/run')], { encoding: 'utf8' })).toBe('');
  });

  test('installs, checks and tests, in this order', () => {
    const steps = [...read('.ci/run').matchAll(/^ *step '(npm [^']+)' npm (.*)$/gm)].map(([, name]) => name);
    expect(steps).toStrictEqual(['npm ci', 'npm run check', 'npm run test:all', 'npm run test:previous-release']);
  });
});

test('.ci/previous-release names one commit, whose tests run on the schema of today', () => {
  expect(read('.ci/previous-release')).toMatch(/^[0-9a-f]{40}\n$/);
  expect(scripts['test:previous-release']).toBe('node scripts/previous-release.mjs');
  expect(read('.github/workflows/ci.yml')).toContain('fetch-depth: 0');
});

describe('npm run check', () => {
  test('is format, lint, layers, unused code, types and drift', () => {
    const all = ['check', 'format:check', 'lint', 'typecheck', 'drift'].map((name) => scripts[name]).join('\n');
    const parts = ['oxfmt --check', 'oxlint', 'layers.mjs', 'knip', 'tsc -p .', 'tsc -p playground', 'drift.mjs'];
    expect(parts.filter((part) => !all.includes(part))).toStrictEqual([]);
    expect(scripts['check']).not.toMatch(/;|\|\|/);
  });

  test('leaves one project of the test runner out of test:all: every event in every state, of which each row is in it', () => {
    expect(scripts['test:all']).toBe("vitest run --project '!exhaustive'");
    expect(scripts['test']).toBe('vitest run --project suite --project mocking');
  });
});
