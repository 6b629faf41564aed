import { type ConstDirectiveNode, type FieldDefinitionNode, Kind, parse, valueFromASTUntyped } from 'graphql';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tree } from '../../../src/permissions/tree.ts';
import { clausesOf, isPublic, type Rule } from '../../../src/permissions/rules.ts';
import { canonicalSdl } from './canonical-sdl.ts';
import { useTestApp } from '../../support/test-app.ts';

const secured = useTestApp({ settings: { 'federation.securityDirectives': 'true' } });

const SECURITY = new Set(['authenticated', 'requiresScopes', 'policy']);

const sdlOf = async (): Promise<string> => {
  const { data } = await secured().anonymous().run<{ _service: { sdl: string } }>('{ _service { sdl } }');
  return data._service.sdl;
};

const fieldsOf = (sdl: string): Map<string, FieldDefinitionNode> =>
  new Map(
    parse(sdl).definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
        ? (definition.fields ?? []).map((field) => [`${definition.name.value}.${field.name.value}`, field] as const)
        : [],
    ),
  );

const printed = ({ name, arguments: given }: ConstDirectiveNode): unknown => [
  name.value,
  ...(given ?? []).map(({ value }) => valueFromASTUntyped(value)),
];

const securityOf = (field: FieldDefinitionNode | undefined): unknown[] =>
  (field?.directives ?? []).filter(({ name }) => SECURITY.has(name.value)).map(printed);

/** What a rule lets out, worked out by hand from its ways to pass: every way names permissions, or being signed in is enough. */
const expected = (rule: Rule): unknown[] => {
  if (isPublic(rule)) return [];
  const ways = clausesOf(rule).map(({ permissions }) => permissions.toSorted());
  if (ways.some((way) => way.length === 0)) return [['authenticated']];
  return [['requiresScopes', [...new Set(ways.map((way) => way.join(' ')))].map((way) => way.split(' '))]];
};

const lines = Object.entries(tree).flatMap(([type, rules]) =>
  Object.entries(rules as Readonly<Record<string, Rule>>).map(([field, rule]) => [`${type}.${field}`, rule] as const),
);

describe('the schema with security directives', () => {
  test('carries the approximation of every line of the tree', async () => {
    const fields = fieldsOf(await sdlOf());
    const served = lines.filter(([coordinate]) => !coordinate.startsWith('Query._'));
    expect(Object.fromEntries(served.map(([coordinate]) => [coordinate, securityOf(fields.get(coordinate))]))).toEqual(
      Object.fromEntries(served.map(([coordinate, rule]) => [coordinate, expected(rule)])),
    );
    expect(served.length).toBeGreaterThan(30);
  });

  test('carries no security directive without a line', async () => {
    const ruled = new Set<string>(lines.map(([coordinate]) => coordinate));
    const marked = [...fieldsOf(await sdlOf())]
      .filter(([, field]) => securityOf(field).length > 0)
      .map(([name]) => name);
    expect(marked.filter((coordinate) => !ruled.has(coordinate))).toEqual([]);
  });

  test('never closes at the router what the tree leaves open', async () => {
    const fields = fieldsOf(await sdlOf());
    const open = lines.filter(([, rule]) => isPublic(rule)).map(([coordinate]) => coordinate);
    expect(open.length).toBeGreaterThan(5);
    expect(open.filter((coordinate) => securityOf(fields.get(coordinate)).length > 0)).toEqual([]);
  });

  test('differs from the plain one in these directives only', async () => {
    const sdl = await sdlOf();
    expect(sdl).toContain('@requiresScopes(scopes: [["create:users"]])');
    const plain = canonicalSdl(readFileSync('schema.graphql', 'utf8'));
    expect(canonicalSdl(sdl, SECURITY)).toEqual(plain);
    expect(canonicalSdl(sdl)).not.toEqual(plain);
  });

  test('is decided upon by this server as before: the directives are for routers', async () => {
    const { admin, member } = await secured().cast();
    expect((await admin.run('{ users { totalCount } }')).code).toBe('OK');
    expect((await member.run('{ groups { totalCount } }')).code).toBe('FORBIDDEN');
  });
});
