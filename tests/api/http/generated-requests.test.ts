import * as fc from 'fast-check';
import { type DocumentNode, Kind, type OperationDefinitionNode, OperationTypeNode, print } from 'graphql';
import { describe, expect, test } from 'vitest';
import * as client from '../../../generated/client/graphql.ts';
import { seededGroups } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { useTestApp } from '../../support/test-app.ts';
import { SECRET_MARK, variablesOf } from './generated-variables.ts';
import { postRaw, type RawAnswer } from './raw-requests.ts';

const app = useTestApp();

interface Operation {
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
}

const isDocument = (value: unknown): value is DocumentNode =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === Kind.DOCUMENT;

const operations: readonly Operation[] = Object.values(client)
  .filter((value): value is typeof value & DocumentNode => isDocument(value))
  .flatMap((document) => {
    const node = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    return node === undefined ? [] : [{ document, node }];
  });

const ofKind = (kind: OperationTypeNode): readonly Operation[] =>
  operations.filter(({ node }) => node.operation === kind && (node.variableDefinitions ?? []).length > 0);

/** Bodies of requests: as texts, so that a failure can be printed. */
const bodiesOf = ({ document, node }: Operation, pool: Parameters<typeof variablesOf>[1]): fc.Arbitrary<string> => {
  const query = print(document);
  return variablesOf(node, pool).map((variables) => JSON.stringify({ query, variables }));
};

const ADMIN = 'tireless@admins.example';

/** Somebody who may do everything, signed in anew whenever a generated request has ended the session. */
class TirelessAdmin {
  #actor: Actor | null = null;

  async send(body: string): Promise<RawAnswer> {
    this.#actor ??= await this.#signIn();
    const answer = await postRaw(app(), body, { authorization: `Bearer ${this.#actor.accessToken}` });
    if (answer.status === 401) this.#actor = null;
    return answer;
  }

  /** Generated passwords for confirmIdentity count as wrong tries, and lock the account as they should. */
  async #signIn(): Promise<Actor> {
    await app().database.query('update users set failed_sign_in_count = 0, locked_until = null where email = $1', [
      ADMIN,
    ]);
    return signIn(app(), ADMIN);
  }
}

/** What the log must not have: faults, and secrets of requests. */
const badLogLines = (): string[] =>
  app().log.filter((line) => /"level":[56]0/.test(line) || line.includes(SECRET_MARK));

/** Nothing that a client sends is a fault of the server, and no answer repeats a secret. */
const expectSound = (answer: RawAnswer, body: string): void => {
  const faults = ['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', SECRET_MARK].filter((text) =>
    answer.text.includes(text),
  );
  // the request stands in the comparison, so that a failure shows it
  expect({ faults, failed: answer.status >= 500, body }).toEqual({ faults: [], failed: false, body });
};

describe('generated requests', () => {
  test.each([
    ['mutations', OperationTypeNode.MUTATION, 200],
    ['queries', OperationTypeNode.QUERY, 100],
  ] as const)('never make the server fail: %s', { timeout: 120_000 }, async (_name, kind, numRuns) => {
    const permissions = ['admin:*', 'rotate:signing-keys', 'grant-protected:groups'];
    const everything = await makeGroup(app(), `Everything ${kind}`, permissions);
    const known = await app().database.query(`select 1 from identifiers where value = $1`, [ADMIN]);
    if (known.length === 0) await makePerson(app(), { email: ADMIN, groupIds: [everything] });
    const others = [];
    for (let index = 0; index < 5; index += 1) {
      others.push(await makePerson(app(), { email: `${kind}-target${index}@fuzz.example` }));
    }
    const own = await makeGroup(app(), `Target ${kind}`, ['view:users']);
    const pool = { ids: [...others, own, ...seededGroups.map(({ id }) => id)] };
    const arbitraries = ofKind(kind).map((operation) => bodiesOf(operation, pool));
    expect(arbitraries.length).toBeGreaterThan(4);
    const admin = new TirelessAdmin();
    const codes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.oneof(...arbitraries), async (body) => {
        const answer = await admin.send(body);
        codes.add(answer.code);
        expectSound(answer, body.slice(0, 2000));
      }),
      { numRuns, endOnFailure: true },
    );
    expect(codes).toContain('OK');
    expect(codes).toContain('BAD_USER_INPUT');
    expect(badLogLines()).toEqual([]);
  });

  test(
    'never make the server fail: strangers with every mutation that is open to them',
    { timeout: 60_000 },
    async () => {
      const open = new Set(['SignIn', 'SetUpFirstAdmin', 'SetPasswordWithToken', 'RefreshSession', 'SignOut']);
      const arbitraries = ofKind(OperationTypeNode.MUTATION)
        .filter(({ node }) => open.has(node.name?.value ?? ''))
        .map((operation) => bodiesOf(operation, { ids: ['x'] }));
      await fc.assert(
        fc.asyncProperty(fc.oneof(...arbitraries), async (body) => {
          expectSound(await postRaw(app(), body), body.slice(0, 2000));
        }),
        { numRuns: 60, endOnFailure: true },
      );
      expect(badLogLines()).toEqual([]);
    },
  );

  test('never make the server fail: bodies that are anything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.json({ maxDepth: 3 }),
          fc
            .record(
              { query: fc.string(), variables: fc.anything(), operationName: fc.anything(), extensions: fc.anything() },
              { requiredKeys: [] },
            )
            .map(
              (value) =>
                JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ??
                '',
            ),
        ),
        async (body) => {
          const answer = await postRaw(app(), body);
          expectSound(answer, body);
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
    expect(badLogLines()).toEqual([]);
  });
});
