import { execute, type ExecutionResult, type GraphQLSchema, parse, subscribe } from 'graphql';
import { describe, expect, test, vi } from 'vitest';
import { aal2, about, and, anyone, can, freshly, or, self, signedIn } from '../../../src/permissions/rules.ts';
import { guard, type GuardOptions, type RuleTree, wrappedFields } from '../../../src/permissions/shield.ts';
import type { Principal } from '../../../src/principal.ts';
import { ALICE, BOB, NOW, person, stale } from './callers.fixture.ts';
import { type Counter, makeSchema, resolversOf } from './people.fixture.ts';

const tree: RuleTree = {
  Query: {
    open: anyone,
    users: can('view:users'),
    user: or(can('view:users'), self('id')),
    broken: signedIn,
    health: and(signedIn, freshly(10)),
  },
  Mutation: { wipe: can('delete:users') },
  Subscription: { changes: can('view:audit') },
  User: { email: or(can('view:audit'), about('id')), note: anyone },
};

const options: GuardOptions = { clock: { now: () => NOW } };
const guarded = guard(makeSchema(), tree, options);

const run = async (
  source: string,
  principal: Principal | null,
  schema: GraphQLSchema = guarded,
): Promise<ExecutionResult> => execute({ schema, document: parse(source), contextValue: { principal } });

const denials = ({ errors = [] }: ExecutionResult): readonly unknown[] =>
  errors.map(({ path, extensions }) => [path?.join('.'), extensions]);

const ask = async (first: string, second: string): Promise<ExecutionResult> =>
  run(`{ a: user(id: "${first}") { name } b: user(id: "${second}") { name } }`, person());

const listen = async (
  field: string,
  principal: Principal | null,
  clock = options.clock,
  counter: Counter = { calls: 0 },
): Promise<unknown> => {
  const schema = guard(makeSchema(counter), tree, { clock });
  return subscribe({ schema, document: parse(`subscription { ${field} }`), contextValue: { principal } });
};

describe('a guarded root field', () => {
  test('that is not listed is denied to everybody', async () => {
    expect(denials(await run('{ forgotten }', null))).toEqual([['forgotten', { code: 'UNAUTHENTICATED' }]]);
    const result = await run('{ forgotten }', person('admin:*'));
    expect(result.data).toEqual({ forgotten: null });
    expect(denials(result)).toEqual([['forgotten', { code: 'FORBIDDEN', missing: [] }]]);
    expect(denials(await run('mutation { forgotten }', person('admin:*')))).toEqual([
      ['forgotten', { code: 'FORBIDDEN', missing: [] }],
    ]);
  });

  test('that is listed as open answers anyone', async () => {
    expect(await run('{ open }', null)).toEqual({ data: { open: 'open' } });
  });

  test('tells why it is denied, and nothing about permissions to who is not signed in', async () => {
    expect(denials(await run('{ users { id } }', null))).toEqual([['users', { code: 'UNAUTHENTICATED' }]]);
    expect(denials(await run('{ users { id } }', person()))).toEqual([
      ['users', { code: 'FORBIDDEN', missing: ['view:users'] }],
    ]);
    expect(denials(await run('{ health }', stale()))).toEqual([
      ['health', { code: 'STEP_UP_REQUIRED', missing: [], required: { assuranceLevel: null, withinMinutes: 10 } }],
    ]);
  });

  test('takes a context without a principal for nobody', async () => {
    const result = await execute({ schema: guarded, document: parse('{ users { id } }'), contextValue: {} });
    expect(denials(result)).toEqual([['users', { code: 'UNAUTHENTICATED' }]]);
  });

  test('does not run what it denies', async () => {
    const counter = { calls: 0 };
    const schema = guard(makeSchema(counter), tree, options);
    await run('mutation { wipe forgotten }', person(), schema);
    expect(counter.calls).toBe(0);
    await run('mutation { wipe }', person('delete:users'), schema);
    expect(counter.calls).toBe(1);
  });

  test('lets the errors of its resolver pass as they are', async () => {
    const { errors } = await run('{ broken }', person());
    expect(errors?.map(({ message, extensions }) => [message, extensions])).toEqual([
      ['The row is gone.', { code: 'NOT_FOUND' }],
    ]);
  });

  test('gives each alias its own verdict, in either order', async () => {
    const own = await ask(ALICE, BOB);
    expect(own.data).toEqual({ a: { name: 'Alice' }, b: null });
    expect(denials(own)).toEqual([['b', { code: 'FORBIDDEN', missing: ['view:users'] }]]);
    const others = await ask(BOB, ALICE);
    expect(others.data).toEqual({ a: null, b: { name: 'Alice' } });
    expect(denials(others)).toEqual([['a', { code: 'FORBIDDEN', missing: ['view:users'] }]]);
  });

  test('is judged for the caller of each request, many at once', async () => {
    const callers = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? person() : person('view:users')));
    const results = await Promise.all(callers.map(async (caller) => run('{ users { name } }', caller)));
    expect(results.map(({ data }) => data?.['users'] !== null)).toEqual(callers.map((_, index) => index % 2 === 1));
  });
});

describe('a guarded field of a type', () => {
  test('is judged for each object', async () => {
    const result = await run('{ users { id email } }', person('view:users'));
    expect(result.data).toEqual({
      users: [
        { id: ALICE, email: 'alice@example.test' },
        { id: BOB, email: null },
      ],
    });
    expect(denials(result)).toEqual([['users.1.email', { code: 'FORBIDDEN', missing: ['view:audit'] }]]);
  });

  test('leaves the other fields of the type open', async () => {
    expect((await run('{ users { name note } }', person('view:users'))).errors).toBeUndefined();
  });
});

describe('a guarded subscription', () => {
  test('is refused before its stream begins', async () => {
    const counter = { calls: 0 };
    const refused = await Promise.all([
      listen('changes', null, options.clock, counter),
      listen('changes', person(), options.clock, counter),
      listen('forgotten', person('admin:*'), options.clock, counter),
    ]);
    expect(refused.map((result) => denials(result as ExecutionResult))).toEqual([
      [['changes', { code: 'UNAUTHENTICATED' }]],
      [['changes', { code: 'FORBIDDEN', missing: ['view:audit'] }]],
      [['forgotten', { code: 'FORBIDDEN', missing: [] }]],
    ]);
    expect(counter.calls).toBe(0);
  });

  test('is judged again at each event: a grant that ends, ends the answers', async () => {
    const morning = {
      action: 'view',
      resource: 'audit',
      constraints: [
        { kind: 'TIME_WINDOW', timeWindow: { days: ['MONDAY'], start: '09:00', end: '10:30', timeZone: 'UTC' } },
      ],
    } as const;
    const clock = { now: vi.fn<() => Date>(() => NOW) };
    const stream = (await listen('changes', person(morning), clock)) as AsyncGenerator<ExecutionResult>;
    expect((await stream.next()).value).toEqual({ data: { changes: 'first' } });
    clock.now.mockReturnValue(new Date('2026-01-26T10:30:00Z'));
    expect(denials((await stream.next()).value as ExecutionResult)).toEqual([
      ['changes', { code: 'FORBIDDEN', missing: ['view:audit'] }],
    ]);
    clock.now.mockReturnValue(NOW);
    expect((await stream.next()).value).toEqual({ data: { changes: 'third' } });
  });
});

describe('the guard', () => {
  test('wraps the fields that can be refused, and no others', () => {
    const plain = makeSchema();
    const before = resolversOf(plain);
    const after = resolversOf(guard(plain, tree, options));
    const wrapped = [...after].filter(([name, resolver]) => resolver !== before.get(name)).map(([name]) => name);
    expect(wrapped.toSorted()).toEqual(
      [
        'Mutation.forgotten',
        'Mutation.wipe',
        'Query.broken',
        'Query.forgotten',
        'Query.health',
        'Query.user',
        'Query.users',
        'Subscription.changes',
        'Subscription.forgotten',
        'User.email',
      ].toSorted(),
    );
    expect(wrappedFields(plain, tree).toSorted()).toEqual(wrapped.toSorted());
  });

  test('guards the given schema, at the start of a stream as at each event', () => {
    const plain = makeSchema();
    const before = plain.getSubscriptionType()?.getFields()['changes']?.subscribe;
    expect(guard(plain, tree, options)).toBe(plain);
    expect(plain.getSubscriptionType()?.getFields()['changes']?.subscribe).not.toBe(before);
  });

  test('denies everything with an empty tree', async () => {
    const closed = guard(makeSchema(), {}, options);
    const result = await run('{ open users { id } health }', person('admin:*'), closed);
    expect(result.data).toEqual({ open: null, users: null, health: null });
    expect(wrappedFields(makeSchema(), {})).toHaveLength(10);
  });

  test('does not start with a tree that names what is not there', () => {
    expect(() => guard(makeSchema(), { ...tree, Planet: { name: anyone } }, options)).toThrow(
      'Planet is no object type of the schema',
    );
    expect(() => guard(makeSchema(), { ...tree, Named: { name: signedIn } }, options)).toThrow(
      'Named is no object type of the schema',
    );
    expect(() => guard(makeSchema(), { ...tree, User: { phone: signedIn } }, options)).toThrow(
      'User.phone is not in the schema',
    );
    expect(() => guard(makeSchema(), { ...tree, User: { toString: signedIn } }, options)).toThrow(
      'User.toString is not in the schema',
    );
  });

  test('does not start with a permission that lacks its second factor', () => {
    const lax: RuleTree = { ...tree, Mutation: { wipe: can('erase:users') } };
    expect(() => guard(makeSchema(), lax, options)).toThrow('Mutation.wipe names erase:users without aal2');
    const strict: RuleTree = { ...tree, Mutation: { wipe: and(can('erase:users'), aal2) } };
    expect(() => guard(makeSchema(), strict, options)).not.toThrow();
  });

  test('takes rules written twice, at many fields', () => {
    const twice: RuleTree = {
      Query: { users: can('view:users'), open: can('view:users') },
      User: { email: or(can('view:users'), self('id')), note: or(can('view:users'), self('id')) },
    };
    expect(() => guard(makeSchema(), twice, options)).not.toThrow();
  });

  test('tells of each denial, and of nothing else', async () => {
    const onDenied = vi.fn<NonNullable<GuardOptions['onDenied']>>();
    const schema = guard(makeSchema(), tree, { ...options, onDenied });
    const caller = person();
    await run('{ open users { id } forgotten }', caller, schema);
    const told = onDenied.mock.calls.map(([{ principal, coordinate, denial }]) => [
      principal === caller,
      coordinate,
      denial.code,
      denial.missing,
    ]);
    expect(told).toEqual([
      [true, 'Query.users', 'FORBIDDEN', ['view:users']],
      [true, 'Query.forgotten', 'FORBIDDEN', []],
    ]);
  });

  test('stays closed when a rule itself breaks', async () => {
    const clock = {
      now: (): Date => {
        throw new Error('no clock');
      },
    };
    const result = await run('{ users { id } }', person('view:users'), guard(makeSchema(), tree, { clock }));
    expect(result.data).toEqual({ users: null });
    expect(denials(result)).toEqual([['users', { code: 'FORBIDDEN', missing: [] }]]);
  });

  test('where everybody needs a second factor, keeps those who are overdue to what it is told', async () => {
    const overdue = { ...person('view:users', 'delete:users'), secondFactorDueAt: NOW };
    const schema = guard(makeSchema(), tree, { ...options, openWithoutSecondFactor: ['Query.user'] });
    const required = { assuranceLevel: 'AAL2', withinMinutes: null };
    const document = `{ open users { name note email } user(id: "${ALICE}") { name email } }`;
    const answer = await run(document, overdue, schema);
    expect(denials(answer)).toEqual([['users', { code: 'STEP_UP_REQUIRED', missing: [], required }]]);
    expect(answer.data).toMatchObject({ open: expect.anything(), users: null, user: { email: expect.anything() } });
    expect(denials(await run('mutation { wipe }', overdue, schema))).toEqual([
      ['wipe', { code: 'STEP_UP_REQUIRED', missing: [], required }],
    ]);
    // Whoever lacks the permission is not told what else there would be to do.
    expect(denials(await run('mutation { wipe }', { ...person(), secondFactorDueAt: NOW }, schema))).toEqual([
      ['wipe', { code: 'FORBIDDEN', missing: ['delete:users'] }],
    ]);
    for (const [principal, guardedBy] of [
      [{ ...overdue, assuranceLevel: 'AAL2' }, schema],
      [person('view:users', 'delete:users'), schema],
      [overdue, guarded],
    ] as const) {
      expect(denials(await run('{ users { name } }', principal, guardedBy))).toEqual([]);
    }
  });

  test('enforces two factors and a shorter freshness when told to', async () => {
    const strict: RuleTree = { Query: { health: and(can('rotate:signing-keys'), aal2), open: freshly(10) } };
    const schema = guard(makeSchema(), strict, { ...options, enforceAal2: true, stepUpSeconds: 60 });
    expect(denials(await run('{ health open }', person('rotate:signing-keys'), schema))).toEqual([
      ['health', { code: 'STEP_UP_REQUIRED', missing: [], required: { assuranceLevel: 'AAL2', withinMinutes: null } }],
      ['open', { code: 'STEP_UP_REQUIRED', missing: [], required: { assuranceLevel: null, withinMinutes: 1 } }],
    ]);
  });
});
