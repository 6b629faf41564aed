import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { sql } from '../database/sql.ts';
import {
  type ListedApiKey,
  listedApiKeyColumns,
  listedApiKeyOf,
  type ListedApiKeyRow,
} from '../entities/api-key.queries.ts';
import { namedApiKeys, ownersWithin } from '../entities/api-key.visibility.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { Failure, Rejection } from '../errors.ts';
import type { EventOf } from '../events/event-types.ts';
import type { Happening } from '../events/recorder.ts';
import { type ApiKeyId, parseId } from '../ids.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import type { Rule } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import type { SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { targetNotFound } from './target-ids.ts';
import { targetColumns, type TargetRow } from './user-targets.ts';
import { lockWaysIn } from './ways-in.ts';

/** A key that is about to change, locked, with its owner. */
export interface ApiKeyTarget {
  readonly apiKey: ListedApiKey;
  readonly owner: UserView;
  /** What the owner holds now. */
  readonly owned: EffectiveGrants;
  readonly isOwn: boolean;
  readonly authority: Authority;
}

/** Which permission it takes for the keys of others, and what a session needs for one's own. */
export interface ApiKeyNeed {
  readonly permission: 'create:api-keys' | 'revoke:api-keys';
  readonly others: Rule;
  readonly own: Rule;
}

type Row = ListedApiKeyRow & TargetRow & { readonly epoch: string; readonly reached: boolean };

/** Finds and locks the key of a mutation, and says what the caller may do. */
export class ApiKeyTargets {
  readonly #guard: AccessGuard;
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;

  constructor(parts: { guard: AccessGuard; directory: GroupDirectory; clock: Clock }) {
    this.#guard = parts.guard;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
  }

  /**
   * The key, locked for the rest of the transaction. One that does not exist or that the caller may not see is TARGET_NOT_FOUND.
   * Throws FORBIDDEN for keys of others without the permission, or outside of its reach, and what `own` throws for one's own. A key may
   * do to itself what `own` says of sessions; other keys of its owner are others'.
   */
  async lock(em: EntityManager, caller: SignedInCaller, text: string, need: ApiKeyNeed): Promise<ApiKeyTarget> {
    const id = parseId<ApiKeyId>(text);
    if (id === null) throw new Rejection([targetNotFound('id', text)]);
    const authority = await this.#authorityOver(em, caller, id, need);
    const viewer = { principal: authority.principal, now: this.#clock.now() };
    const within = ownersWithin(viewer, need.permission, 2);
    const named = namedApiKeys(viewer, 2 + within.values.length);
    const [row] = await sql<Row>(
      em,
      `select ${listedApiKeyColumns}, ${targetColumns}, (select epoch::text from permission_epoch) as epoch,
         ${within.condition} as reached
       from api_keys k join users u on u.id = k.owner_id where k.id = $1 and ${named.condition} for update of k`,
      [id, ...within.values, ...named.values],
    );
    if (row === undefined) throw new Rejection([targetNotFound('id', id)]);
    const isOwn = isOwnKey(caller, row);
    if (!isOwn) authority.demand(need.others);
    else if (caller.principal.via === 'session') authority.demand(need.own);
    if (!isOwn && !row.reached) {
      throw new Failure('FORBIDDEN', `This needs ${need.permission} for its owner.`, { missing: [need.permission] });
    }
    await this.#directory.reachWithin(em, row.epoch);
    return {
      apiKey: listedApiKeyOf(row, viewer.now),
      owner: userViewOf(row, viewer.now),
      owned: this.#directory.grantsOf(row.assignments),
      isOwn,
      authority,
    };
  }

  /**
   * What the caller may do, as of now and under the lock of access changes where the key is somebody else's and not hidden. An own key is
   * changed or renewed in a session that goes on only: it outlives the session, as a new one does.
   */
  async #authorityOver(
    em: EntityManager,
    caller: SignedInCaller,
    id: ApiKeyId,
    { others, permission }: ApiKeyNeed,
  ): Promise<Authority> {
    const named = namedApiKeys({ principal: caller.principal, now: this.#clock.now() }, 2);
    const [row] = await sql<ListedApiKeyRow>(
      em,
      `select ${listedApiKeyColumns} from api_keys k join users u on u.id = k.owner_id
       where k.id = $1 and ${named.condition}`,
      [id, ...named.values],
    );
    if (row !== undefined && !isOwnKey(caller, row)) return this.#guard.lock(em, caller, others);
    if (row !== undefined && permission === 'create:api-keys') await lockWaysIn(em, caller, this.#clock.now());
    return this.#guard.authorityOf(caller);
  }
}

const isOwnKey = ({ principal }: SignedInCaller, row: ListedApiKeyRow): boolean =>
  principal.via === 'apiKey' ? row.key_id === principal.apiKeyId : row.owner_id === principal.userId;

/** The key as it is now. */
export const readApiKey = async (em: EntityManager, id: ApiKeyId, now: Date): Promise<ListedApiKey | null> => {
  const [row] = await sql<ListedApiKeyRow>(
    em,
    `select ${listedApiKeyColumns} from api_keys k join users u on u.id = k.owner_id where k.id = $1`,
    [id],
  );
  return row === undefined ? null : listedApiKeyOf(row, now);
};

/** The key as it is now, for whoever may name it in a change. */
export const readNamedApiKey = async (
  em: EntityManager,
  viewer: Viewer,
  id: ApiKeyId,
): Promise<ListedApiKey | null> => {
  const named = namedApiKeys(viewer, 2);
  const [row] = await sql<ListedApiKeyRow>(
    em,
    `select ${listedApiKeyColumns} from api_keys k join users u on u.id = k.owner_id where k.id = $1 and ${named.condition}`,
    [id, ...named.values],
  );
  return row === undefined ? null : listedApiKeyOf(row, viewer.now);
};

/** What happened to a key, without its secret; the log says what the event tells. */
export const apiKeyHappening = (
  action: 'api-key.created' | 'api-key.updated' | 'api-key.rotated' | 'api-key.revoked' | 'api-key.deleted',
  name: string,
  event: EventOf<'ApiKeyCreated' | 'ApiKeyChanged' | 'ApiKeyRevoked'>,
): Happening => {
  const { apiKeyId, ...facts } = event.payload;
  return { action, target: { type: 'ApiKey', id: apiKeyId, label: name }, metadata: facts, event };
};

/** Which key an event is about. */
export const keyOfEvent = ({ id, ownerId }: Pick<ListedApiKey, 'id' | 'ownerId'>) => ({ apiKeyId: id, ownerId });
