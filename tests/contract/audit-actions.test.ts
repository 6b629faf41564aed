import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { auditActions } from '../../src/events/audit-actions.ts';
import { auditMarkdown } from '../../src/explain/audit-markdown.ts';

const root = join(import.meta.dirname, '../..');
/** Where happenings are written. */
const FOLDERS = ['src/services', 'src/providers', 'src/messages'];
const ACTION = /^[a-z]{2,}(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/;
/** Texts of the same form that are none: files, translations, SQL. */
const OTHERS = new Set([
  'asked.id',
  'common.greeting',
  'development-accounts.txt',
  'server.address',
  'sms.txt',
  'test.html',
]);

interface Found {
  readonly action: string;
  readonly file: string;
  /** Keys of the metadata that stand beside it, as far as they can be read. */
  readonly metadata: readonly string[];
}

const keysBeside = (literal: ts.Node): readonly string[] => {
  const { parent } = literal;
  if (!ts.isPropertyAssignment(parent) || parent.name.getText() !== 'action') return [];
  const metadata = ts.isObjectLiteralExpression(parent.parent)
    ? parent.parent.properties.find((one) => one.name?.getText() === 'metadata')
    : undefined;
  if (metadata === undefined || !ts.isPropertyAssignment(metadata)) return [];
  const { initializer } = metadata;
  if (!ts.isObjectLiteralExpression(initializer)) return [];
  return initializer.properties.flatMap((one) => (one.name === undefined ? [] : [one.name.getText()]));
};

const found = (): readonly Found[] =>
  FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        const text = readFileSync(join(root, folder, file), 'utf8');
        const actions: Found[] = [];
        const walk = (node: ts.Node): void => {
          if (ts.isStringLiteral(node) && ACTION.test(node.text) && !OTHERS.has(node.text)) {
            actions.push({ action: node.text, file: `${folder}/${file}`, metadata: keysBeside(node) });
          }
          ts.forEachChild(node, walk);
        };
        walk(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
        return actions;
      }),
  );

describe('the catalogue of audit actions', () => {
  const inSources = found();

  test('has every action that the sources write, and no other', () => {
    const written = [...new Set(inSources.map(({ action }) => action))].toSorted();
    expect(written.length).toBeGreaterThan(50);
    expect(Object.keys(auditActions)).toEqual(written);
  });

  test('names every key that stands beside an action', () => {
    const missing = inSources.flatMap(({ action, file, metadata }) =>
      metadata
        .filter((key) => auditActions[action]?.metadata.includes(key) !== true)
        .map((key) => `${action}: ${key} (${file})`),
    );
    expect(missing).toEqual([]);
    expect(inSources.filter(({ metadata }) => metadata.length > 0).length).toBeGreaterThan(15);
  });

  test('is printed in docs/audit.md', () => {
    expect(readFileSync(join(root, 'docs/audit.md'), 'utf8')).toBe(auditMarkdown());
  });
});
