import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, getVariableValues, Kind, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { examples, setUpExample } from '../../playground/examples.ts';

const sdl = readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8');
const schema = buildSchema(sdl, { assumeValidSDL: true });

test.each(
  [...examples, setUpExample('ghs_token')].map((example) => [
    example.query.match(/(?:query|mutation) \w+/)?.[0],
    example,
  ]),
)('the tab of %s is valid, and so are its variables', (_name, { query, variables }) => {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('A tab holds one operation.');
  const given = JSON.parse(variables ?? '{}') as Record<string, unknown>;
  const { errors = [] } = getVariableValues(schema, operation.variableDefinitions ?? [], given);
  expect(errors).toEqual([]);
  expect(Object.keys(given)).toEqual((operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value));
});

test('tabs have names of their own', () => {
  const names = examples.map(({ query }) => /(?:query|mutation) (\w+)/.exec(query)?.[1]);
  expect(new Set(names).size).toBe(examples.length);
});
