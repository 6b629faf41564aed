import { array, assert, asyncProperty, type Arbitrary, constantFrom, nat, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AddGroupMembersDocument,
  DeleteGroupDocument,
  DeleteUsersDocument,
  DisableUsersDocument,
  EnableUsersDocument,
  LockUsersDocument,
  RemoveGroupMembersDocument,
  SetGroupPermissionsDocument,
  UnlockUsersDocument,
  UpdateUserDocument,
} from '../../../generated/client/graphql.ts';
import type { GroupId, UserId } from '../../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

/** What somebody tries: by number, who, what, and to whom. */
interface Step {
  readonly actor: number;
  readonly target: number;
  readonly change: keyof typeof changes;
}

interface World {
  readonly app: TestApp;
  readonly actors: readonly Actor[];
  readonly people: readonly UserId[];
  /** A group beside Administrators that gives `admin:*`, too. */
  readonly rulers: GroupId;
  /** A group that gives nothing, and is somebody's only one. */
  readonly plain: GroupId;
}

const reason = 'because the walk says so';
const admin = [{ action: 'admin', resource: '*' }];

/** Every way by which an administrator could go, or somebody could lose their last group. */
const changes = {
  leaveAdministrators: (by: Actor, id: UserId) =>
    by.send(RemoveGroupMembersDocument, { input: { groupId: ADMINISTRATORS_GROUP_ID, userIds: [id] } }),
  joinAdministrators: (by: Actor, id: UserId) =>
    by.send(AddGroupMembersDocument, { input: { groupId: ADMINISTRATORS_GROUP_ID, userIds: [id] } }),
  leaveRulers: (by: Actor, id: UserId, { rulers }: World) =>
    by.send(RemoveGroupMembersDocument, { input: { groupId: rulers, userIds: [id] } }),
  joinRulers: (by: Actor, id: UserId, { rulers }: World) =>
    by.send(AddGroupMembersDocument, { input: { groupId: rulers, userIds: [id] } }),
  disarmRulers: (by: Actor, _id: UserId, { rulers }: World) =>
    by.send(SetGroupPermissionsDocument, { input: { id: rulers, permissions: [] } }),
  armRulers: (by: Actor, _id: UserId, { rulers }: World) =>
    by.send(SetGroupPermissionsDocument, { input: { id: rulers, permissions: admin } }),
  onlyMembers: (by: Actor, id: UserId) => by.send(UpdateUserDocument, { input: { id, groupIds: [MEMBERS_GROUP_ID] } }),
  onlyPlain: (by: Actor, id: UserId, { plain }: World) =>
    by.send(UpdateUserDocument, { input: { id, groupIds: [plain] } }),
  leavePlain: (by: Actor, id: UserId, { plain }: World) =>
    by.send(RemoveGroupMembersDocument, { input: { groupId: plain, userIds: [id] } }),
  deletePlain: (by: Actor, _id: UserId, { plain }: World) => by.send(DeleteGroupDocument, { input: { id: plain } }),
  disable: (by: Actor, id: UserId) => by.send(DisableUsersDocument, { input: { ids: [id], reason } }),
  enable: (by: Actor, id: UserId) => by.send(EnableUsersDocument, { input: { ids: [id], reason } }),
  lock: (by: Actor, id: UserId) => by.send(LockUsersDocument, { input: { ids: [id], reason } }),
  unlock: (by: Actor, id: UserId) => by.send(UnlockUsersDocument, { input: { ids: [id], reason } }),
  delete: (by: Actor, id: UserId) => by.send(DeleteUsersDocument, { input: { ids: [id], reason } }),
};

const ACTORS = 4;
const BYSTANDERS = 3;

/** A database of its own: four administrators who may do everything, and three people who may do nothing. */
const makeWorld = async (): Promise<World> => {
  const app = await startTestApp();
  await app.database.query('update permission_epoch set first_administrator_at = now()');
  const make = async (groupIds: readonly GroupId[]): Promise<{ id: UserId; email: string }> => {
    const email = `${unique('walker')}@walk.example`;
    return { id: await makePerson(app, { email, groupIds }), email };
  };
  const plain = await makeGroup(app, unique('Plain'), []);
  const rulers = await makeGroup(app, unique('Rulers'), ['admin:*']);
  const rule = [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID];
  const administrators = await Promise.all(Array.from({ length: ACTORS }, () => make(rule)));
  const bystanders = await Promise.all(
    Array.from({ length: BYSTANDERS }, (_, index) => make([index === 0 ? plain : MEMBERS_GROUP_ID])),
  );
  const actors = await Promise.all(administrators.map(async ({ email }) => raiseToAal2(app, await signIn(app, email))));
  return { app, actors, rulers, plain, people: [...administrators, ...bystanders].map(({ id }) => id) };
};

/** What must hold after every change, whoever made it and whatever came at the same time. */
const broken = async ({ app }: World): Promise<readonly string[]> => {
  const [row] = await app.database.query<{ administrators: number; homeless: number }>(
    `select (select count(distinct u.id)::int from users u join memberships m on m.user_id = u.id
         join group_grants p on p.group_id = m.group_id join groups g on g.id = m.group_id
       where p.action = 'admin' and p.resource = '*' and p.constraints = '[]' and m.organization_id is null
         and g.scope_mode = 'ALL' and u.status = 'ACTIVE' and (u.locked_until is null or u.locked_until <= $1)) as administrators,
       (select count(*)::int from users u where not exists (select from memberships m where m.user_id = u.id)) as homeless`,
    [app.clock.now().toISOString()],
  );
  return [
    ...(row?.administrators === 0 ? ['no active administrator is left'] : []),
    ...(row?.homeless === 0 ? [] : [`${row?.homeless} people are in no group`]),
  ];
};

const steps: Arbitrary<readonly (readonly Step[])[]> = array(
  array(
    record({
      actor: nat(ACTORS - 1),
      target: nat(ACTORS + BYSTANDERS - 1),
      change: constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  { minLength: 6, maxLength: 14 },
);

describe('whatever is changed, in whatever order, several at once', () => {
  test('an active administrator is left, everybody is in some group, and nothing fails but by a coded answer', async () => {
    await assert(
      asyncProperty(steps, async (batches) => {
        const world = await makeWorld();
        try {
          for (const batch of batches) {
            const answers = await Promise.all(
              batch.map(({ actor, target, change }) =>
                changes[change](world.actors[actor] as Actor, world.people[target] as UserId, world),
              ),
            );
            const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions?.['code']));
            expect(
              codes.filter((code) => !['FORBIDDEN', 'UNAUTHENTICATED', 'STEP_UP_REQUIRED'].includes(code ?? '')),
            ).toEqual([]);
            expect({ batch, broken: await broken(world) }).toEqual({ batch, broken: [] });
          }
        } finally {
          await world.app.close();
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 180_000);
});

describe('nobody raises their own rights', () => {
  test('by any of these changes, unless they may already do it all', async () => {
    const world = await makeWorld();
    const helper = await makeGroup(world.app, unique('Helpers'), [
      'assign:groups',
      'update:users',
      'grant:groups',
      'update:groups',
      'create:groups',
      'view:users',
      'view:groups',
    ]);
    const email = `${unique('climber')}@walk.example`;
    const id = await makePerson(world.app, { email, groupIds: [MEMBERS_GROUP_ID, helper] });
    const climber = await raiseToAal2(world.app, await signIn(world.app, email));
    const held = async () => {
      const { answer } = await climber
        .run('{ viewer { permissions { permission { action resource } } } }')
        .then((ran) => ({ answer: ran }));
      return JSON.stringify(answer.data);
    };
    const before = await held();
    for (const change of Object.values(changes)) await change(climber, id, world);
    await climber.send(SetGroupPermissionsDocument, { input: { id: helper, permissions: admin } });
    const after = await climber.run('{ viewer { permissions { permission { action resource } } } }');
    const granted = JSON.stringify(after.data);
    expect(granted).not.toContain('admin');
    expect(granted.length).toBeLessThanOrEqual(before.length);
    await world.app.close();
  });
});
