import { describe, expect, test } from 'vitest';
import { DecisionClient, DecisionUnavailable, type Question } from '../src/decision-client.ts';

interface Sent {
  readonly authorization: string;
  readonly checks: readonly Question[];
}

/** A server that allows `view` and answers with the present version. */
const server = (state: { version?: string; fails?: boolean; body?: unknown } = {}) => {
  const sent: Sent[] = [];
  const answer = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    if (state.fails === true) throw new TypeError('fetch failed');
    const { variables } = JSON.parse(init?.body as string) as { variables: { checks: Question[] } };
    sent.push({ authorization: new Headers(init?.headers).get('authorization') ?? '', checks: variables.checks });
    const decisions = variables.checks.map(({ action }) => ({
      allowed: action === 'view',
      reason: action === 'raise' ? 'STEP_UP_REQUIRED' : 'GRANTED',
      missing: [],
      required: null,
    }));
    const data = { checkPermissions: { permissionVersion: state.version ?? '1.a', decisions } };
    return Response.json(state.body ?? { data });
  };
  return { sent, fetch: answer as typeof fetch, state };
};

const view: Question = { action: 'view', resource: 'shop.purchases' };

const clientOf = (
  given: ReturnType<typeof server>,
  options: { now?: () => number; maximumAgeMs?: number; cacheSize?: number } = {},
) => {
  const { now = () => 0, ...rest } = options;
  return new DecisionClient({ url: 'http://gatehouse.test/graphql', fetch: given.fetch, nowMs: now, ...rest });
};

describe('decisions', () => {
  test('of one turn are one round trip, a hundred at a time, in the order of the questions, by the caller’s own token', async () => {
    const gatehouse = server();
    const client = clientOf(gatehouse);
    const questions = Array.from({ length: 150 }, (_, index): Question => ({
      ...view,
      action: index % 2 === 0 ? 'view' : 'delete',
      rowId: String(index),
    }));
    const [first, second] = await Promise.all([client.decide('mine', questions), client.decide('theirs', [view])]);
    expect(first?.map(({ allowed }) => allowed)).toEqual(questions.map(({ action }) => action === 'view'));
    expect(second?.[0]?.allowed).toBe(true);
    expect(
      gatehouse.sent.map(({ authorization, checks }) => [authorization, checks.length].join(' ')).toSorted(),
    ).toEqual(['Bearer mine 100', 'Bearer mine 50', 'Bearer theirs 1']);
  });

  test('are kept for a while, for this caller and this very question', async () => {
    let now = 0;
    const gatehouse = server();
    const client = clientOf(gatehouse, { now: () => now });
    const ask = async (token: string, question: Question) => {
      const before = gatehouse.sent.length;
      await client.decide(token, [question]);
      return gatehouse.sent.length - before;
    };
    expect(await ask('mine', view)).toBe(1);
    expect(await ask('mine', view)).toBe(0);
    expect(await ask('theirs', view)).toBe(1);
    expect(await ask('mine', { ...view, attributes: { amount: 5 } })).toBe(1);
    now = 5001;
    expect(await ask('mine', view)).toBe(1);
  });

  test('are forgotten as soon as an answer has another permission version', async () => {
    const gatehouse = server();
    const client = clientOf(gatehouse);
    await client.decide('mine', [view]);
    gatehouse.state.version = '2.b';
    await client.decide('mine', [{ ...view, rowId: '7' }]);
    await client.decide('mine', [view]);
    expect(gatehouse.sent).toHaveLength(3);
  });

  test('that ask for a step-up are not kept, and nothing is when the age is 0', async () => {
    const gatehouse = server();
    const client = clientOf(gatehouse);
    const raise = { ...view, action: 'raise' };
    await client.decide('mine', [raise]);
    await client.decide('mine', [raise]);
    const fresh = clientOf(gatehouse, { maximumAgeMs: 0 });
    await fresh.decide('mine', [view]);
    await fresh.decide('mine', [view]);
    expect(gatehouse.sent).toHaveLength(4);
  });

  test('are never invented: an outage, a refusal or a short answer throws', async () => {
    for (const state of [
      { fails: true },
      { body: { errors: [{ message: 'no' }] } },
      { body: { data: { checkPermissions: { permissionVersion: '1', decisions: [] } } } },
      { body: 'nonsense' },
    ]) {
      await expect(clientOf(server(state)).decide('mine', [view])).rejects.toThrow(DecisionUnavailable);
    }
  });

  test('are refused to callers whom Gatehouse does not know any more, by name', async () => {
    const refusalOf = (extensions: object): Promise<unknown> => {
      const body = { data: { checkPermissions: null }, errors: [{ message: 'no', extensions }] };
      return clientOf(server({ body }))
        .decide('mine', [view])
        .catch((error: unknown) => error);
    };
    const required = { assuranceLevel: 'AAL2', withinMinutes: null };
    const over = await refusalOf({ code: 'UNAUTHENTICATED' });
    expect(over).toMatchObject({ name: 'CallerRefused', code: 'UNAUTHENTICATED' });
    const weak = await refusalOf({ code: 'STEP_UP_REQUIRED', required });
    expect(weak).toMatchObject({ name: 'CallerRefused', code: 'STEP_UP_REQUIRED', required });
    expect(await refusalOf({ code: 'BAD_USER_INPUT' })).toMatchObject({
      name: 'DecisionUnavailable',
      message: 'Gatehouse refused to decide: BAD_USER_INPUT.',
    });
  });

  test('of many callers stay within bounds', async () => {
    const gatehouse = server();
    const client = clientOf(gatehouse, { cacheSize: 10 });
    for (let index = 0; index < 30; index += 1) await client.decide(`token ${index}`, [view]);
    await client.decide('token 29', [view]);
    expect(gatehouse.sent).toHaveLength(30);
    await client.decide('token 0', [view]);
    expect(gatehouse.sent).toHaveLength(31);
  });
});
