import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildASTSchema, isObjectType, parse } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SessionId, UserId } from '../../src/ids.ts';
import { grantOf } from '../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../src/permissions/effective-grants.ts';
import { judge, type Situation, type Verdict } from '../../src/permissions/judge.ts';
import type { Rule } from '../../src/permissions/rules.ts';
import { seededGroups } from '../../src/permissions/seeded-groups.ts';
import type { RuleTree } from '../../src/permissions/shield.ts';
import { tree } from '../../src/permissions/tree.ts';
import type { Principal } from '../../src/principal.ts';
import type { DomainResolver } from '../../src/services/domain-resolver.ts';
import { databaseState } from '../support/database-state.ts';
import { useTestApp } from '../support/test-app.ts';
import type { Answer } from '../support/test-client.ts';
import {
  type Facts,
  mutationDocument,
  mutationInputs,
  queryDocuments,
  selectionOf,
} from './permission-matrix.inputs.ts';
import {
  further,
  groupsOf,
  harmless,
  makeCallers,
  makeTargets,
  type MatrixCaller,
  STALE_SECONDS,
  strong,
} from './permission-matrix.people.ts';
import { type CallerName, callerNames, codeOf, type MatrixRow, permissionMatrix } from './permission-matrix.table.ts';

type AnyAnswer = Answer<Readonly<Record<string, unknown>> | null>;

const schema = buildASTSchema(parse(readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8')));
const rules: RuleTree = tree;

const fieldsOf = (typeName: string): readonly string[] => {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${typeName}.${field}`) : [];
};
const isRoot = ({ typeName }: MatrixRow): boolean => typeName === 'Query' || typeName === 'Mutation';
const operations = permissionMatrix.filter((row) => isRoot(row));
const guardedFields = permissionMatrix.filter((row) => !isRoot(row));

describe('the matrix', () => {
  test('has a line for each operation of the schema and for each field with a rule, and no other', () => {
    const ruled = Object.entries(rules)
      // Subscriptions are no requests: theirs is tests/api/subscription/permissions.test.ts.
      .filter(([typeName]) => typeName !== 'Query' && typeName !== 'Mutation' && typeName !== 'Subscription')
      .flatMap(([typeName, fields]) => Object.keys(fields).map((field) => `${typeName}.${field}`));
    const expected = [...fieldsOf('Query'), ...fieldsOf('Mutation'), ...ruled];
    expect(permissionMatrix.map(({ coordinate }) => coordinate).toSorted()).toEqual(expected.toSorted());
  });

  test('allows and refuses each operation that is not open to everybody at least once', () => {
    const guarded = permissionMatrix.filter(({ expected }) => expected.anon !== 'yes');
    const oneSided = guarded.filter(({ expected }) => !Object.values(expected).some((cell) => codeOf(cell) === null));
    expect(oneSided.map(({ coordinate }) => coordinate)).toEqual([]);
    expect(guarded.every(({ expected }) => expected.anon === 'UNAUTH')).toBe(true);
    expect(guarded).toHaveLength(144);
  });
});

const NOW = new Date('2026-01-26T10:00:00Z');
const OWN = '01890000-0000-7000-8000-00000000000a' as UserId;
const OTHER = '01890000-0000-7000-8000-00000000000b' as UserId;

const principalOf = (name: CallerName): Principal | null => {
  const groupIds = groupsOf[name];
  if (groupIds === null) return null;
  const held = seededGroups.filter(({ id }) => groupIds.includes(id)).flatMap((group) => group.grants);
  const grants = [...held, ...(further[name] ?? []).map((permission) => grantOf(permission))];
  return {
    userId: OWN,
    kind: 'person',
    via: 'session',
    sessionId: '01890000-0000-7000-8000-0000000000f1' as SessionId,
    apiKeyId: null,
    actorId: null,
    impersonationId: null,
    impersonationMode: null,
    organizationId: null,
    assuranceLevel: strong.has(name) ? 'AAL2' : 'AAL1',
    authenticatedAt: new Date(NOW.getTime() - (name === 'stale' ? STALE_SECONDS * 1000 : 0)),
    secondFactorDueAt: null,
    grants: EffectiveGrants.of(grants),
    permissionVersion: '1',
    ipAddress: '127.0.0.1',
  };
};

/** What the tree says when the operation or the parent is about somebody. */
const verdictOf = ({ typeName, field }: MatrixRow, name: CallerName, about: UserId): Verdict => {
  const rule: Rule | undefined = rules[typeName]?.[field];
  if (rule === undefined) throw new Error(`${typeName}.${field} has no rule.`);
  const args = { id: about, input: { userId: about } };
  const parent = { id: about, userId: about, ownerId: about, requestedById: about, decidedById: about };
  const situation: Situation = { principal: principalOf(name), args, parent, now: NOW, enforceAal2: true };
  return judge(rule, situation);
};

const codeOfVerdict = (verdict: Verdict): string | null => (verdict.allowed ? null : verdict.code);

describe('the tree and the matrix', () => {
  test.each(permissionMatrix)('say the same of $coordinate', (row) => {
    for (const name of callerNames) {
      const cell = row.expected[name];
      const own = codeOfVerdict(verdictOf(row, name, OWN));
      const other = codeOfVerdict(verdictOf(row, name, OTHER));
      const wanted = cell === 'self' ? [null, 'FORBIDDEN'] : [codeOf(cell), codeOf(cell)];
      expect([name, own, other]).toEqual([name, ...wanted]);
    }
  });
});

/** Every record that somebody looks for is there. */
const domainResolver: DomainResolver = { textsOf: () => Promise.resolve(['gatehouse-domain=matrix']) };

describe('over HTTP', () => {
  const app = useTestApp({ domainResolver });
  let callers: readonly MatrixCaller[] = [];
  let real: Facts;

  beforeAll(async () => {
    callers = await makeCallers(app());
    const first = callers.find(({ name }) => name === 'first');
    if (first === undefined) throw new Error('Nobody is the first administrator.');
    real = await makeTargets(app(), first.client);
  });

  const send = async ({ typeName, field }: MatrixRow, caller: MatrixCaller, facts: Facts): Promise<AnyAnswer> => {
    if (typeName === 'Query') {
      const document = queryDocuments[field as keyof typeof queryDocuments];
      const { userId, groupId, organizationId, webhookId } = facts;
      return caller.client.run(document, { userId, groupId, organizationId, webhookId, apiKeyId: caller.apiKeyId });
    }
    const client = field === 'signOut' ? await caller.anew() : caller.client;
    const input = mutationInputs[field as keyof typeof mutationInputs](facts);
    return client.run(mutationDocument(field), { input });
  };

  const expectRefusal = (answer: AnyAnswer, row: MatrixRow, { name }: MatrixCaller): void => {
    const verdict = verdictOf(row, name, OTHER);
    const missing = verdict.allowed || verdict.code === 'UNAUTHENTICATED' ? undefined : verdict.missing;
    const [error] = answer.errors;
    expect([name, answer.status, answer.errors.length]).toEqual([name, 200, 1]);
    expect([name, error?.extensions.code, error?.path?.at(0)]).toEqual([name, codeOfVerdict(verdict), row.field]);
    expect(error?.extensions.missing).toEqual(missing);
    expect(answer.data?.[row.field] ?? null).toBeNull();
  };

  const expectPassage = (answer: AnyAnswer, row: MatrixRow, { name }: MatrixCaller): void => {
    expect([row.coordinate, name, answer.status, answer.errors]).toEqual([row.coordinate, name, 200, []]);
    expect(Object.keys(answer.data ?? {})).toEqual([row.field]);
  };

  const isRefused = (row: MatrixRow, { name }: MatrixCaller): boolean =>
    codeOf(row.expected[name]) !== null || row.expected[name] === 'self';

  test.each(operations)('$coordinate is as the matrix says, and a refusal changes nothing', async (row) => {
    const refused = callers.filter((caller) => isRefused(row, caller));
    const before = await databaseState(app());
    const refusals = await Promise.all(refused.map((caller) => send(row, caller, real)));
    expect(await databaseState(app())).toEqual(before);
    for (const [index, caller] of refused.entries()) {
      const answer = refusals[index];
      if (answer !== undefined) expectRefusal(answer, row, caller);
    }
    for (const caller of callers.filter(({ name }) => codeOf(row.expected[name]) === null)) {
      const facts = row.typeName === 'Query' ? real : harmless(real);
      const about = row.expected[caller.name] === 'self' ? { ...facts, userId: caller.id } : facts;
      expectPassage(await send(row, caller, about), row, caller);
      if (row.field === 'revokeUserSessions' && about !== facts) caller.client = await caller.anew();
    }
  });

  test('lists and references hold only what is their own for callers who may not see more', async () => {
    const list = permissionMatrix.find(({ coordinate }) => coordinate === 'Query.users');
    const ownOnly = callers.filter(({ name }) => list?.expected[name] === 'rows');
    expect(ownOnly.map(({ name }) => name)).toEqual(['none', 'member', 'keys', 'data']);
    for (const { client, id } of ownOnly) {
      const answer = await client.run<{ users: { nodes: { id: string }[]; totalCount: number }; _entities: unknown[] }>(
        `query ($all: [_Any!]!) { users(first: 100) { nodes { id } totalCount } _entities(representations: $all) { ... on User { id } } }`,
        { all: [id, real.userId].map((one) => ({ __typename: 'User', id: one })) },
      );
      expect(answer.errors).toEqual([]);
      expect(answer.data).toEqual({ users: { nodes: [{ id }], totalCount: 1 }, _entities: [{ id }, null] });
    }
  });

  const documentOf = ({ typeName, field }: MatrixRow, { name }: MatrixCaller): string => {
    if (typeName === 'Health') return `{ health { ${selectionOf(field)} } }`;
    if (typeName === 'Stats') return `{ stats { ${selectionOf(field)} } }`;
    if (typeName === 'Session') return `{ sessions(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'Organization') return `{ organizations(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'OrganizationLevel')
      return `{ organizations(first: 1) { nodes { level { ${selectionOf(field)} } } } }`;
    if (typeName === 'ResourceDefinition') {
      return `{ permissionCatalog { resourceDefinition { ${selectionOf(field)} } } }`;
    }
    if (typeName === 'ApprovalRequest') return `{ approvals(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'AccessChange') {
      return `{ approvals(first: 1) { nodes { preview { changes { ${selectionOf(field)} } } } } }`;
    }
    if (typeName === 'ApiKey') return `{ apiKeys(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'Device') return `{ devices(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'MailDelivery') return `{ mailDeliveries(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'Webhook') return `{ webhooks(first: 1) { nodes { ${selectionOf(field)} } } }`;
    if (typeName === 'Invitation') {
      return `query ($invitedId: ID!) { user(id: $invitedId) { invitation { ${selectionOf(field)} } } }`;
    }
    if (typeName === 'AuditReference') {
      return `{ auditEvents(first: 1, filter: { actionIn: ["session.started"] }) { nodes { actor { ${selectionOf(field)} } } } }`;
    }
    if (typeName === 'User') return `query ($id: ID!) { user(id: $id) { ${selectionOf(field)} } }`;
    // One's own groups can be reached without any permission; whoever has none goes by the root field.
    const hasGroups = (groupsOf[name] ?? []).length > 0;
    const selected = ofGroup(typeName, selectionOf(field));
    return hasGroups
      ? `{ viewer { user { groups { ${selected} } } } }`
      : `query ($groupId: ID!) { group(id: $groupId) { ${selected} } }`;
  };

  /** The way from a group to a field of a type that belongs to groups. */
  const ofGroup = (typeName: string, selection: string): string => {
    if (typeName === 'GroupMemberEdge') return `members { edges { ${selection} } }`;
    return typeName === 'ResourceScope' ? 'allowedOrganizations { organizations { id } }' : selection;
  };

  /** Why somebody does not even come to the parent; null where they do. */
  const codeOfWay = ({ typeName }: MatrixRow, { name }: MatrixCaller): string | null => {
    const ways: Readonly<Record<string, string>> = {
      MailDelivery: 'Query.mailDeliveries',
      Webhook: 'Query.webhooks',
      Stats: 'Query.stats',
      Organization: 'Query.organizations',
      OrganizationLevel: 'Query.organizations',
      GroupMemberEdge: 'Group.members',
      ResourceDefinition: 'Query.permissionCatalog',
    };
    const way = permissionMatrix.find(({ coordinate }) => coordinate === ways[typeName]);
    return way === undefined ? null : codeOf(way.expected[name]);
  };

  const codesOf = (answer: AnyAnswer): readonly (string | null)[] => {
    const codes = new Set(answer.errors.map(({ extensions }) => extensions.code));
    return codes.size === 0 ? [null] : [...codes];
  };

  test.each(guardedFields)('$coordinate is as the matrix says', async (row) => {
    for (const caller of callers) {
      const cell = row.expected[caller.name];
      const ask = (id: string): Promise<AnyAnswer> =>
        caller.client.run(documentOf(row, caller), { id, groupId: real.groupId, invitedId: real.invitedId });
      const own = await ask(caller.id);
      expect([caller.name, 'own', ...codesOf(own)]).toEqual([
        caller.name,
        'own',
        codeOfWay(row, caller) ?? (cell === 'self' ? null : codeOf(cell)),
      ]);
      if (row.typeName !== 'User') continue;
      const wanted = cell === 'self' ? 'FORBIDDEN' : codeOf(cell);
      expect([caller.name, 'other', ...codesOf(await ask(real.userId))]).toEqual([caller.name, 'other', wanted]);
    }
  });

  test('every refused input would have changed the database, had nobody refused it', async () => {
    const first = callers.find(({ name }) => name === 'first');
    const changes = operations.filter(
      ({ typeName, expected }) => typeName === 'Mutation' && expected.member === 'FORBID',
    );
    expect(changes).toHaveLength(48);
    for (const row of changes) {
      const before = await databaseState(app());
      const answer = first === undefined ? null : await send(row, first, real);
      expect([row.coordinate, answer?.data]).toEqual([row.coordinate, { [row.field]: { errors: [] } }]);
      const after = await databaseState(app());
      const changed = Object.keys(after).some((table) => after[table] !== before[table]);
      expect([row.coordinate, changed]).toEqual([row.coordinate, true]);
    }
  });
});
