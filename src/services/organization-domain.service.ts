import { isIP } from 'node:net';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { identityProviders } from '../config/identity-providers.ts';
import { emailDomain } from '../config/provider-kinds.ts';
import { randomDigits } from '../crypto/base62.ts';
import { constraintOf, type Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  organizationDomainColumns,
  type OrganizationDomainRow,
  type OrganizationDomainView,
  organizationDomainViewOf,
} from '../entities/organization-domain.queries.ts';
import { reject, Rejection } from '../errors.ts';
import type { EventPayload } from '../events/event-types.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { newId, type OrganizationDomainId, parseId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { DomainResolver } from './domain-resolver.ts';
import { loadTarget } from './organization-targets.ts';
import { targetNotFound } from './target-ids.ts';

interface ClaimInput {
  readonly organizationId: string;
  readonly domain: string;
  readonly issuer?: string | null | undefined;
}

const PERMISSION = 'update:organizations';
const MAXIMUM_DOMAINS = 50;
/** 32 digits of 62: 190 bits, so that nobody publishes the record of another claim by luck. */
const PROOF_LENGTH = 32;

/** Claims e-mail domains for organizations and proves them by a DNS record, as RFC 8555 section 8.4 proves domains to those who certify them. */
export class OrganizationDomainService {
  readonly #database: Database;
  readonly #guard: AccessGuard;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #resolver: DomainResolver;
  readonly #issuers: ReadonlySet<string>;

  constructor(parts: {
    database: Database;
    guard: AccessGuard;
    recorder: Recorder;
    clock: Clock;
    config: Config;
    domainResolver: DomainResolver;
  }) {
    this.#database = parts.database;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#resolver = parts.domainResolver;
    this.#issuers = new Set(identityProviders(parts.config.providers).map(({ issuer }) => issuer));
  }

  /**
   * Claims a domain where the caller holds `update:organizations`; it is nobody's until its record was seen, so several organizations
   * may claim the same. Errors: INVALID_VALUE for what is no complete domain, UNKNOWN_ISSUER, TARGET_NOT_FOUND, NAME_IN_USE when the
   * organization claims it already, TOO_MANY_ITEMS beyond 50, DOMAIN_IN_USE when another one has proved it; throws FORBIDDEN.
   */
  async add(caller: SignedInCaller, input: ClaimInput): Promise<OrganizationDomainView> {
    const domain = readDomain(input.domain);
    const issuer = input.issuer ?? null;
    if (issuer !== null && !this.#issuers.has(issuer)) reject('UNKNOWN_ISSUER', { field: ['issuer'] });
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, can(PERMISSION));
      const now = this.#clock.now();
      const target = { id: input.organizationId, field: 'organizationId', permission: PERMISSION } as const;
      const organization = await loadTarget(em, authority, now, target);
      const [claims] = await sql<{ count: number; own: boolean; proved: boolean }>(
        em,
        `select count(*) filter (where organization_id = $1)::int as count,
           coalesce(bool_or(organization_id = $1 and domain = $2), false) as own,
           coalesce(bool_or(verified_at is not null and domain = $2), false) as proved
         from organization_domains where organization_id = $1 or domain = $2`,
        [organization.id, domain],
      );
      if (claims?.own === true) reject('NAME_IN_USE', { field: ['domain'] });
      if (claims?.proved === true) reject('DOMAIN_IN_USE', { field: ['domain'] });
      if ((claims?.count ?? 0) >= MAXIMUM_DOMAINS) reject('TOO_MANY_ITEMS', { field: ['domain'] });
      const [row] = await sql<OrganizationDomainRow>(
        em,
        `insert into organization_domains as d (id, organization_id, domain, proof, issuer, created_at)
         values ($1, $2, $3, $4, $5, $6) returning ${organizationDomainColumns}`,
        [newId<OrganizationDomainId>(), organization.id, domain, randomDigits(PROOF_LENGTH), issuer, now.toISOString()],
      );
      return this.#recorded(em, caller, row, 'organization-domain.claimed');
    });
  }

  /**
   * Looks for the DNS record and makes the domain the organization's own when it is there; one that is proved stays so, without a
   * look. Errors: TARGET_NOT_FOUND, DOMAIN_NOT_VERIFIED, DOMAIN_IN_USE when another organization proved it first; throws FORBIDDEN.
   */
  async verify(caller: SignedInCaller, id: string): Promise<OrganizationDomainView> {
    const claimed = await this.#database.transaction((em) => this.#load(em, caller, id));
    if (claimed.verifiedAt !== null) return claimed;
    // Outside of a transaction: nobody waits for the lock of access changes while a name server takes its time.
    const texts = await this.#resolver.textsOf(claimed.dnsRecordName);
    if (!texts.includes(claimed.dnsRecord)) reject('DOMAIN_NOT_VERIFIED', { targetId: claimed.id });
    return refusingProvedDomains(claimed.id, () =>
      this.#database.transaction(async (em) => {
        const present = await this.#load(em, caller, id);
        const [row] = await sql<OrganizationDomainRow>(
          em,
          `update organization_domains d set verified_at = $2 where d.id = $1 and d.verified_at is null
           returning ${organizationDomainColumns}`,
          [present.id, this.#clock.now().toISOString()],
        );
        return row === undefined ? present : this.#recorded(em, caller, row, 'organization-domain.proved');
      }),
    );
  }

  /** Gives a domain up, proved or not; its people sign in here from then on. Errors: TARGET_NOT_FOUND; throws FORBIDDEN. */
  async remove(caller: SignedInCaller, id: string): Promise<OrganizationDomainId> {
    return this.#database.transaction(async (em) => {
      const present = await this.#load(em, caller, id);
      const [row] = await sql<OrganizationDomainRow>(
        em,
        `delete from organization_domains d where d.id = $1 returning ${organizationDomainColumns}`,
        [present.id],
      );
      return (await this.#recorded(em, caller, row, 'organization-domain.given-up')).id;
    });
  }

  /** The domain that an input names, of an organization where the caller holds the permission; one out of sight is not found. */
  async #load(em: EntityManager, caller: SignedInCaller, id: string): Promise<OrganizationDomainView> {
    const authority = await this.#guard.lock(em, caller, can(PERMISSION));
    const [row] = await sql<OrganizationDomainRow>(
      em,
      `select ${organizationDomainColumns} from organization_domains d where d.id = $1`,
      [parseId<OrganizationDomainId>(id)],
    );
    if (row === undefined) throw new Rejection([targetNotFound('id', id)]);
    const target = { id: row.organization_id, field: 'id', permission: PERMISSION } as const;
    await renaming(id, () => loadTarget(em, authority, this.#clock.now(), target));
    return organizationDomainViewOf(row);
  }

  async #recorded(
    em: EntityManager,
    caller: SignedInCaller,
    row: OrganizationDomainRow | undefined,
    action: DomainAction,
  ): Promise<OrganizationDomainView> {
    if (row === undefined) throw new Error('A domain was not written.');
    const view = organizationDomainViewOf(row);
    await this.#recorder.record(em, originOf(caller), [domainHappening(action, view)]);
    return view;
  }
}

/** Hidden organizations answer about the domain that was asked for: their own id stays hidden, too. */
const renaming = async (id: string, work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Rejection) throw new Rejection([targetNotFound('id', id)]);
    throw error;
  }
};

/** A domain has one owner, however many organizations prove it at once. */
const refusingProvedDomains = async <T>(targetId: OrganizationDomainId, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (constraintOf(error) === 'organization_domains_proved_unique') return reject('DOMAIN_IN_USE', { targetId });
    throw error;
  }
};

/** Reads a complete domain: at least two labels, no address of a machine, nothing that a URL parser would cut off or decode. */
const readDomain = (text: string): string => {
  const typed = text.trim();
  const plain = typed.length <= 253 && !/[\s/\\?#:@%[\]*]/u.test(typed);
  const domain = plain ? emailDomain(typed) : null;
  const real = domain !== null && isIP(domain) === 0 && domain.split('.').every((label) => !/^-|-$/.test(label));
  return real ? domain : reject('INVALID_VALUE', { field: ['domain'] });
};

type DomainAction = 'organization-domain.claimed' | 'organization-domain.proved' | 'organization-domain.given-up';

const CHANGES: Readonly<Record<DomainAction, EventPayload<'OrganizationDomainChanged'>['change']>> = {
  'organization-domain.claimed': 'CLAIMED',
  'organization-domain.proved': 'PROVED',
  'organization-domain.given-up': 'GIVEN_UP',
};

const domainHappening = (
  action: DomainAction,
  { id, organizationId, domain, issuer }: OrganizationDomainView,
): Happening => ({
  action,
  target: { type: 'OrganizationDomain', id, label: domain },
  metadata: { organizationId, issuer },
  event: {
    type: 'OrganizationDomainChanged',
    payload: { organizationId, domainId: id, domain, issuer, change: CHANGES[action] },
  },
});
