import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationMarkdown } from '../../src/config/markdown.ts';
import { allSettings } from '../../src/config/settings.ts';
import { errorCatalogue } from '../../src/errors.ts';
import { errorsMarkdown } from '../../src/explain/errors-markdown.ts';
import { permissionsMarkdown } from '../../src/explain/permissions-markdown.ts';
import { defaultGraphqlLimits } from '../../src/http/limits/graphql-limits.ts';
import { permissionDefinitions } from '../../src/permissions/catalogue.ts';
import { seededGroups } from '../../src/permissions/seeded-groups.ts';
import { tree } from '../../src/permissions/tree.ts';

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../../docs', file), 'utf8');
/** The texts in backquotes of the first column of every table. */
const firstColumn = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name ?? '');

describe('generated pages', () => {
  test.each([
    ['configuration.md', configurationMarkdown()],
    ['errors.md', errorsMarkdown()],
    ['permissions.md', permissionsMarkdown(tree)],
  ])('docs/%s is what the code says', (file, text) => {
    expect(read(file)).toBe(text);
  });

  test('the page of errors has every code of the catalogue, and no other', () => {
    expect(firstColumn(read('errors.md')).toSorted()).toEqual(Object.keys(errorCatalogue).toSorted());
  });

  test('the page of permissions has every permission, group and ruled field, and no other', () => {
    const ruled = Object.entries(tree).flatMap(([type, fields]) =>
      Object.keys(fields).map((name) => `${type}.${name}`),
    );
    const page = read('permissions.md');
    expect(firstColumn(page)).toEqual(['admin:*', ...permissionDefinitions.map(({ key }) => key), ...ruled]);
    for (const { name, id } of seededGroups) expect(page).toContain(`| ${name} | \`${id}\` |`);
  });
});

describe('docs/limits.md', () => {
  const rows = [...read('limits.md').matchAll(/^\| [^|]+ \| `(maximum\w+)`[^|]* \| ([^|]+) \|/gm)];

  test('gives the defaults that the settings have', () => {
    const settings = allSettings
      .filter(({ path }) => path.startsWith('limits.maximum'))
      .map(({ path, setting }) => `${path.replace('limits.', '')} ${setting.byDefault.text.replaceAll('`', '')}`);
    const fixed = `maximumIntrospectionDepth ${defaultGraphqlLimits.maximumIntrospectionDepth}`;
    const documented = rows.map(([, name, value]) => `${name} ${value?.trim()}`);
    expect(documented.toSorted()).toEqual([...settings, fixed].toSorted());
  });
});
