import { newId, type GroupId, type UserId } from '../../src/ids.ts';
import * as seeded from '../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../support/cast.ts';
import type { TestApp } from '../support/test-app.ts';
import type { TestClient } from '../support/test-client.ts';
import type { Facts } from './permission-matrix.inputs.ts';
import { type CallerName, callerNames } from './permission-matrix.table.ts';

/** The groups of each kind of caller; null: not signed in. */
export const groupsOf: Readonly<Record<CallerName, readonly GroupId[] | null>> = {
  anon: null,
  none: [],
  member: [seeded.MEMBERS_GROUP_ID],
  support: [seeded.SUPPORT_GROUP_ID],
  reader: [seeded.READ_ONLY_GROUP_ID],
  audit: [seeded.AUDITORS_GROUP_ID],
  impers: [seeded.IMPERSONATORS_GROUP_ID],
  keys: [seeded.KEY_MASTERS_GROUP_ID],
  data: [seeded.DATA_OFFICERS_GROUP_ID],
  admin: [seeded.ADMINISTRATORS_GROUP_ID],
  first: [seeded.ADMINISTRATORS_GROUP_ID, seeded.KEY_MASTERS_GROUP_ID],
  stale: [seeded.ADMINISTRATORS_GROUP_ID, seeded.KEY_MASTERS_GROUP_ID],
};

/** How long ago the stale session confirmed its identity: beyond the ten minutes, within the life of its access token. */
export const STALE_SECONDS = 11 * 60;

const emailOf = (name: CallerName): string => `${name}@matrix.example`;

export interface MatrixCaller {
  readonly name: CallerName;
  readonly client: TestClient;
  /** Their own id; of somebody who is not signed in, an id that nobody has. */
  readonly id: string;
  /** The caller in another session, for what ends a session. */
  anew(): Promise<TestClient>;
}

const nobody = (app: TestApp): MatrixCaller => ({
  name: 'anon',
  client: app.anonymous(),
  id: newId<UserId>(),
  anew: async () => app.anonymous(),
});

const callerOf = async (app: TestApp, name: CallerName): Promise<MatrixCaller> => {
  if (groupsOf[name] === null) return nobody(app);
  const actor: Actor = await signIn(app, emailOf(name));
  return { name, client: actor, id: actor.id, anew: () => signIn(app, emailOf(name)) };
};

/** One caller of each kind, the stale one signed in eleven minutes before the others. */
export const makeCallers = async (app: TestApp): Promise<readonly MatrixCaller[]> => {
  for (const name of callerNames) {
    const groupIds = groupsOf[name];
    if (groupIds !== null) await makePerson(app, { email: emailOf(name), displayName: name, groupIds });
  }
  await app.database.query('update permission_epoch set first_administrator_at = now()');
  const stale = await callerOf(app, 'stale');
  app.clock.advance(STALE_SECONDS);
  const others = callerNames.filter((name) => name !== 'stale');
  return [...(await Promise.all(others.map((name) => callerOf(app, name)))), stale];
};

/** Rows that every mutation of the matrix could change. */
export const makeTargets = async (app: TestApp, first: TestClient): Promise<Facts> => {
  const groupId = await makeGroup(app, 'Matrix target', ['view:groups']);
  const formerGroupId = await makeGroup(app, 'Matrix former', ['view:groups']);
  const userId = await makePerson(app, {
    email: 'target@matrix.example',
    groupIds: [seeded.MEMBERS_GROUP_ID, formerGroupId],
  });
  const { data } = await first.run<{ createUser: { user: { id: string } } }>(
    'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }',
    { input: { email: 'invited@matrix.example', displayName: 'I', groupIds: [seeded.MEMBERS_GROUP_ID] } },
  );
  return {
    userId,
    invitedId: data.createUser.user.id,
    groupId,
    formerGroupId,
    email: 'new@matrix.example',
    groupName: 'Matrix new',
    password: 'wrong horse battery staple',
    setupToken: 'unknown',
    overlapSeconds: 3600,
  };
};

/** Facts under which a mutation that passes its rule fails in its payload, so that later rows find the same database. */
export const harmless = (real: Facts): Facts => ({
  ...real,
  userId: newId<UserId>(),
  invitedId: newId<UserId>(),
  groupId: newId<GroupId>(),
  formerGroupId: newId<GroupId>(),
  email: 'target@matrix.example',
  groupName: 'Support',
  overlapSeconds: 1,
});
