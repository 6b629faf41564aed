import { beforeAll, describe, expect, test } from 'vitest';
import { type OrganizationId, type SessionId, type UserId } from '../../src/ids.ts';
import { grantOf } from '../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../src/permissions/effective-grants.ts';
import { judge } from '../../src/permissions/judge.ts';
import type { Rule } from '../../src/permissions/rules.ts';
import type { RuleTree } from '../../src/permissions/shield.ts';
import { tree } from '../../src/permissions/tree.ts';
import type { Principal } from '../../src/principal.ts';
import { type Actor, raiseToAal2 } from '../support/cast.ts';
import { databaseState } from '../support/database-state.ts';
import { holderWithin, makeOrganization, memberOf } from '../support/organizations.ts';
import { useTestApp } from '../support/test-app.ts';
import { type Facts, mutationDocument, mutationInputs, queryDocuments } from './permission-matrix.inputs.ts';
import { harmless, makeTargets } from './permission-matrix.people.ts';
import { codeOf, type MatrixRow, permissionMatrix } from './permission-matrix.table.ts';

/*
 * The matrix for one caller more: an administrator of one organization, who holds `admin:*` there and below and nothing else. They pass
 * what Administrators pass, in fewer rows, but for these: what belongs to all organizations is held everywhere or not at all.
 * Written by hand, like the table.
 */
const REFUSED: ReadonlySet<string> = new Set([
  'Mutation.createGroup',
  'Mutation.updateGroup',
  'Mutation.setGroupPermissions',
  'Mutation.deleteGroup',
  'Health.checks',
  'Health.version',
  'Query.outboxStatus',
  'Stats.system',
  'Mutation.registerResources',
  'Mutation.registerDocuments',
  'Mutation.disableDocuments',
  'Mutation.createActionLinks',
  'Mutation.redeemActionLink',
  'User.auditEvents',
  'Query.webhook',
  'Query.webhooks',
  'Query.webhookDeliveries',
  'Query.trustedDocuments',
  'Mutation.createWebhook',
  'Mutation.updateWebhook',
  'Mutation.rotateWebhookSecret',
  'Mutation.testWebhook',
  'Mutation.replayWebhookDeliveries',
  'Mutation.deleteWebhook',
]);

const rules: RuleTree = tree;
const NOW = new Date('2026-01-26T10:00:00Z');
const OWN = '01890000-0000-7000-8000-00000000000a' as UserId;
const OTHER = '01890000-0000-7000-8000-00000000000b' as UserId;
const ORGANIZATION = '01890000-0000-7000-8000-00000000000c' as OrganizationId;

const administrator: Principal = {
  userId: OWN,
  kind: 'person',
  via: 'session',
  sessionId: '01890000-0000-7000-8000-0000000000f1' as SessionId,
  apiKeyId: null,
  actorId: null,
  impersonationId: null,
  impersonationMode: null,
  organizationId: null,
  assuranceLevel: 'AAL1',
  authenticatedAt: NOW,
  secondFactorDueAt: null,
  grants: EffectiveGrants.of([], undefined, [{ lineage: [ORGANIZATION], grants: [grantOf('admin:*')] }]),
  permissionVersion: '1',
  ipAddress: '127.0.0.1',
};

/** What the tree says about somebody else; null = passes. */
const codeByTree = ({ typeName, field }: MatrixRow): string | null => {
  const rule: Rule | undefined = rules[typeName]?.[field];
  if (rule === undefined) throw new Error(`${typeName}.${field} has no rule.`);
  const args = { id: OTHER, input: { userId: OTHER } };
  const parent = { id: OTHER, userId: OTHER, ownerId: OTHER };
  const verdict = judge(rule, { principal: administrator, args, parent, now: NOW, enforceAal2: true });
  return verdict.allowed ? null : verdict.code;
};

describe('the tree, for an administrator of one organization', () => {
  test('every exception is a line that Administrators pass', () => {
    const passed = permissionMatrix.filter(({ expected }) => codeOf(expected.admin) === null);
    const known = new Set(passed.map(({ coordinate }) => coordinate));
    expect([...REFUSED].filter((coordinate) => !known.has(coordinate))).toEqual([]);
  });

  test.each(permissionMatrix)('says of $coordinate what the matrix says of Administrators, or refuses', (row) => {
    expect(codeByTree(row)).toBe(REFUSED.has(row.coordinate) ? 'FORBIDDEN' : codeOf(row.expected.admin));
  });
});

interface Outcome {
  readonly errors: readonly { readonly code: string }[];
}

describe('over HTTP, an administrator of one organization', () => {
  const app = useTestApp();
  let caller: Actor;
  let real: Facts;

  beforeAll(async () => {
    const { admin } = await app().cast();
    real = await makeTargets(app(), admin);
    const own = await makeOrganization(app(), { name: 'Own' });
    await memberOf(app(), own);
    caller = await raiseToAal2(app(), await holderWithin(app(), own, ['admin:*']));
  });

  const changes = permissionMatrix.filter(
    ({ typeName, expected }) => typeName === 'Mutation' && expected.member === 'FORBID',
  );

  const outcomesOf = async ({ field }: MatrixRow, facts: Facts): Promise<readonly string[]> => {
    const input = mutationInputs[field as keyof typeof mutationInputs](facts);
    const answer = await caller.run<Readonly<Record<string, Outcome | null>> | null>(mutationDocument(field), {
      input,
    });
    const codes = (answer.data?.[field]?.errors ?? []).map(({ code }) => code);
    return [...answer.errors.map(({ extensions }) => extensions.code), ...codes];
  };

  test.each(changes)('changes nothing outside of it by $coordinate, and learns nothing by the answer', async (row) => {
    const before = await databaseState(app());
    const outcomes = await outcomesOf(row, real);
    expect(await databaseState(app())).toEqual(before);
    expect(outcomes).not.toEqual([]);
    const missing = {
      ...harmless(real),
      email: real.email,
      groupName: real.groupName,
      groupId: real.groupId,
      formerGroupId: real.formerGroupId,
    };
    expect(await outcomesOf(row, missing)).toEqual(outcomes);
  });

  test.each(Object.entries(queryDocuments))('reads nothing outside of it by %s', async (_name, document) => {
    const { userId, groupId, organizationId } = real;
    const { data } = await caller.run<unknown>(document, { userId, groupId, organizationId, apiKeyId: real.apiKeyId });
    const text = JSON.stringify(data ?? null);
    const foreign = [
      userId,
      organizationId,
      real.formerOrganizationId,
      real.sessionId,
      real.deviceId,
      real.mailId,
      real.apiKeyId,
    ];
    expect(foreign.filter((id) => text.includes(id))).toEqual([]);
  });

  test('sees as many users, organizations, sessions and keys as lie within', async () => {
    const { data, errors } = await caller.run<Record<string, { totalCount: number }>>(
      '{ users { totalCount } organizations { totalCount } sessions { totalCount } mailDeliveries { totalCount } }',
    );
    expect(errors).toEqual([]);
    expect(Object.values(data).map(({ totalCount }) => totalCount)).toEqual([2, 1, 1, 0]);
  });
});
