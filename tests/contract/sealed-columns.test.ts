import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sealedColumns } from '../../src/services/reseal.service.ts';

const root = join(import.meta.dirname, '../../src');

/** Sealed things that are in no table: they end by themselves. */
const ELSEWHERE = ['cache'];

test('everything that is sealed into a table is sealed again under a newer master key', () => {
  const labels = new Set<string>();
  for (const file of globSync('**/*.ts', {
    cwd: root,
    exclude: ['crypto/envelope.ts', 'services/reseal.service.ts'],
  })) {
    for (const [, label] of readFileSync(join(root, file), 'utf8').matchAll(/\bseal\(\s*[\w.#]+,\s*'([a-z-]+)'/g))
      labels.add(label ?? '');
  }
  expect(labels.size).toBeGreaterThanOrEqual(3);
  expect([...labels].toSorted()).toEqual(
    [...new Set([...ELSEWHERE, ...sealedColumns.map(({ label }) => label)])].toSorted(),
  );
});
