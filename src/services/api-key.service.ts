import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { type CreatedToken, createToken, visiblePart } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { ApiKey } from '../entities/api-key.entity.ts';
import type { ListedApiKey } from '../entities/api-key.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Failure, Rejection, reject, rejectAny } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type ApiKeyId, parseId, type UserId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { permissionKey } from '../permissions/grants.ts';
import { and, can, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { tellAccessChanged } from './access-notice.ts';
import { API_KEY_NAME, readExpiry, readNetworks, readRateLimit } from './api-key-input.ts';
import {
  demandStrength,
  type DocumentReader,
  excessOfCaller,
  excessOfOwner,
  type ReadScopes,
  readScopes,
  type ScopesInput,
} from './api-key-scopes.ts';
import { apiKeyHappening, keyOfEvent, readApiKey, readNamedApiKey } from './api-key-target.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import type { SchemaKnowledge } from './schema-knowledge.ts';
import { targetNotFound } from './target-ids.ts';
import { Reading } from './text.ts';
import { lockTargets, targetColumns, type TargetRow } from './user-targets.ts';
import { lockWaysIn } from './ways-in.ts';

/** Keys for oneself, and keys for service accounts. */
export const MAKE_OWN: Rule = and(can('create-own:api-keys'), viaSession, notImpersonating);
export const MAKE_FOR_SERVICES: Rule = and(can('create:api-keys'), viaSession, notImpersonating);

export interface NewApiKeyInput extends ScopesInput {
  readonly name: string;
  /** A service account; null = the caller. */
  readonly ownerId: string | null;
  /** null = the longest life that the settings allow. */
  readonly expiresAt: Date | null;
  readonly networks: readonly string[];
  /** null = the server's. */
  readonly rateLimitPerMinute: number | null;
  readonly idempotencyKey: string | null;
}

export interface CreatedApiKey {
  /** null when an earlier request made it and it was deleted since. */
  readonly apiKey: ListedApiKey | null;
  /** null for a repeated request: it is shown once. */
  readonly secret: Secret<string> | null;
  readonly replayed: boolean;
}

interface CheckedKey {
  readonly name: string;
  readonly scopes: ReadScopes;
  readonly expiresAt: Date;
  readonly networks: readonly string[];
  readonly rateLimitPerMinute: number | null;
}

interface Owner {
  readonly row: TargetRow;
  readonly owned: EffectiveGrants;
  readonly authority: Authority;
}

/** Makes API keys. */
export class ApiKeyService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #settings: Config['apiKeys'];
  readonly #readDocuments: DocumentReader;
  readonly #notice: { readonly messages: MessageOutbox; readonly clock: Clock };

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
    schemaKnowledge: SchemaKnowledge;
    messages: MessageOutbox;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#notice = parts;
    this.#settings = parts.config.apiKeys;
    this.#readDocuments = (documents) => parts.schemaKnowledge.facts.documentPermissions(documents);
  }

  /**
   * Makes a key for the caller, or for a service account in the reach of `create:api-keys`. It carries at most what its owner holds,
   * and one for somebody else at most what the caller holds. Errors: those of the fields, SCOPES_REQUIRED, UNKNOWN_PERMISSION,
   * INVALID_CONSTRAINT, TOO_MANY_PERMISSIONS, NOT_GRANTABLE_TO_API_KEY, EXCEEDS_OWN_PERMISSIONS, EXPIRY_IN_PAST, EXPIRY_TOO_FAR,
   * INVALID_NETWORK, TARGET_NOT_FOUND, OWNER_NOT_SERVICE_ACCOUNT, TOO_MANY_API_KEYS. Throws FORBIDDEN, and STEP_UP_REQUIRED for
   * protected permissions. A key for oneself is told to the proved address.
   */
  async create(caller: SignedInCaller, input: NewApiKeyInput): Promise<CreatedApiKey> {
    const { userId } = caller.principal;
    const ownerId = input.ownerId === null ? userId : parseId<UserId>(input.ownerId);
    const isOwn = ownerId === userId;
    this.#guard.authorityOf(caller).demand(isOwn ? MAKE_OWN : MAKE_FOR_SERVICES);
    if (ownerId === null) throw new Rejection([targetNotFound('ownerId', input.ownerId ?? '')]);
    const checked = this.#check(input, isOwn);
    const token = createToken('apiKey');
    const request = idempotentRequest(caller, input);
    return this.#database.transaction(async (em) => {
      const earlier = await this.#idempotency.claim<{ apiKeyId: ApiKeyId }>(em, request);
      if (earlier !== null) {
        const viewer = { principal: caller.principal, now: this.#clock.now() };
        return { apiKey: await readNamedApiKey(em, viewer, earlier.apiKeyId), secret: null, replayed: true };
      }
      const owner = isOwn ? await this.#oneself(em, caller) : await this.#service(em, caller, ownerId);
      this.#requireScopes(owner, checked.scopes, isOwn);
      await this.#requireRoom(em, ownerId);
      const apiKey = await this.#save(em, caller, { checked, token, ownerId });
      if (isOwn) await tellAccessChanged(em, this.#notice, caller, 'API_KEY_MADE');
      await this.#idempotency.keep(em, request, { apiKeyId: apiKey.id });
      return { apiKey, secret: token.token, replayed: false };
    });
  }

  #check(input: NewApiKeyInput, isOwn: boolean): CheckedKey {
    const reading = new Reading();
    const name = reading.text(input.name, API_KEY_NAME);
    const expiry = readExpiry(input.expiresAt, { clock: this.#clock, config: this.#settings });
    const networks = readNetworks(input.networks);
    const rateLimit = readRateLimit(input.rateLimitPerMinute, { isOwn, config: this.#settings });
    rejectAny([...reading.problems, ...expiry.problems, ...networks.problems, ...rateLimit.problems]);
    return {
      name,
      expiresAt: expiry.value,
      networks: networks.value,
      rateLimitPerMinute: rateLimit.value,
      scopes: readScopes(input, this.#directory.catalogue, this.#readDocuments),
    };
  }

  /**
   * Locks the caller's own row, so that keys made at once are counted one after another. Throws UNAUTHENTICATED when the session ended
   * since the request was let in: a key outlives it.
   */
  async #oneself(em: EntityManager, caller: SignedInCaller): Promise<Owner> {
    await lockWaysIn(em, caller, this.#clock.now());
    const [row] = await sql<TargetRow & { readonly epoch: string }>(
      em,
      `select ${targetColumns}, (select epoch::text from permission_epoch) as epoch from users u
       where u.id = $1`,
      [caller.principal.userId],
    );
    if (row === undefined) throw new Failure('UNAUTHENTICATED');
    await this.#directory.reachWithin(em, row.epoch);
    const authority = this.#guard.authorityOf(caller);
    return { row, owned: this.#directory.grantsOf(row.assignments), authority };
  }

  async #service(em: EntityManager, caller: SignedInCaller, ownerId: UserId): Promise<Owner> {
    const authority = await this.#guard.lock(em, caller, MAKE_FOR_SERVICES);
    const viewer = { principal: authority.principal, now: this.#clock.now() };
    const need = { field: 'ownerId', permission: 'create:api-keys', account: true } as const;
    const [row] = await lockTargets(em, viewer, [ownerId], need);
    if (row === undefined) throw new Rejection([targetNotFound('ownerId', ownerId)]);
    if (userViewOf(row, viewer.now).kind !== 'SERVICE') {
      return reject('OWNER_NOT_SERVICE_ACCOUNT', { field: ['ownerId'], targetId: ownerId });
    }
    return { row, owned: this.#directory.grantsOf(row.assignments), authority };
  }

  #requireScopes({ owned, authority }: Owner, scopes: ReadScopes, isOwn: boolean): void {
    rejectAny(excessOfOwner(scopes, owned));
    if (!isOwn) rejectAny(excessOfCaller(authority, scopes, owned, scopes.named));
    demandStrength(authority, scopes, owned);
  }

  async #requireRoom(em: EntityManager, ownerId: UserId): Promise<void> {
    const [row] = await sql<{ count: number }>(
      em,
      'select count(*)::int as count from api_keys where owner_id = $1 and revoked_at is null',
      [ownerId],
    );
    if ((row?.count ?? 0) >= this.#settings.maximumPerOwner) reject('TOO_MANY_API_KEYS');
  }

  async #save(
    em: EntityManager,
    caller: SignedInCaller,
    { checked, token, ownerId }: { checked: CheckedKey; token: CreatedToken; ownerId: UserId },
  ): Promise<ListedApiKey> {
    const { scopes, ...plain } = checked;
    const key = Object.assign(new ApiKey(), {
      ...plain,
      ownerId,
      selector: token.selector,
      secretHash: token.secretHash,
      allMyPermissions: scopes.allMyPermissions,
      grants: scopes.permissions,
      documentIds: scopes.documentIds,
      createdById: caller.principal.userId,
      createdAt: this.#clock.now(),
    });
    em.persist(key);
    await em.flush();
    const apiKey = await readApiKey(em, key.id, this.#clock.now());
    if (apiKey === null) throw new Error('The new key is not there.');
    const payload = {
      ...keyOfEvent(apiKey),
      prefix: visiblePart('apiKey', token.selector),
      allMyPermissions: scopes.allMyPermissions,
      permissions: scopes.permissions.map(permissionKey),
      expiresAt: checked.expiresAt.toISOString(),
    };
    await this.#recorder.record(em, originOf(caller), [
      apiKeyHappening('api-key.created', apiKey.name, { type: 'ApiKeyCreated', payload }),
    ]);
    return apiKey;
  }
}

const idempotentRequest = (
  caller: SignedInCaller,
  { idempotencyKey, ...input }: NewApiKeyInput,
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'createApiKey', key: idempotencyKey, input };
