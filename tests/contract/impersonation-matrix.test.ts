import { beforeAll, describe, expect, test } from 'vitest';
import { judge, judgeImpersonating } from '../../src/permissions/judge.ts';
import { impersonatedGrants } from '../../src/permissions/impersonated.ts';
import { EffectiveGrants } from '../../src/permissions/effective-grants.ts';
import { isPublic, type Rule } from '../../src/permissions/rules.ts';
import * as seeded from '../../src/permissions/seeded-groups.ts';
import type { RuleTree } from '../../src/permissions/shield.ts';
import { openWhileReadOnly } from '../../src/permissions/field-lists.ts';
import { tree } from '../../src/permissions/tree.ts';
import type { ImpersonationId, SessionId, UserId } from '../../src/ids.ts';
import type { Principal } from '../../src/principal.ts';
import { databaseState } from '../support/database-state.ts';
import { type Impersonating, impersonate, makeImpersonator, makeTarget } from '../support/impersonation.ts';
import { useTestApp } from '../support/test-app.ts';
import { impersonationMatrix, type ImpersonatorName, impersonatorNames } from './impersonation-matrix.table.ts';
import { type Facts, mutationDocument, mutationInputs, queryDocuments } from './permission-matrix.inputs.ts';
import { harmless, makeTargets } from './permission-matrix.people.ts';
import { codeOf } from './permission-matrix.table.ts';

const rules: RuleTree = tree;
const GROUPS = { member: [seeded.MEMBERS_GROUP_ID], admin: [seeded.ADMINISTRATORS_GROUP_ID] } as const;

/** Which group is acted as, and how far. */
const facts = (name: ImpersonatorName) =>
  ({
    target: name.startsWith('admin') ? 'admin' : 'member',
    mode: name.endsWith('acting') ? 'ACT' : 'READ_ONLY',
  }) as const;

const OWN = '01890000-0000-7000-8000-00000000000a' as UserId;
const OTHER = '01890000-0000-7000-8000-00000000000b' as UserId;
const NOW = new Date('2026-01-26T10:00:00Z');

const principalOf = (name: ImpersonatorName): Principal => {
  const { target, mode } = facts(name);
  const groups = seeded.seededGroups.filter(({ id }) => GROUPS[target].some((one) => one === id));
  const held = EffectiveGrants.of(groups.flatMap(({ grants }) => grants));
  return {
    userId: OWN,
    kind: 'person',
    via: 'session',
    sessionId: '01890000-0000-7000-8000-0000000000f1' as SessionId,
    apiKeyId: null,
    actorId: '01890000-0000-7000-8000-00000000000c' as UserId,
    impersonationId: '01890000-0000-7000-8000-00000000000d' as ImpersonationId,
    impersonationMode: mode,
    organizationId: null,
    assuranceLevel: 'AAL2',
    authenticatedAt: NOW,
    secondFactorDueAt: null,
    grants: impersonatedGrants(held, held, mode),
    permissionVersion: '1',
    ipAddress: '127.0.0.1',
  };
};

const codeOfTree = (coordinate: string, name: ImpersonatorName, about: UserId): string | null => {
  const [typeName = '', field = ''] = coordinate.split('.');
  const rule: Rule | undefined = rules[typeName]?.[field];
  if (rule === undefined) throw new Error(`${coordinate} has no rule.`);
  const principal = principalOf(name);
  const isOpen = typeName !== 'Mutation' || openWhileReadOnly.includes(coordinate);
  const barred = judgeImpersonating(principal, { isOpen, isPublic: isPublic(rule) });
  if (barred !== null) return barred.code;
  const args = { id: about, input: { userId: about } };
  const verdict = judge(rule, {
    principal,
    args,
    parent: { id: about, userId: about, requestedById: about, decidedById: about },
    now: NOW,
    enforceAal2: true,
  });
  return verdict.allowed ? null : verdict.code;
};

test('the table has a line for each line of the tree, and no other', () => {
  // Subscriptions are no requests: theirs is tests/api/subscription/permissions.test.ts.
  const lines = Object.entries(rules)
    .filter(([type]) => type !== 'Subscription')
    .flatMap(([type, fields]) => Object.keys(fields).map((field) => `${type}.${field}`));
  expect(impersonationMatrix.map(({ coordinate }) => coordinate).toSorted()).toEqual(lines.toSorted());
});

test('in mode READ_ONLY nothing is changed, whoever is acted as', () => {
  const open = impersonationMatrix.filter(
    ({ coordinate, expected }) =>
      coordinate.startsWith('Mutation.') &&
      (expected['member-reading'] !== 'FORBID' || expected['admin-reading'] !== 'FORBID'),
  );
  expect(open.map(({ coordinate }) => coordinate).toSorted()).toEqual([...openWhileReadOnly].toSorted());
});

test.each(impersonationMatrix)('the tree says the same of $coordinate', ({ coordinate, expected }) => {
  for (const name of impersonatorNames) {
    const cell = expected[name];
    const wanted = cell === 'self' ? [null, 'FORBIDDEN'] : [codeOf(cell), codeOf(cell)];
    const said = [codeOfTree(coordinate, name, OWN), codeOfTree(coordinate, name, OTHER)];
    expect([name, ...said]).toEqual([name, ...wanted]);
  }
});

describe('over HTTP', () => {
  const app = useTestApp();
  let real: Facts;
  const clients = new Map<ImpersonatorName, Impersonating>();
  const begin = async (name: ImpersonatorName): Promise<Impersonating> => {
    const { target, mode } = facts(name);
    const actor = await makeImpersonator(app(), ['admin:*', 'impersonate-admin:users']);
    const { id } = await makeTarget(app(), GROUPS[target]);
    return impersonate(app(), actor, id, { mode });
  };
  beforeAll(async () => {
    for (const name of impersonatorNames) clients.set(name, await begin(name));
    const { admin } = await app().cast();
    real = await makeTargets(app(), admin);
  });

  const send = async (coordinate: string, client: Impersonating, given: Facts) => {
    const [typeName = '', field = ''] = coordinate.split('.');
    if (typeName === 'Query') return client.run(queryDocuments[field as keyof typeof queryDocuments], { ...given });
    // Groups are made without grants: handing those out is for nobody in disguise.
    const input = field === 'createGroup' ? { permissions: [] } : {};
    return client.run(mutationDocument(field), {
      input: { ...mutationInputs[field as keyof typeof mutationInputs](given), ...input },
    });
  };

  const operations = impersonationMatrix.filter(({ coordinate }) => /^(?:Query|Mutation)\./.test(coordinate));

  test.each(operations)(
    '$coordinate is as the table says, and a refusal changes nothing',
    async ({ coordinate, expected }) => {
      const before = await databaseState(app());
      for (const name of impersonatorNames) {
        const client = clients.get(name);
        const code = expected[name] === 'self' ? 'FORBIDDEN' : codeOf(expected[name]);
        if (client === undefined || code === null) continue;
        const { errors } = await send(coordinate, client, real);
        expect([name, errors.map(({ extensions }) => extensions.code)]).toEqual([name, [code]]);
      }
      expect(await databaseState(app())).toEqual(before);
      for (const name of impersonatorNames) {
        if (codeOf(expected[name]) !== null || expected[name] === 'self') continue;
        const isWayOut = openWhileReadOnly.includes(coordinate);
        const client = isWayOut ? await begin(name) : clients.get(name);
        const given = coordinate.startsWith('Query.') ? real : harmless(real);
        const answer = client === undefined ? null : await send(coordinate, client, given);
        // A row of somebody else is as if it were not there.
        const refused = answer?.errors.filter(
          ({ extensions }) => !(expected[name] === 'rows' && extensions.code === 'NOT_FOUND'),
        );
        expect([coordinate, name, refused]).toEqual([coordinate, name, []]);
      }
    },
  );
});
