import DataLoader from 'dataloader';
import type { ImpersonationView } from '../entities/impersonation.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { ImpersonationId, UserId } from '../ids.ts';
import type { SignedInCaller } from '../services/caller.ts';
import type { ImpersonationReader } from '../services/impersonation-reader.ts';

export interface ImpersonationLoaders {
  /** null for impersonations that do not exist or are hidden. */
  readonly byId: DataLoader<ImpersonationId, ImpersonationView | null>;
  readonly eventCount: DataLoader<ImpersonationId, number>;
  /** Who acts as the caller, or did; only for those of whom that is known. */
  readonly actor: DataLoader<UserId, UserView | null>;
}

export const createImpersonationLoaders = (
  reader: ImpersonationReader,
  caller: SignedInCaller,
): ImpersonationLoaders => ({
  byId: new DataLoader((ids) => reader.byIds(caller, ids)),
  eventCount: new DataLoader((ids) => reader.eventCounts(ids)),
  actor: new DataLoader((ids) => reader.actors(caller, ids)),
});
