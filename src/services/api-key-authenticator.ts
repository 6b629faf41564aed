import type { Clock } from '../clock.ts';
import { type ParsedToken, sameHash } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import type { ReplicaReads } from '../database/replica-reads.ts';
import {
  type ApiKeyAuthenticationRow,
  type ApiKeyView,
  apiKeyViewOf,
  authenticationByApiKey,
  authenticationByApiKeys,
  positionedByApiKey,
  workingKeys,
  type WorkingKeysRow,
} from '../entities/api-key.queries.ts';
import { LIFE_SIGNS } from '../entities/life-signs.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { grantsOfKey } from '../permissions/api-key-grants.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { Network, parseAddress } from '../permissions/networks.ts';
import type { ApiKeyUse } from './api-key-use.ts';
import { type GroupDirectory, permissionVersionOf } from './group-directory.ts';
import type { Use } from './session-activity.ts';
import type { Authenticated } from './session-authenticator.ts';

/** Keys whose narrowed grants are kept; more are narrowed again. */
const MAXIMUM_REMEMBERED = 10_000;

/** A key as somebody connected with it. */
export interface ConnectedKey {
  readonly selector: string;
  readonly secretHash: Buffer;
  readonly ipAddress: string | null;
}

/** A key that works, as it was read. */
interface Found {
  readonly row: ApiKeyAuthenticationRow;
  readonly apiKey: ApiKeyView;
}

/**
 * Answers whether an API key works, and turns it into a principal: what its owner may do at this moment, narrowed to what the key
 * carries. One statement; nothing about the key is remembered between requests but the arithmetic, so revocation holds at once.
 */
export class ApiKeyAuthenticator {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #use: ApiKeyUse;
  readonly #clock: Clock;
  readonly #databaseReplica: ReplicaReads | null;
  /** By key, version of the key, and permission version of the owner. */
  readonly #narrowed = new Map<string, EffectiveGrants>();

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    apiKeyUse: ApiKeyUse;
    clock: Clock;
    databaseReplica: ReplicaReads | null;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#use = parts.apiKeyUse;
    this.#clock = parts.clock;
    this.#databaseReplica = parts.databaseReplica;
  }

  /**
   * The caller behind a presented key; null when the key is unknown, revoked, expired, its owner inactive, or the address is outside
   * its networks or not known. Throws RATE_LIMITED when the key has used up its requests.
   */
  async byKey(presented: ParsedToken, from: Use): Promise<Authenticated | null> {
    const found = await this.#find(presented, from.provenIpAddress);
    if (found === null) return null;
    await this.#use.admit(found.apiKey, from.ipAddress);
    return this.#authenticated(found, from.provenIpAddress);
  }

  /**
   * The same for somebody who only asks about a key: it is neither marked as used nor are requests counted. Without an address a key
   * that is bound to networks does not work.
   */
  async inspect(presented: ParsedToken, ipAddress: string | null): Promise<Authenticated | null> {
    const found = await this.#find(presented, ipAddress);
    return found === null ? null : this.#authenticated(found, ipAddress);
  }

  /** Several keys as they are now, for whoever stays connected: by the same conditions, none of them counted. One statement. */
  async present(connected: readonly ConnectedKey[]): Promise<readonly (Authenticated | null)[]> {
    const selectors = [...new Set(connected.map(({ selector }) => selector))];
    const rows = await this.#database.query<ApiKeyAuthenticationRow & { readonly presented_selector: string }>(
      authenticationByApiKeys,
      [selectors, this.#clock.now().toISOString()],
    );
    const bySelector = new Map(rows.map((row) => [row.presented_selector, row]));
    return Promise.all(
      connected.map(async ({ selector, secretHash, ipAddress }) => {
        const found = this.#worksFrom(bySelector.get(selector), secretHash, ipAddress);
        return found === null ? null : this.#authenticated(found, ipAddress);
      }),
    );
  }

  /** Whether several keys work, by the same conditions, each from where it connected. One statement that reads no more than that. */
  async working(connected: readonly ConnectedKey[]): Promise<readonly boolean[]> {
    const [row] = await this.#database.query<WorkingKeysRow>(workingKeys, [
      connected.map(({ selector }) => selector),
      this.#clock.now().toISOString(),
    ]);
    return connected.map(({ ipAddress }, place) => {
      const sign = row?.signs?.[place];
      if (sign !== LIFE_SIGNS.withinNetworks) return sign === LIFE_SIGNS.lives;
      const networks = row?.networks?.[place + 1];
      return networks !== undefined && isWithinNetworks(networks, ipAddress);
    });
  }

  async #find(presented: ParsedToken, ipAddress: string | null): Promise<Found | null> {
    const [row] = await this.#database.query<ApiKeyAuthenticationRow>(
      this.#databaseReplica?.asksPosition === true ? positionedByApiKey : authenticationByApiKey,
      [presented.selector, this.#clock.now().toISOString()],
    );
    return this.#worksFrom(row, presented.secretHash, ipAddress);
  }

  #worksFrom(row: ApiKeyAuthenticationRow | undefined, secretHash: Buffer, ipAddress: string | null): Found | null {
    if (row === undefined || !isPresented(row, secretHash, ipAddress)) return null;
    return { row, apiKey: apiKeyViewOf(row) };
  }

  async #authenticated({ row, apiKey }: Found, ipAddress: string | null): Promise<Authenticated> {
    await this.#directory.reach(row.epoch);
    const account = userViewOf(row, this.#clock.now());
    const permissionVersion = permissionVersionOf(row.epoch, row.assignments);
    return {
      account,
      session: null,
      apiKey,
      impersonatorLabel: null,
      assignments: row.assignments,
      position: this.#databaseReplica?.ofRequest(row.position, !this.#directory.isAt(row.epoch)) ?? null,
      principal: {
        kind: account.kind === 'SERVICE' ? 'service' : 'person',
        via: 'apiKey',
        userId: account.id,
        sessionId: null,
        apiKeyId: apiKey.id,
        actorId: null,
        impersonationId: null,
        impersonationMode: null,
        organizationId: null,
        assuranceLevel: 'AAL1',
        authenticatedAt: apiKey.createdAt,
        secondFactorDueAt: null,
        grants: this.#narrow(apiKey, permissionVersion, this.#directory.grantsOf(row.assignments)),
        permissionVersion: `${permissionVersion}.${apiKey.version}`,
        ipAddress,
      },
    };
  }

  #narrow(apiKey: ApiKeyView, permissionVersion: string, owned: EffectiveGrants): EffectiveGrants {
    const key = `${apiKey.id} ${apiKey.version} ${permissionVersion}`;
    const known = this.#narrowed.get(key);
    if (known !== undefined) return known;
    const narrowed = grantsOfKey(apiKey, owned);
    if (this.#narrowed.size >= MAXIMUM_REMEMBERED) this.#narrowed.clear();
    this.#narrowed.set(key, narrowed);
    return narrowed;
  }
}

/** The key that works is the one that was presented, from where it may be used. */
const isPresented = (
  { secret_hash, networks }: Pick<ApiKeyAuthenticationRow, 'secret_hash' | 'networks'>,
  secretHash: Buffer,
  ipAddress: string | null,
): boolean => sameHash(secret_hash, secretHash) && isWithinNetworks(networks, ipAddress);

/** An empty list stands for any network: the one place where it does, said in its name everywhere. */
const isWithinNetworks = (networks: readonly string[], ipAddress: string | null): boolean => {
  if (networks.length === 0) return true;
  const address = ipAddress === null ? null : parseAddress(ipAddress);
  return address !== null && networks.some((text) => Network.parse(text)?.contains(address) === true);
};
