import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, type OrganizationDomainId, type OrganizationId } from '../ids.ts';
import { Organization } from './organization.entity.ts';

/** An e-mail domain that an organization claims; it is its own once the DNS record was seen. */
@Entity({ tableName: 'organization_domains' })
@Index({
  name: 'organization_domains_claim_unique',
  expression: 'create unique index organization_domains_claim_unique on organization_domains (organization_id, domain)',
})
@Index({
  name: 'organization_domains_proved_unique',
  expression:
    'create unique index organization_domains_proved_unique on organization_domains (domain) where verified_at is not null',
})
export class OrganizationDomain {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<OrganizationDomainId> = newId<OrganizationDomainId>();

  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'cascade',
    index: false,
  })
  organizationId!: OrganizationId;

  /** Lower case, Punycode. */
  @Property({ type: 'text' })
  domain!: string;

  /** Random text to be published as TXT record; no secret. */
  @Property({ type: 'text' })
  proof!: string;

  /** Configured issuer that its addresses sign in with. */
  @Property({ type: 'text', nullable: true })
  issuer: string | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  verifiedAt: Date | null = null;
}
