import 'reflect-metadata';
import DataLoader from 'dataloader';
import { execute, type GraphQLSchema, parse } from 'graphql';
import { systemClock } from '../src/clock.ts';
import type { Context } from '../src/context.ts';
import type { GroupView } from '../src/entities/group.queries.ts';
import type { UserView } from '../src/entities/user.queries.ts';
import { type GroupId, newId, type SessionId, type UserId } from '../src/ids.ts';
import { permissionDefinitions } from '../src/permissions/catalogue.ts';
import { grantOf } from '../src/permissions/grants.ts';
import { EffectiveGrants } from '../src/permissions/effective-grants.ts';
import type { Principal } from '../src/principal.ts';
import { UserResolver } from '../src/resolvers/user.resolver.ts';
import { buildUnguardedSchema, guardSchema } from '../src/schema.ts';
import type { Caller } from '../src/services/caller.ts';
import type { PermissionReader } from '../src/services/permission-reader.ts';
import type { UserReader } from '../src/services/user-reader.ts';
import { median } from './machine.ts';

/** What the permission tree adds to a list, `execute()` alone: no HTTP, no SQL, which would hide it. */
export interface TreeFigures {
  /** Milliseconds an execution. */
  readonly guarded: number;
  readonly unguarded: number;
  /** Median of the rounds' differences, as a share of the unguarded time. */
  readonly overhead: number;
}

const ROUNDS = 30;
const PER_ROUND = 12;
const WARM_UP = 150;

const document = parse(`{
  users(first: 100) { nodes { id email displayName status groups { id name permissions { action resource } } } }
}`);

const now = systemClock.now();

const makeGroups = (): readonly GroupView[] =>
  Array.from({ length: 20 }, (_, index) => ({
    id: newId<GroupId>(),
    version: 1,
    name: `Bench ${index}`,
    description: '',
    systemManaged: false,
    scopeMode: 'ALL',
    listed: [],
    changedEpoch: 1n,
    externalId: null,
    source: null,
    createdById: null,
    createdAt: now,
    updatedAt: now,
    permissions: permissionDefinitions
      .slice(index, index + 5)
      .map(({ action, resource }) => ({ action, resource, constraints: [] })),
  }));

const makeUser = (index: number): UserView => ({
  id: newId<UserId>(),
  version: 1,
  kind: 'PERSON',
  displayName: `User ${index}`,
  locale: 'en',
  email: `user${index}@bench.example`,
  emailVerifiedAt: now,
  phone: null,
  phoneVerifiedAt: null,
  username: null,
  status: 'ACTIVE',
  statusReason: null,
  lockedUntil: null,
  failedSignInCount: 0,
  passwordChangeRequired: false,
  mfaEnabledAt: null,
  attributes: {},
  lastSignInAt: null,
  externalId: null,
  source: null,
  createdAt: now,
  updatedAt: now,
});

const principal: Principal = {
  kind: 'person',
  via: 'session',
  userId: newId<UserId>(),
  sessionId: newId<SessionId>(),
  apiKeyId: null,
  actorId: null,
  impersonationId: null,
  impersonationMode: null,
  organizationId: null,
  assuranceLevel: 'AAL1',
  authenticatedAt: now,
  secondFactorDueAt: null,
  grants: EffectiveGrants.of([grantOf('admin:*')]),
  permissionVersion: '1',
  ipAddress: '127.0.0.1',
};

const users = Array.from({ length: 100 }, (_, index) => makeUser(index));
const groups = makeGroups();
const groupsOf = new Map(
  users.map((user, index) => [user.id, [0, 3, 6, 9, 12].map((step) => groups[(index + step) % groups.length])]),
);

/** The resolvers over rows in memory. */
const container = {
  get: (type: unknown): unknown => {
    if (type !== UserResolver) return {};
    const reader = { page: async () => ({ nodes: users }) } as unknown as UserReader;
    return new UserResolver({ users: reader, permissions: {} as PermissionReader });
  },
};

const makeContext = (): Context =>
  ({
    principal,
    caller: { principal, account: users[0], session: null } as unknown as Caller,
    loaders: { groupsOfUser: new DataLoader(async (ids: readonly UserId[]) => ids.map((id) => groupsOf.get(id))) },
  }) as unknown as Context;

const run = async (schema: GraphQLSchema, times: number): Promise<number> => {
  const from = performance.now();
  for (let time = 0; time < times; time += 1) {
    const { errors, data } = await execute({ schema, document, contextValue: makeContext() });
    if (errors !== undefined || data === null) throw new Error(`The list failed: ${errors?.[0]?.message ?? 'no data'}`);
  }
  return (performance.now() - from) / times;
};

/** Pairs of rounds, the order within a pair changing, so that what the machine does besides hits both alike. */
export const measureTree = async (): Promise<TreeFigures> => {
  const settings = { securityDirectives: false };
  const guarded = guardSchema(await buildUnguardedSchema(container, settings), {
    clock: systemClock,
    stepUpSeconds: 600,
  });
  const unguarded = await buildUnguardedSchema(container, settings);
  await run(guarded, WARM_UP);
  await run(unguarded, WARM_UP);
  const pairs: { guarded: number; unguarded: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 0) {
      const first = await run(guarded, PER_ROUND);
      pairs.push({ guarded: first, unguarded: await run(unguarded, PER_ROUND) });
    } else {
      const first = await run(unguarded, PER_ROUND);
      pairs.push({ guarded: await run(guarded, PER_ROUND), unguarded: first });
    }
  }
  return {
    guarded: median(pairs.map((pair) => pair.guarded)),
    unguarded: median(pairs.map((pair) => pair.unguarded)),
    overhead: median(pairs.map((pair) => (pair.guarded - pair.unguarded) / pair.unguarded)),
  };
};
