import DataLoader from 'dataloader';
import type { GroupView } from '../entities/group.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { SignedInCaller } from '../services/caller.ts';
import type { Connection } from '../services/connection.ts';
import type { GroupReader, MemberRequest } from '../services/group-reader.ts';
import type { UserReader } from '../services/user-reader.ts';

/** Batches what the fields of one request ask for. Everything is read through what the caller may see. */
export interface Loaders {
  /** null for users that do not exist or are hidden. */
  readonly user: DataLoader<UserId, UserView | null>;
  /** null for groups that do not exist or are hidden. */
  readonly group: DataLoader<GroupId, GroupView | null>;
  readonly groupsOfUser: DataLoader<UserId, readonly GroupView[]>;
  readonly memberCount: DataLoader<GroupId, number>;
  /** The members of a group; one loader per set of arguments, so that a page of groups costs one statement. */
  readonly members: (request: MemberRequest) => DataLoader<GroupId, Connection<UserView>>;
}

interface Readers {
  readonly users: UserReader;
  readonly groups: GroupReader;
}

/** The loaders of one request; they must not outlive it, or one caller would get what another may see. */
export const createLoaders = (
  { users, groups }: Readers,
  caller: SignedInCaller,
  ownGroups: readonly GroupId[],
): Loaders => {
  const memberLoaders = new Map<string, DataLoader<GroupId, Connection<UserView>>>();
  return {
    user: new DataLoader((ids) => users.byIds(caller, ids)),
    group: new DataLoader((ids) => groups.byIds(caller, ownGroups, ids)),
    groupsOfUser: new DataLoader<UserId, readonly GroupView[]>((ids) => groups.ofUsers(ids)).prime(
      caller.principal.userId,
      groups.definitions(ownGroups), // authentication has read them already
    ),
    memberCount: new DataLoader((ids) => groups.memberCounts(caller, ids)),
    members: (request) => {
      const key = JSON.stringify([request.first, request.after, request.last, request.before, request.search]);
      const known = memberLoaders.get(key);
      if (known !== undefined) return known;
      const made = new DataLoader<GroupId, Connection<UserView>>((ids) => groups.members(caller, ids, request));
      memberLoaders.set(key, made);
      return made;
    },
  };
};
