import type { Database } from '../database/database.ts';
import {
  organizationDomainColumns,
  type OrganizationDomainRow,
  type OrganizationDomainView,
  organizationDomainViewOf,
} from '../entities/organization-domain.queries.ts';
import type { OrganizationId } from '../ids.ts';
import type { IdentityProviders } from '../providers/identity-providers.ts';

/** Reads e-mail domains of organizations. Whether somebody may ask for them at all, the field says. */
export class OrganizationDomainReader {
  readonly #database: Database;

  constructor(parts: { database: Database }) {
    this.#database = parts.database;
  }

  /** The domains of several organizations, by name. One statement. */
  async ofOrganizations(ids: readonly OrganizationId[]): Promise<readonly (readonly OrganizationDomainView[])[]> {
    const rows = await this.#database.query<OrganizationDomainRow>(
      `select ${organizationDomainColumns} from organization_domains d
       where d.organization_id = any($1::uuid[]) order by d.domain`,
      [ids],
    );
    const views = rows.map(organizationDomainViewOf);
    return ids.map((id) => views.filter(({ organizationId }) => organizationId === id));
  }
}

/**
 * Where people of a domain sign in. The settings come first; then what organizations have proved. Neither looks at accounts, so the
 * answer says nothing about them.
 */
export class DomainRouting {
  readonly #database: Database;
  readonly #providers: IdentityProviders;

  constructor(parts: { database: Database; providers: IdentityProviders }) {
    this.#database = parts.database;
    this.#providers = parts.providers;
  }

  /**
   * The issuer that the domain of an address belongs to; null for no address, for every other domain, and when the settings do not name
   * the issuer any more. At most one statement.
   */
  async issuerFor(identifier: string): Promise<string | null> {
    const configured = this.#providers.issuerFor(identifier);
    const domain = this.#providers.domainOf(identifier);
    const issuers = this.#providers.all.map(({ issuer }) => issuer);
    if (configured !== null || domain === null || issuers.length === 0) return configured;
    const [row] = await this.#database.query<{ issuer: string }>(
      `select issuer from organization_domains
       where domain = $1 and verified_at is not null and issuer = any($2::text[])`,
      [domain, issuers],
    );
    return row?.issuer ?? null;
  }
}
