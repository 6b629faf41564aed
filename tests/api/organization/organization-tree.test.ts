import { beforeAll, describe, expect, test } from 'vitest';
import { OrganizationTreeDocument } from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId } from '../../../src/ids.ts';
import type { Actor } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { useCast } from '../../support/holder.ts';
import { growTree } from '../../support/organization-tree.ts';
import { holderWithin, joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('organizationTree', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const made: Record<string, OrganizationId> = {};

  beforeAll(async () => {
    const make = async (name: string, parent?: string): Promise<void> => {
      made[name] = await makeOrganization(app(), {
        name,
        parentId: parent === undefined ? null : (made[parent] ?? null),
      });
    };
    for (const [name, parent] of [
      ['B'],
      ['A'],
      ['A2', 'A'],
      ['A1', 'A'],
      ['A1b', 'A1'],
      ['A1a', 'A1'],
      ['A1a1', 'A1a'],
      ['B1', 'B'],
    ]) {
      await make(name ?? '', parent);
    }
  });

  const read = async (actor: Actor, variables: { rootId?: string | undefined; depth?: number } = {}) => {
    const answer = await actor.send(OrganizationTreeDocument, { ...variables, rootId: variables.rootId ?? null });
    const tree = answer.data?.organizationTree;
    const nameOf = (id: string | null | undefined): string | null =>
      Object.entries(made).find(([, known]) => known === id)?.[0] ?? null;
    const lines = tree?.nodes.map(
      ({ organization, parentId, depth, childCount }) =>
        [organization.name, nameOf(parentId), depth, childCount] as const,
    );
    return { ...answer, lines, truncated: tree?.truncated };
  };

  test('comes depth first and by name, two levels deep unless asked otherwise', async () => {
    const answer = await read(cast().admin);
    expect([answer.code, answer.truncated]).toEqual(['OK', false]);
    expect(answer.lines).toEqual([
      ['A', null, 0, 2],
      ['A1', 'A', 1, 2],
      ['A1a', 'A1', 2, 1],
      ['A1b', 'A1', 2, 0],
      ['A2', 'A', 1, 0],
      ['B', null, 0, 1],
      ['B1', 'B', 1, 0],
    ]);
  });

  test('begins where it is asked to, as deep as it is asked to', async () => {
    expect((await read(cast().admin, { rootId: made['A1'], depth: 0 })).lines).toEqual([['A1', null, 0, 2]]);
    expect((await read(cast().admin, { rootId: made['A1'], depth: 8 })).lines).toEqual([
      ['A1', null, 0, 2],
      ['A1a', 'A1', 1, 1],
      ['A1a1', 'A1a', 2, 0],
      ['A1b', 'A1', 1, 0],
    ]);
    for (const depth of [-1, 9]) expect((await read(cast().admin, { depth })).code).toBe('BAD_USER_INPUT');
  });

  test('begins at the highest visible one, and tells hidden from missing roots in no way', async () => {
    const administrator = await holderWithin(app(), made['A1'] as OrganizationId, ['admin:*']);
    const seen = [
      ['A1', null, 0, 2],
      ['A1a', 'A1', 1, 1],
      ['A1b', 'A1', 1, 0],
    ];
    expect((await read(administrator, { depth: 1 })).lines).toEqual(seen);
    for (const rootId of [made['A'], made['B1'], newId(), 'x']) {
      expect((await read(administrator, { rootId })).code).toBe('NOT_FOUND');
    }
    // Membership shows one, not those below; what lies above both is hidden.
    await joinOrganization(app(), administrator.id, made['B'] as OrganizationId);
    expect((await read(administrator, { depth: 1 })).lines).toEqual([...seen, ['B', null, 0, 0]]);
    expect((await read(administrator, { rootId: made['B'] })).lines).toEqual([['B', null, 0, 0]]);
  });

  test('a hidden one between two visible ones is passed over', async () => {
    const viewer = await holderWithin(app(), made['A1a1'] as OrganizationId, ['view:organizations']);
    await joinOrganization(app(), viewer.id, made['A'] as OrganizationId);
    expect((await read(viewer, { depth: 8 })).lines).toEqual([
      ['A', null, 0, 0],
      ['A1a1', 'A', 3, 0],
    ]);
  });

  test('takes view:organizations', async () => {
    expect((await read(cast().member)).code).toBe('FORBIDDEN');
  });

  test('holds at most a thousand, those of the upper levels, with the parent of each', async () => {
    const rootId = await growTree(app().database, { name: 'Wide', organizations: 1301, fanOut: 50, levels: 4 });
    const { answer, statements } = await statementsOf(app(), () =>
      cast().admin.send(OrganizationTreeDocument, { rootId, depth: 8 }),
    );
    const tree = answer.data.organizationTree;
    expect([tree?.truncated, tree?.nodes.length]).toEqual([true, 1000]);
    expect(statements).toBe(2);
    const seen = new Set<string>();
    for (const { organization, parentId } of tree?.nodes ?? []) {
      expect(parentId === null ? organization.id : seen.has(parentId) ? parentId : null).toBe(parentId ?? rootId);
      seen.add(organization.id);
    }
    const exact = await cast().admin.send(OrganizationTreeDocument, { rootId, depth: 1 });
    expect([exact.data.organizationTree?.truncated, exact.data.organizationTree?.nodes.length]).toEqual([false, 51]);
  });
});
