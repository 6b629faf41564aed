import { describe, expect, test } from 'vitest';
import { ask, SECRET, setup } from './error-server.ts';

describe('values never come back in messages', () => {
  const form = 'query($c: Credentials) { ask(credentials: $c) }';

  test.each([
    ['a list for a text', { password: [SECRET] }, 'at "c.password"; String cannot represent a non string value.'],
    ['a text for a number', { password: 'x', count: SECRET }, 'at "c.count"; Int cannot represent non-integer value.'],
    [
      'an unknown enum value',
      { password: 'x', colour: SECRET },
      'at "c.colour"; The value does not exist in "Colour" enum.',
    ],
    ['a value that a scalar of ours refuses', { password: 'x', loud: SECRET }, 'at "c.loud"; The value is not valid.'],
    ['a text for an object', SECRET, 'got an invalid value; Expected type "Credentials" to be an object.'],
    [
      'a missing field',
      { count: 5, tags: [SECRET] },
      'got an invalid value; Field "password" of required type "String!" was not provided.',
    ],
    [
      'a member of a list',
      { password: 'x', tags: ['a', { [SECRET]: SECRET }] },
      'at "c.tags[1]"; String cannot represent a non string value.',
    ],
    [
      'a text that imitates a path',
      { password: 'x', count: `${SECRET} at "c.x"; y` },
      'at "c.count"; Int cannot represent non-integer value.',
    ],
    [
      'a null',
      { password: null, tags: [SECRET] },
      'at "c.password"; Expected non-nullable type "String!" not to be null.',
    ],
  ])('%s in a variable', async (_, c, ending) => {
    const { errors, text, reports, status } = await ask(form, { c });
    expect(text).not.toContain(SECRET);
    expect(errors[0]?.message).toContain(ending);
    expect(errors[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(status).toBe(400);
    expect(reports).toEqual([]);
  });

  test.each([
    ['a name', `ask(credentials: { password: ${SECRET} })`, 'String cannot represent a non string value.'],
    [
      'a text for a number',
      `ask(credentials: { password: "x", count: "${SECRET}" })`,
      'Int cannot represent non-integer value.',
    ],
    [
      'an unknown enum value',
      `ask(credentials: { password: "x", colour: ${SECRET} })`,
      'The value does not exist in "Colour" enum.',
    ],
    [
      'a text for an enum',
      `ask(credentials: { password: "x", colour: "${SECRET}" })`,
      'Enum "Colour" cannot represent non-enum value.',
    ],
    ['a text for an object', `ask(credentials: "${SECRET}")`, 'Expected value of type "Credentials".'],
    ['a value that a scalar of ours refuses', `ask(loud: "${SECRET}")`, 'The value is not valid.'],
  ])('%s in the document', async (_, field, message) => {
    const { errors, text, status } = await ask(`{ ${field} }`);
    expect(text).not.toContain(SECRET);
    expect(errors[0]?.message).toBe(message);
    expect(errors[0]?.extensions?.['code']).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(status).toBe(400);
  });

  test.each([
    ['a text out of place', `{ ask(credentials: { password "${SECRET}" }) }`],
    ['a text without its first quotation mark', `{ ask(credentials: { password: my ${SECRET}" }) }`],
    ['a block text', `{ ask(credentials: { password """${SECRET}""" }) }`],
    ['a text with a quotation mark inside', `{ ask(credentials: { password "${SECRET}\\" x" }) }`],
    ['a bad escape', `{ ask(credentials: { password: "\\u{${SECRET}" }) }`],
    ['a bad number', `{ ask(credentials: { password: 0${SECRET} }) }`],
  ])('%s in a document that cannot be parsed', async (_, query) => {
    const { errors, text, status } = await ask(query);
    expect(text).not.toContain(SECRET);
    expect(errors[0]?.message).toMatch(/^Syntax Error: /);
    expect(errors[0]?.extensions).toEqual({ code: 'GRAPHQL_PARSE_FAILED' });
    expect(status).toBe(400);
  });

  test('messages about names stay whole', async () => {
    const { errors } = await ask('{ aks nothing(x: 1) }');
    expect(errors.map(({ message }) => message)).toEqual([
      'Cannot query field "aks" on type "Query". Did you mean "ask"?',
      'Cannot query field "nothing" on type "Query".',
    ]);
    expect((await ask('{ ask(').catch(() => null))?.errors[0]?.message).toBe(
      'Syntax Error: Expected Name, found <EOF>.',
    );
  });
});

describe('requests that are refused', () => {
  test('suggestions are left out where the schema is not public', async () => {
    const hidden = { fieldSuggestions: false };
    expect((await ask('{ aks }', {}, hidden)).errors[0]?.message).toBe('Cannot query field "aks" on type "Query".');
    const variable = await ask(
      'query($c: Credentials) { ask(credentials: $c) }',
      { c: { password: 'x', pasword: 1 } },
      hidden,
    );
    expect(variable.errors[0]?.message).toContain('Field "pasword" is not defined by type "Credentials".');
    expect(variable.text).not.toContain('Did you mean');
  });

  test('too many tokens are a limit, not a parse error', async () => {
    const { errors, status } = await ask(`{ ${'fail '.repeat(100)}}`);
    expect(errors[0]?.extensions).toEqual({ code: 'QUERY_TOO_COMPLEX', limit: 'maximumTokens', maximum: 60 });
    expect(status).toBe(400);
  });

  test('the static limits keep their code and numbers beside ordinary validation errors', async () => {
    const { errors, status } = await ask('{ a: fail b: fail nothing }');
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(
      expect.arrayContaining(['GRAPHQL_VALIDATION_FAILED', 'QUERY_TOO_COMPLEX']),
    );
    expect(errors.find(({ extensions }) => extensions?.['limit'] !== undefined)?.extensions).toEqual({
      code: 'QUERY_TOO_COMPLEX',
      limit: 'maximumAliases',
      requested: 2,
      maximum: 1,
    });
    expect(status).toBe(400);
  });

  test('an unknown operation name keeps the code of the server', async () => {
    const { server } = setup({});
    const answer = await server.executeOperation(
      { query: 'query A { fail }', operationName: 'B' },
      { contextValue: { requestId: 'r' } },
    );
    expect(answer.body).toMatchObject({
      singleResult: { errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] },
    });
    await server.stop();
  });

  test.each([
    ['a null through a nullable variable', 'query($p: Int = 1) { ask(page: $p) }', { p: null }, 'BAD_USER_INPUT'],
    ['a null for a condition', 'query($x: Boolean = true) { fail @include(if: $x) }', { x: null }, 'BAD_USER_INPUT'],
    ['a subscription', 'subscription { x }', {}, 'OPERATION_RESOLUTION_FAILURE'],
    [
      'a thousand wrong members',
      'query($c: Credentials) { ask(credentials: $c) }',
      { c: { password: 'x', tags: Array.from({ length: 1000 }, () => 5) } },
      'BAD_USER_INPUT',
    ],
  ])('%s is the fault of the client', async (_, query, variables, code) => {
    const { errors, reports } = await ask(query, variables);
    expect(new Set(errors.map(({ extensions }) => extensions?.['code']))).toEqual(new Set([code]));
    expect(reports).toEqual([]);
  });
});
