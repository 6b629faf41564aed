import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Instructions with their continuation lines joined. */
const instructions = read('Dockerfile')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const last = (word: string): string | undefined => instructions.findLast((line) => line.startsWith(`${word} `));

const final = instructions.slice(instructions.lastIndexOf('FROM ${BASE}'));

const version = (JSON.parse(read('package.json')) as { dependencies: { node: string } }).dependencies.node;

describe('Dockerfile', () => {
  test('builds on the Node.js that package.json pins', () => {
    expect(instructions[0]).toBe(`ARG BASE=docker.io/library/node:${version}-bookworm-slim`);
    const workflow = read('.github/workflows/ci.yml');
    expect(workflow).toContain(`container: docker.io/library/node:${version}-bookworm`);
  });

  test('copies only what exists and what .dockerignore lets through', () => {
    const allowed = new Set(
      read('.dockerignore')
        .split('\n')
        .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])),
    );
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.filter((path) => !existsSync(join(root, path)))).toStrictEqual([]);
    expect(copied.filter((path) => !allowed.has(path.split('/')[0] ?? ''))).toStrictEqual([]);
  });

  test('runs the built output as a plain user, without npm in between', () => {
    expect(final).toContain('USER node');
    expect(final.filter((line) => line.startsWith('RUN '))).toStrictEqual([]);
    expect(last('CMD')).toBe('CMD ["node", "scripts/start.mjs"]');
    expect(final.some((line) => line.startsWith('HEALTHCHECK ') && line.includes('/readyz'))).toBe(true);
    expect(final.some((line) => /COPY (?:src|playground|tests)\b/.test(line))).toBe(false);
  });

  test('copies every script that the entries import', () => {
    const copied = final.flatMap((line) => line.match(/scripts\/[\w-]+\.mjs/g) ?? []);
    const imported = copied.flatMap((file) =>
      [...read(file).matchAll(/from '\.\/([\w-]+\.mjs)'/g)].map(([, name]) => `scripts/${name}`),
    );
    expect(copied).toStrictEqual(expect.arrayContaining(['scripts/start.mjs', 'scripts/cli.mjs']));
    expect(imported.filter((file) => !copied.includes(file))).toStrictEqual([]);
  });

  test('is for production and holds no secret', () => {
    expect(final.join('\n')).toContain('APP_ENVIRONMENT=production');
    expect(instructions.filter((line) => /PASSWORD|MASTER_KEYS|TOKEN|DATABASE_URL/.test(line))).toStrictEqual([]);
  });
});
