/*
 * What must not compile. tsc reads this file with the rest of the tests: each line under a directive has to be an error, and
 * a directive without one is an error itself. Nothing here runs.
 */
import type { Mutation, Query } from '../../generated/schema-types.ts';
import type { UserErrorCode } from '../../src/errors.ts';
import type { GroupId, UserId } from '../../src/ids.ts';
import type { PermissionName } from '../../src/permissions/catalogue.ts';
import { anyone, can, type Rule } from '../../src/permissions/rules.ts';
import { tree } from '../../src/permissions/tree.ts';

type Operations<T> = Readonly<Record<Exclude<keyof T, '__typename'>, Rule>>;
type ClosedTree = { readonly Query: Operations<Query>; readonly Mutation: Operations<Mutation> };

const text: string = 'view:users';
export const known: readonly PermissionName[] = ['view:users', 'admin:*', 'grant-protected:groups'];

// @ts-expect-error -- any text is no permission
export const fromText: PermissionName = text;
// @ts-expect-error -- a verb that the resource does not have
export const wrongVerb: PermissionName = 'approve:users';
// @ts-expect-error -- a resource that there is not
export const wrongResource: PermissionName = 'view:user';
// @ts-expect-error -- `admin` is for everything only
export const adminOfOne: PermissionName = 'admin:users';
// @ts-expect-error -- a rule cannot ask for a permission that nobody can hold
export const impossible = can('view:everything');

const { viewer: _viewer, ...queriesWithoutOne } = tree.Query;
const { deleteUsers: _deleteUsers, ...mutationsWithoutOne } = tree.Mutation;

export const whole: ClosedTree = tree;
// @ts-expect-error -- an operation without a rule
export const missingQuery: ClosedTree = { ...tree, Query: queriesWithoutOne };
// @ts-expect-error -- an operation without a rule
export const missingMutation: ClosedTree = { ...tree, Mutation: mutationsWithoutOne };

export const unknownLine = {
  ...tree.Query,
  // @ts-expect-error -- a rule without an operation
  forgottenQuery: anyone,
} satisfies Operations<Query>;

export const functionAsRule = {
  ...tree.Query,
  // @ts-expect-error -- rules are data, so that they can be read aloud
  viewer: () => true,
} satisfies Operations<Query>;

declare const userId: UserId;
declare const groupId: GroupId;
// @ts-expect-error -- the id of one thing is no id of another
export const mixedUp: UserId = groupId;
// @ts-expect-error -- any text is no id
export const unparsed: UserId = text;
export const idsAreText: readonly string[] = [userId, groupId];

// @ts-expect-error -- a failure is no outcome of a form
export const failureInPayload: UserErrorCode = 'FORBIDDEN';
