import { instantOf } from '../database/sql.ts';
import type { OrganizationDomainId, OrganizationId } from '../ids.ts';

/** An e-mail domain that an organization claims, as all reads hand it on. */
export interface OrganizationDomainView {
  readonly id: OrganizationDomainId;
  readonly organizationId: OrganizationId;
  /** Lower case, Punycode. */
  readonly domain: string;
  /** Name of the TXT record. */
  readonly dnsRecordName: string;
  /** Value of the TXT record. */
  readonly dnsRecord: string;
  readonly issuer: string | null;
  readonly verifiedAt: Date | null;
}

export interface OrganizationDomainRow {
  readonly id: OrganizationDomainId;
  readonly organization_id: OrganizationId;
  readonly domain: string;
  readonly proof: string;
  readonly issuer: string | null;
  readonly verified_at: string | null;
}

/** The columns behind `OrganizationDomainView`, of `organization_domains` under the alias `d`. */
export const organizationDomainColumns = 'd.id, d.organization_id, d.domain, d.proof, d.issuer, d.verified_at';

export const organizationDomainViewOf = (row: OrganizationDomainRow): OrganizationDomainView => ({
  id: row.id,
  organizationId: row.organization_id,
  domain: row.domain,
  dnsRecordName: `_gatehouse.${row.domain}`,
  dnsRecord: `gatehouse-domain=${row.proof}`,
  issuer: row.issuer,
  verifiedAt: row.verified_at === null ? null : instantOf(row.verified_at),
});
