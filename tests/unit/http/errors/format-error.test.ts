import type { GraphQLResponse } from '@apollo/server';
import { DriverException } from '@mikro-orm/core';
import { GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { Failure, Rejection } from '../../../../src/errors.ts';
import { ask, SECRET, setup, type Asked } from './error-server.ts';

const circular = (): Error => {
  const error = new Error(SECRET);
  error.cause = error;
  return error;
};

const thrownBy = async (thrown: unknown): Promise<Asked> => ask('{ fail }', {}, { thrown: () => thrown });

const databaseError = (code: string): Error => Object.assign(new Error(`${SECRET} in a statement`), { code });

describe('what services throw', () => {
  test('a failure keeps its code, message and details, and is not reported', async () => {
    const failure = new Failure('FORBIDDEN', undefined, { missing: ['view:users'], code: 'FORGED' });
    const { errors, reports } = await thrownBy(failure);
    expect(errors[0]?.extensions).toEqual({ code: 'FORBIDDEN', missing: ['view:users'] });
    expect(errors[0]?.path).toEqual(['fail']);
    expect(reports).toEqual([]);
  });

  test('a rejection outside of a payload is malformed input, without its facts', async () => {
    const rejection = new Rejection([{ code: 'NAME_IN_USE', field: ['name'] }], { current: SECRET });
    const { errors, text, reports } = await thrownBy(rejection);
    expect(errors[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      problems: [{ code: 'NAME_IN_USE', field: ['name'] }],
    });
    expect(text).not.toContain(SECRET);
    expect(reports).toEqual([]);
  });

  test('GraphQL errors with a known code pass as they are', async () => {
    const { errors } = await thrownBy(new GraphQLError('No.', { extensions: { code: 'UNAUTHENTICATED', hint: 1 } }));
    expect(errors[0]).toMatchObject({ message: 'No.', extensions: { code: 'UNAUTHENTICATED', hint: 1 } });
  });

  test.each([
    ['an error', new TypeError(`cannot read ${SECRET}`)],
    ['a GraphQL error with a strange code', new GraphQLError(SECRET, { extensions: { code: 'STRANGE', x: SECRET } })],
    ['a GraphQL error with the code of a payload', new GraphQLError(SECRET, { extensions: { code: 'LAST_ADMIN' } })],
    ['a GraphQL error without a code', new GraphQLError(SECRET)],
    ['an intended internal failure', new Failure('INTERNAL_SERVER_ERROR', SECRET, { secret: SECRET })],
    ['a text', SECRET],
    ['a circle of causes', circular()],
    ['an error that speaks like graphql-js', new Error(`Argument "x" has invalid value ${SECRET}.`)],
  ])('%s is told as internal with the request id only, and reported once', async (_, thrown) => {
    const { errors, text, reports } = await thrownBy(thrown);
    expect(errors[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1' });
    expect(text).not.toContain(SECRET);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1', path: 'fail' });
  });

  test('one error that fails many fields is reported once for a request, and again for the next request', async () => {
    const shared = new Error('the batch failed');
    const { server, reports } = setup({ thrown: () => shared });
    const run = async (requestId: string): Promise<GraphQLResponse> =>
      server.executeOperation({ query: '{ many { fail } }' }, { contextValue: { requestId } });
    const answer = await run('a');
    expect(answer.body.kind === 'single' ? answer.body.singleResult.errors : null).toHaveLength(3);
    expect(reports).toHaveLength(1);
    expect(reports[0]?.error).toBe(shared);
    await run('b');
    expect(reports.map(({ requestId }) => requestId)).toEqual(['a', 'b']);
    await server.stop();
  });

  test('what is reported is the error as thrown, with its own cause inside', async () => {
    const thrown = new Error('the group could not be read', { cause: new Error('why') });
    expect((await thrownBy(thrown)).reports[0]?.error).toBe(thrown);
  });

  test('a result that cannot be serialised is internal, although graphql-js quotes it', async () => {
    const { errors, text, reports } = await ask('{ bad }');
    expect(errors[0]?.extensions?.['code']).toBe('INTERNAL_SERVER_ERROR');
    expect(text).not.toContain(SECRET);
    expect(reports).toHaveLength(1);
  });
});

describe('what the database throws', () => {
  test.each([
    '53100',
    '53300',
    '53200',
    '57014',
    '57P01',
    '57P03',
    '08006',
    '25006',
    '42P01',
    'ECONNREFUSED',
    'ECONNRESET',
  ])('%s is a lack of service and reported, also in the exception of the ORM', async (code) => {
    for (const error of [databaseError(code), new DriverException(databaseError(code))]) {
      const { errors, text, reports } = await thrownBy(error);
      expect(errors[0]?.extensions).toEqual({ code: 'SERVICE_UNAVAILABLE' });
      expect(text).not.toContain(SECRET);
      expect(reports.map((report) => report.code)).toEqual(['SERVICE_UNAVAILABLE']);
    }
  });

  test.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('a driver that only says "%s" is understood', async (message) => {
    expect((await thrownBy(new DriverException(new Error(message)))).errors[0]?.extensions?.['code']).toBe(
      'SERVICE_UNAVAILABLE',
    );
  });

  test.each(['22021', '22P05'])('a NUL byte (%s) is bad input and nobody is woken', async (code) => {
    const { errors, text, reports } = await thrownBy(new DriverException(databaseError(code)));
    expect(errors[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(text).not.toContain(SECRET);
    expect(reports).toEqual([]);
  });

  test.each(['23505', '40001', '42703', '22P02', 'toString', '__proto__'])('%s stays internal', async (code) => {
    expect((await thrownBy(databaseError(code))).errors[0]?.extensions?.['code']).toBe('INTERNAL_SERVER_ERROR');
  });
});
