import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import {
  buildASTSchema,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type NamedTypeNode,
  type OperationDefinitionNode,
  parse,
  typeFromAST,
} from 'graphql';

const schema = buildASTSchema(parse(readFileSync('schema.graphql', 'utf8')), { assumeValidSDL: true });

/** What every secret of a generated request begins with, so that an answer that repeats one is found. */
export const SECRET_MARK = 'generated-secret-';

/** Texts that have broken some server before. */
const awkward: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\uD800',
    '\uDFFF\uD800',
    '\u202Egnp.exe',
    '\uFEFF',
    "'; drop table users; --",
    '%',
    '_',
    '\\',
    '${jndi:ldap://x}',
    '__proto__',
    'constructor',
    'null',
    'NaN',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '{"a":1}',
    '-1',
    '1e400',
    'İstanbul',
    'ﬁ',
    'é'.normalize('NFD').repeat(200),
    'x'.repeat(20_000),
    '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}'.repeat(50),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
);

const sensible: fc.Arbitrary<string> = fc.constantFrom(
  'somebody@fuzz.example',
  'other@fuzz.example',
  'SomeBody@FUZZ.example',
  'not-an-address@',
  '@',
  'a@b',
  '+390123456789',
  '+0',
  'some.name',
  'de-CH',
  'xx-',
  'users',
  'view',
  '*',
  'admin',
  '10.0.0.0/8',
  '::/0',
  '999.0.0.0/33',
  '09:00',
  '24:61',
  'Europe/Rome',
  'Mars/Base',
  'view:users',
);

const secret: fc.Arbitrary<string> = fc
  .tuple(fc.uuid(), fc.oneof(fc.constant(''), awkward))
  .map(([id, tail]) => `${SECRET_MARK}${id}${tail.slice(0, 300)}`);

/** Values that no type of an input takes. */
const wrong = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    inner.map((value) => [value]),
    inner.map((value) => ({ value })),
    fc.constantFrom<unknown>(null, true, 0, -1.5, 1e308, [], {}, [[]], 2 ** 53),
  );

const numbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -3, max: 2000 }),
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0.5, 1e300),
);

interface Pool {
  /** Ids of users and groups that exist. */
  readonly ids: readonly string[];
}

const isSecret = (name: string): boolean => /password|token/i.test(name);

const scalar = (typeName: string, name: string, { ids }: Pool): fc.Arbitrary<unknown> => {
  if (isSecret(name)) return secret;
  switch (typeName) {
    case 'ID': {
      return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...ids) }, fc.uuid(), awkward, fc.integer());
    }
    case 'Int':
    case 'Float': {
      return numbers;
    }
    case 'Boolean': {
      return fc.boolean();
    }
    case 'DateTime': {
      return fc.oneof(
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        awkward,
      );
    }
    default: {
      return fc.oneof(sensible, awkward);
    }
  }
};

/** How long its lists may be: long lists within long ones would be longer than any text. */
type Lists = 'any' | 'short';

const listOf = (type: GraphQLInputType, name: string, pool: Pool, lists: Lists): fc.Arbitrary<unknown> => {
  const inner = ofType(type, name, pool, lists);
  const short = [{ weight: 8, arbitrary: fc.array(inner, { maxLength: 4 }) }, inner];
  if (lists === 'short') return fc.oneof(...short);
  const long = fc.array(ofType(type, name, pool, 'short'), { minLength: 100, maxLength: 120 });
  return fc.oneof(...short, long);
};

const ofType = (type: GraphQLInputType, name: string, pool: Pool, lists: Lists = 'any'): fc.Arbitrary<unknown> => {
  if (isNonNullType(type)) return ofType(type.ofType, name, pool, lists);
  if (isListType(type)) return listOf(type.ofType, name, pool, lists);
  if (isEnumType(type)) {
    const names = type.getValues().map((value) => value.name);
    return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, awkward);
  }
  if (!isInputObjectType(type)) {
    const right = scalar(type.name, name, pool);
    return fc.oneof({ weight: 20, arbitrary: right }, { weight: 1, arbitrary: wrong(right) });
  }
  const fields = Object.values(type.getFields());
  const required = fields.filter((field) => isNonNullType(field.type)).map((field) => field.name);
  const record = Object.fromEntries(fields.map((field) => [field.name, ofType(field.type, field.name, pool, lists)]));
  const whole = fc.record(record, { requiredKeys: required });
  return fc.oneof(
    { weight: 30, arbitrary: whole },
    { weight: 1, arbitrary: fc.record(record, { requiredKeys: [] }) },
    { weight: 1, arbitrary: whole.map((value) => ({ ...value, surplus: 'unknown' })) },
  );
};

/** Variables for an operation: mostly of the right form with awkward contents, sometimes of the wrong form. */
export const variablesOf = (operation: OperationDefinitionNode, pool: Pool): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      (operation.variableDefinitions ?? []).map(({ variable, type }) => {
        const name = variable.name.value;
        const known = typeFromAST(schema, type as NamedTypeNode) as GraphQLInputType | undefined;
        if (known === undefined) throw new Error(`The schema has no type for $${name}.`);
        return [name, ofType(known, name, pool)];
      }),
    ),
  );
