import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createToken, visiblePart } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { AuditChange } from '../entities/audit-event.entity.ts';
import type { ListedApiKey } from '../entities/api-key.queries.ts';
import { type Problem, Rejection, reject, rejectAny } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { ApiKeyId } from '../ids.ts';
import { grantsOfKey } from '../permissions/api-key-grants.ts';
import type { GrantInput } from '../permissions/grant-input.ts';
import { type Grant, permissionKey } from '../permissions/grants.ts';
import { and, can, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import { API_KEY_NAME, readNetworks, readRateLimit } from './api-key-input.ts';
import { demandStrength, excessOfCaller, excessOfOwner, readNamed } from './api-key-scopes.ts';
import { apiKeyHappening, type ApiKeyTarget, keyOfEvent, type ApiKeyTargets, readApiKey } from './api-key-target.ts';
import { MAKE_FOR_SERVICES, MAKE_OWN } from './api-key.service.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { Reading } from './text.ts';

/** A week. */
const MAXIMUM_OVERLAP_SECONDS = 604_800;
const REASON = { field: ['reason'], maximum: 500, mayBeBlank: true } as const;

const OWN_SESSION: Rule = and(viaSession, notImpersonating);
const UPDATE = { permission: 'create:api-keys', others: MAKE_FOR_SERVICES, own: OWN_SESSION } as const;
const ROTATE = { permission: 'create:api-keys', others: MAKE_FOR_SERVICES, own: MAKE_OWN } as const;
const END = { permission: 'revoke:api-keys', others: can('revoke:api-keys'), own: OWN_SESSION } as const;

/** Absent (undefined) = keep; a limit of null = the server's. */
export interface ApiKeyChangeInput {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly permissions?: readonly GrantInput[] | null | undefined;
  readonly networks?: readonly string[] | null | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly rateLimitPerMinute?: number | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

type Changed = Pick<
  ListedApiKey,
  'name' | 'allMyPermissions' | 'permissions' | 'networks' | 'expiresAt' | 'rateLimitPerMinute'
>;

/** Changes, rotates, revokes and deletes API keys. */
export class ApiKeyChangeService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #targets: ApiKeyTargets;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #settings: Config['apiKeys'];

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    apiKeyTargets: ApiKeyTargets;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#targets = parts.apiKeyTargets;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#settings = parts.config.apiKeys;
  }

  /**
   * Changes an own key, or one of a service account. Its end never moves on; more than it had it gets only by whom may make keys. Errors: those of the fields, TARGET_NOT_FOUND,
   * VERSION_CONFLICT (with the current key), API_KEY_INACTIVE, OWNER_NOT_SERVICE_ACCOUNT, those of grants as for a new key,
   * EXPIRY_IN_PAST, EXPIRY_TOO_FAR, INVALID_NETWORK. Throws FORBIDDEN and STEP_UP_REQUIRED as for a new key.
   */
  async update(caller: SignedInCaller, input: ApiKeyChangeInput): Promise<ListedApiKey> {
    const reading = new Reading();
    const name = reading.optionalText(input.name, API_KEY_NAME);
    const networks = readNetworks(input.networks ?? []);
    rejectAny([...reading.problems, ...networks.problems]);
    const grants = input.permissions == null ? null : readNamed(input.permissions, this.#directory.catalogue);
    return this.#database.transaction(async (em) => {
      const target = await this.#targets.lock(em, caller, input.id, UPDATE);
      const { apiKey } = target;
      requireOfService(target);
      requireVersion(apiKey, input.expectedVersion ?? null);
      requireWorking(apiKey);
      const after: Changed = {
        name: name ?? apiKey.name,
        allMyPermissions: grants === null && apiKey.allMyPermissions,
        permissions: grants?.permissions ?? apiKey.permissions,
        networks: input.networks == null ? apiKey.networks : networks.value,
        expiresAt: this.#earlierEnd(apiKey, input.expiresAt ?? null),
        rateLimitPerMinute: this.#limit(target, input.rateLimitPerMinute),
      };
      if (grants !== null) rejectAny(excessOfOwner({ ...after, named: 'permissions' }, target.owned));
      if (target.isOwn && isWider(target, after)) target.authority.demand(MAKE_OWN);
      requireHold(target, [apiKey, after]);
      return this.#save(em, caller, apiKey, after);
    });
  }

  /**
   * Gives a key a new secret. The one before works on for `overlapSeconds`, 0 to 604,800; one that still worked on from an earlier
   * rotation ends at once. Errors: INVALID_VALUE, TARGET_NOT_FOUND, API_KEY_INACTIVE, OWNER_NOT_SERVICE_ACCOUNT,
   * EXCEEDS_OWN_PERMISSIONS. Throws FORBIDDEN and STEP_UP_REQUIRED as for a new key.
   */
  async rotate(
    caller: SignedInCaller,
    { id, overlapSeconds }: { readonly id: string; readonly overlapSeconds: number },
  ): Promise<{ apiKey: ListedApiKey; secret: Secret<string> }> {
    if (overlapSeconds < 0 || overlapSeconds > MAXIMUM_OVERLAP_SECONDS) {
      const message = `Give 0 to ${MAXIMUM_OVERLAP_SECONDS} seconds.`;
      return reject('INVALID_VALUE', { message, field: ['overlapSeconds'] });
    }
    const token = createToken('apiKey');
    return this.#database.transaction(async (em) => {
      const target = await this.#targets.lock(em, caller, id, ROTATE);
      requireOfService(target);
      requireWorking(target.apiKey);
      requireHold(target, [target.apiKey]);
      const until = secondsAfter(this.#clock.now(), overlapSeconds);
      await sql(
        em,
        `update api_keys set selector = $2, secret_hash = $3, version = version + 1,
           previous_selector = case when $4::timestamptz is not null then selector end,
           previous_secret_hash = case when $4::timestamptz is not null then secret_hash end,
           overlap_until = $4::timestamptz
         where id = $1`,
        [target.apiKey.id, token.selector, token.secretHash, overlapSeconds === 0 ? null : until.toISOString()],
      );
      const apiKey = await this.#present(em, target.apiKey.id);
      const payload = { ...keyOfEvent(apiKey), prefix: visiblePart('apiKey', token.selector), overlapSeconds };
      await this.#recorder.record(em, originOf(caller), [
        apiKeyHappening('api-key.rotated', apiKey.name, { type: 'ApiKeyChanged', payload }),
      ]);
      return { apiKey, secret: token.token };
    });
  }

  /** Ends a key at once; it stays in the list. Errors: TOO_LONG, TARGET_NOT_FOUND, API_KEY_INACTIVE when it was revoked before. */
  async revoke(
    caller: SignedInCaller,
    input: { readonly id: string; readonly reason: string | null },
  ): Promise<ListedApiKey> {
    const reading = new Reading();
    const reason = reading.optionalText(input.reason, REASON);
    rejectAny(reading.problems);
    return this.#database.transaction(async (em) => {
      const target = await this.#targets.lock(em, caller, input.id, END);
      if (target.apiKey.revokedAt !== null) return reject('API_KEY_INACTIVE', { field: ['id'] });
      await sql(
        em,
        `update api_keys set revoked_at = $2, version = version + 1, previous_selector = null,
           previous_secret_hash = null, overlap_until = null where id = $1`,
        [target.apiKey.id, this.#clock.now().toISOString()],
      );
      const apiKey = await this.#present(em, target.apiKey.id);
      const revoked = apiKeyHappening('api-key.revoked', apiKey.name, {
        type: 'ApiKeyRevoked',
        payload: keyOfEvent(apiKey),
      });
      const noted = reason === null || reason === '' ? {} : { reason };
      await this.#recorder.record(em, originOf(caller), [{ ...revoked, metadata: { ...revoked.metadata, ...noted } }]);
      return apiKey;
    });
  }

  /** Ends a key and removes it. Errors: TARGET_NOT_FOUND. */
  async delete(caller: SignedInCaller, id: string): Promise<ApiKeyId> {
    return this.#database.transaction(async (em) => {
      const { apiKey } = await this.#targets.lock(em, caller, id, END);
      await sql(em, 'delete from api_keys where id = $1', [apiKey.id]);
      await this.#recorder.record(em, originOf(caller), [
        apiKeyHappening('api-key.deleted', apiKey.name, { type: 'ApiKeyRevoked', payload: keyOfEvent(apiKey) }),
      ]);
      return apiKey.id;
    });
  }

  #earlierEnd({ expiresAt: before }: ListedApiKey, wanted: Date | null): Date | null {
    if (wanted === null) return before;
    if (wanted <= this.#clock.now()) return reject('EXPIRY_IN_PAST', { field: ['expiresAt'] });
    const message = 'The end of a key never moves on; make a new key.';
    if (before !== null && wanted > before) return reject('EXPIRY_TOO_FAR', { message, field: ['expiresAt'] });
    return wanted;
  }

  #limit({ apiKey, isOwn }: ApiKeyTarget, wanted: number | null | undefined): number | null {
    if (wanted === undefined) return apiKey.rateLimitPerMinute;
    const { value, problems } = readRateLimit(wanted, { isOwn, config: this.#settings });
    rejectAny(problems);
    return value;
  }

  async #save(em: EntityManager, caller: SignedInCaller, before: ListedApiKey, after: Changed): Promise<ListedApiKey> {
    const changes = changesOf(before, after);
    if (changes.length === 0) return before;
    await sql(
      em,
      `update api_keys set name = $2, all_my_permissions = $3, grants = $4::jsonb, networks = $5, expires_at = $6,
         rate_limit_per_minute = $7, version = version + 1 where id = $1`,
      [
        before.id,
        after.name,
        after.allMyPermissions,
        JSON.stringify(after.permissions),
        after.networks,
        after.expiresAt?.toISOString() ?? null,
        after.rateLimitPerMinute,
      ],
    );
    const apiKey = await this.#present(em, before.id);
    const fields = changes.map(({ field }) => field);
    const payload = { ...keyOfEvent(apiKey), fields };
    const updated = apiKeyHappening('api-key.updated', apiKey.name, { type: 'ApiKeyChanged', payload });
    await this.#recorder.record(em, originOf(caller), [{ ...updated, changes }]);
    return apiKey;
  }

  async #present(em: EntityManager, id: ApiKeyId): Promise<ListedApiKey> {
    const apiKey = await readApiKey(em, id, this.#clock.now());
    if (apiKey === null) throw new Error('The changed key is not there.');
    return apiKey;
  }
}

/** Keys of other people can be ended, not changed. */
const requireOfService = ({ isOwn, owner }: ApiKeyTarget): void => {
  if (!isOwn && owner.kind !== 'SERVICE') reject('OWNER_NOT_SERVICE_ACCOUNT', { field: ['id'] });
};

const requireVersion = (apiKey: ListedApiKey, expected: number | null): void => {
  if (expected === null || expected === apiKey.version) return;
  throw new Rejection([{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }], { apiKey });
};

const requireWorking = ({ status }: ListedApiKey): void => {
  if (status === 'REVOKED' || status === 'EXPIRED') reject('API_KEY_INACTIVE', { field: ['id'] });
};

/** Whoever changes or renews a key holds what it carries; protected permissions ask for what they ask for in a session. */
const requireHold = (
  { isOwn, authority, owned }: ApiKeyTarget,
  versions: readonly Pick<Changed, 'allMyPermissions' | 'permissions'>[],
): void => {
  for (const scopes of versions) {
    const problems: readonly Problem[] = isOwn ? [] : excessOfCaller(authority, scopes, owned, 'id');
    rejectAny(problems);
    demandStrength(authority, scopes, owned);
  }
};

/** Whether the changed key does more than it did, or from more places: then it is as good as a new one. */
const isWider = ({ apiKey, owned }: ApiKeyTarget, after: Changed): boolean => {
  const places = apiKey.networks.length > 0 && !within(after.networks, apiKey.networks);
  return places || grantsOfKey(apiKey, owned).lacking(grantsOfKey(after, owned)).length > 0;
};

/** An empty list stands for any network. */
const within = (networks: readonly string[], before: readonly string[]): boolean =>
  networks.length > 0 && networks.every((network) => before.includes(network));

const textOf = (permissions: readonly Grant[]): string =>
  permissions
    .map((grant) => `${permissionKey(grant)}${grant.constraints.length === 0 ? '' : JSON.stringify(grant.constraints)}`)
    .join(' ');

const changesOf = (before: Changed, after: Changed): readonly AuditChange[] => {
  const change = (field: string, textIn: (key: Changed) => string | null): AuditChange => ({
    field,
    before: textIn(before),
    after: textIn(after),
  });
  return [
    change('name', ({ name }) => name),
    change('allMyPermissions', ({ allMyPermissions }) => String(allMyPermissions)),
    change('permissions', ({ permissions }) => textOf(permissions)),
    change('networks', ({ networks }) => networks.join(' ')),
    change('expiresAt', ({ expiresAt }) => expiresAt?.toISOString() ?? null),
    change('rateLimitPerMinute', ({ rateLimitPerMinute }) => rateLimitPerMinute?.toString() ?? null),
  ].filter((one) => one.before !== one.after);
};
