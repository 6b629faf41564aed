import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, UrlScalar } from './scalars.ts';

@ObjectType('OrganizationDomain', {
  simpleResolvers: true,
  description: 'An e-mail domain that belongs to an organization once its DNS record was seen.',
  implements: NodeType,
})
export class OrganizationDomainType extends NodeType {
  @Field(() => String, { description: 'Domain, in lower case, Punycode.' })
  domain!: string;

  @Field(() => String, { description: 'Value to publish as TXT record.' })
  dnsRecord!: string;

  @Field(() => String, { description: 'Name of the TXT record.' })
  dnsRecordName!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the record was seen; null = not proved.' })
  verifiedAt!: Date | null;

  @Field(() => UrlScalar, {
    nullable: true,
    description: 'Issuer that addresses of this domain sign in with; null = here.',
  })
  issuer!: string | null;
}

@InputType('AddOrganizationDomainInput', { description: 'Input of addOrganizationDomain.' })
export class AddOrganizationDomainInput {
  @Field(() => ID, { description: 'Organization that owns it.' })
  organizationId!: string;

  @Field(() => String, { description: 'Domain.' })
  domain!: string;

  @Field(() => String, { nullable: true, description: 'Configured issuer that its addresses sign in with.' })
  issuer?: string | null;
}

@InputType('VerifyOrganizationDomainInput', { description: 'Input of verifyOrganizationDomain.' })
export class VerifyOrganizationDomainInput {
  @Field(() => ID, { description: 'Domain to look up now.' })
  id!: string;
}

@InputType('RemoveOrganizationDomainInput', { description: 'Input of removeOrganizationDomain.' })
export class RemoveOrganizationDomainInput {
  @Field(() => ID, { description: 'Domain to give up.' })
  id!: string;
}

@ObjectType('AddOrganizationDomainPayload', { simpleResolvers: true, description: 'Answer of addOrganizationDomain.' })
export class AddOrganizationDomainPayload extends Payload {
  @Field(() => OrganizationDomainType, { nullable: true, description: 'The domain, not yet proved.' })
  domain?: OrganizationDomainType | null;
}

@ObjectType('VerifyOrganizationDomainPayload', {
  simpleResolvers: true,
  description: 'Answer of verifyOrganizationDomain.',
})
export class VerifyOrganizationDomainPayload extends Payload {
  @Field(() => OrganizationDomainType, { nullable: true, description: 'The domain after the look-up.' })
  domain?: OrganizationDomainType | null;
}

@ObjectType('RemoveOrganizationDomainPayload', {
  simpleResolvers: true,
  description: 'Answer of removeOrganizationDomain.',
})
export class RemoveOrganizationDomainPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'Former id.' })
  removedDomainId?: string | null;
}
