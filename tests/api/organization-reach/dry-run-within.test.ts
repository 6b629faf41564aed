import { beforeAll, describe, expect, test } from 'vitest';
import type { GroupId, OrganizationId } from '../../../src/ids.ts';
import { type Actor, makeGroup, raiseToAal2 } from '../../support/cast.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Effective {
  readonly permission: { readonly action: string };
  readonly grantedBy: readonly { readonly name: string }[];
  readonly scope: { readonly mode: string; readonly organizations: readonly { readonly id: string }[] | null };
}

interface Change {
  readonly user: { readonly id: string } | null;
  readonly gained: readonly Effective[];
  readonly lost: readonly Effective[];
}

type Answer = Readonly<
  Record<
    string,
    {
      readonly preview: {
        readonly affectedCount?: number;
        readonly verdicts: readonly object[];
        readonly changes: readonly Change[];
      };
    }
  >
>;

const EFFECTIVE = 'permission { action } grantedBy { name } scope { mode organizations { id } }';
const PREVIEW = `preview { verdicts { code } changes { user { id } gained { ${EFFECTIVE} } lost { ${EFFECTIVE} } } }`;
const ADD = `mutation ($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { ${PREVIEW} } }`;
const MOVE = `mutation ($input: MoveOrganizationInput!) { moveOrganization(input: $input) { ${PREVIEW} } }`;

const DELETE = `mutation ($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) { preview { affectedCount verdicts { code } changes { user { id } } } } }`;

const words = ({ permission, grantedBy, scope }: Effective) => [
  permission.action,
  grantedBy.map(({ name }) => name),
  scope.organizations?.map(({ id }) => id) ?? scope.mode,
];

const told = ({ data }: { readonly data: Answer }) =>
  Object.values(data).flatMap(({ preview }) =>
    preview.changes.map(({ user, gained, lost }) => [user?.id, gained.map(words), lost.map(words)]),
  );

describe('dryRun by an administrator within one organization', () => {
  const app = useTestApp();
  const cast = useCast(app);
  let seen: OrganizationId;
  let hidden: OrganizationId;
  let administrator: Actor;
  let lookers: GroupId;
  const [lookersName, elsewhereName] = [unique('Lookers'), unique('Abroad')];
  let elsewhere: GroupId;

  beforeAll(async () => {
    seen = await makeOrganization(app());
    hidden = await makeOrganization(app());
    administrator = await holderWithin(app(), seen, ['admin:*']);
    lookers = await makeGroup(app(), lookersName, ['view:users'], 'LISTED');
    elsewhere = await makeGroup(app(), elsewhereName, ['view:users'], 'LISTED');
  });

  /** Lets the group hold for its members within the organization, too. */
  const reaching = async (groupId: GroupId, organizationId: OrganizationId): Promise<void> => {
    await app().database.query('insert into group_organizations (group_id, organization_id) values ($1, $2)', [
      groupId,
      organizationId,
    ]);
    await app().database.query(
      `with next as (update permission_epoch set epoch = epoch + 1 returning epoch)
       update groups set changed_epoch = next.epoch from next where id = $1`,
      [groupId],
    );
  };

  test('tells nothing of what people hold within organizations that are hidden', async () => {
    const { id } = await memberOf(app(), seen);
    await joinOrganization(app(), id, hidden, [elsewhere]);
    const input = { groupId: lookers, userIds: [id], organizationId: seen, dryRun: true };
    expect(told(await administrator.run<Answer>(ADD, { input }))).toEqual([
      [id, [['view', [lookersName], [seen]]], []],
    ]);
    expect(told(await cast().admin.run<Answer>(ADD, { input }))).toEqual([
      [id, [['view', [elsewhereName, lookersName], [seen, hidden].toSorted()]], [['view', [elsewhereName], [hidden]]]],
    ]);
  });

  test('tells what the caller holds in hidden organizations to the caller alone', async () => {
    const own = await holderWithin(app(), seen, ['admin:*']);
    await joinOrganization(app(), own.id, hidden, [elsewhere]);
    const input = { groupId: lookers, userIds: [own.id], organizationId: seen, dryRun: true };
    const [[, gained] = []] = told(await own.run<Answer>(ADD, { input })) as [string, unknown[]][];
    expect(gained).toEqual([['view', [elsewhereName, lookersName], [seen, hidden].toSorted()]]);
    expect(JSON.stringify(told(await administrator.run<Answer>(ADD, { input })))).not.toContain(elsewhereName);
  });

  test('does not tell what moves out of sight as lost', async () => {
    const [from, to] = [await makeOrganization(app(), { parentId: seen }), await makeOrganization(app())];
    const moved = await makeOrganization(app(), { parentId: from });
    const mover = await holderWithin(app(), seen, ['admin:*']);
    await joinOrganization(app(), mover.id, to, [await makeGroup(app(), unique('Makers'), ['create:organizations'])]);
    const { id } = await memberOf(app(), seen);
    await joinOrganization(app(), id, moved, [lookers]);
    const input = { id: moved, parentId: to, dryRun: true };
    const { data } = await mover.run<Answer>(MOVE, { input });
    expect(data['moveOrganization']?.preview).toEqual({ verdicts: [], changes: [] });
  });

  test('tells of people in a group that reaches a deleted organization, but nobody of those whom they do not see', async () => {
    const closing = await makeOrganization(app(), { parentId: seen });
    const [group, foreign] = [unique('Reaching'), unique('Foreign')];
    const groupId = await makeGroup(app(), group, ['view:users'], 'LISTED');
    const foreignId = await makeGroup(app(), foreign, ['view:users'], 'LISTED');
    for (const one of [closing, hidden]) await reaching(groupId, one);
    await reaching(foreignId, hidden);
    const stranger = await somebody(app(), [groupId, foreignId]);
    const { id } = await memberOf(app(), seen);
    await app().database.query(
      'insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())',
      [id, groupId],
    );
    const input = { id: closing, dryRun: true };
    const deleter = await holderWithin(app(), seen, ['delete:organizations', 'view:organizations', 'view:users']);
    const all = await holderOf(app(), ['delete:organizations', 'view:organizations', 'view:users']);
    const toldTo = async (actor: Actor) => {
      const { data } = await (await raiseToAal2(app(), actor)).run<Answer>(DELETE, { input });
      const { preview } = data['deleteOrganization'] ?? {};
      return [preview?.affectedCount, preview?.verdicts, preview?.changes.map(({ user }) => user?.id)];
    };
    expect(await toldTo(all)).toEqual([2, [], [stranger, id].toSorted()]);
    expect(await toldTo(deleter)).toEqual([1, [], [id]]);
  });
});
