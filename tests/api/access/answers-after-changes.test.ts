import { describe, expect, test } from 'vitest';
import { makeGroup } from '../../support/cast.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('the answer of a mutation', () => {
  const app = useTestApp();
  const cast = useCast(app);

  test('shows what it left behind, not what an earlier one of the same document did', async () => {
    const organizationId = await makeOrganization(app());
    const name = unique('Group');
    const groupId = await makeGroup(app(), name, ['view:users']);
    const { id } = await memberOf(app());
    const { data, errors } = await cast().admin.run(
      `mutation ($inOrganization: AddOrganizationMembersInput!, $outOf: RemoveOrganizationMembersInput!,
          $inGroup: AddGroupMembersInput!, $outOfGroup: RemoveGroupMembersInput!, $named: UpdateUserInput!) {
        joined: addOrganizationMembers(input: $inOrganization) { organization { ...Place } }
        left: removeOrganizationMembers(input: $outOf) { organization { ...Place } }
        added: addGroupMembers(input: $inGroup) { group { ...People } }
        named: updateUser(input: $named) { user { ...Person } }
        removed: removeGroupMembers(input: $outOfGroup) { group { ...People } }
        again: updateUser(input: $named) { user { ...Person } }
      }
      fragment Place on Organization { members(first: 5) { totalCount nodes { id } } }
      fragment Person on User { displayName groups { name } }
      fragment People on Group { memberCount members(first: 5) { totalCount nodes { displayName } } }`,
      {
        inOrganization: { organizationId, userIds: [id] },
        outOf: { organizationId, userIds: [id] },
        inGroup: { groupId, userIds: [id] },
        outOfGroup: { groupId, userIds: [id] },
        named: { id, displayName: 'Renamed' },
      },
    );
    expect(errors).toEqual([]);
    const people = (...names: readonly string[]) => ({
      group: {
        memberCount: names.length,
        members: { totalCount: names.length, nodes: names.map((displayName) => ({ displayName })) },
      },
    });
    expect(data).toEqual({
      joined: { organization: { members: { totalCount: 1, nodes: [{ id }] } } },
      left: { organization: { members: { totalCount: 0, nodes: [] } } },
      added: people('Somebody'),
      named: { user: { displayName: 'Renamed', groups: [{ name }, { name: 'Members' }] } },
      removed: people(),
      again: { user: { displayName: 'Renamed', groups: [{ name: 'Members' }] } },
    });
  });

  test('shows the groups that callers have by it themselves', async () => {
    const name = unique('Own');
    const groupId = await makeGroup(app(), name, []);
    const caller = await holderOf(app(), ['view:users', 'view:groups', 'update:users', 'assign:groups']);
    const { data, errors } = await caller.run<{ addGroupMembers: { group: { members: { nodes: object[] } } } }>(
      `mutation ($input: AddGroupMembersInput!) { addGroupMembers(input: $input) {
        group { members(first: 1) { nodes { id groups { id } permissions { grantedBy { id } } } } }
      } }`,
      { input: { groupId, userIds: [caller.id] } },
    );
    expect(errors).toEqual([]);
    expect(data.addGroupMembers.group.members.nodes).toMatchObject([
      { id: caller.id, groups: expect.arrayContaining([{ id: groupId }, { id: caller.groupId }]) as object[] },
    ]);
  });
});
