import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { OrganizationType } from './organization.schema.ts';
import { Payload } from './payload.schema.ts';
import { SessionTokensType } from './session.schema.ts';

@InputType('SwitchOrganizationInput', { description: 'Input of switchOrganization.' })
export class SwitchOrganizationInput {
  @Field(() => ID, { nullable: true, description: 'Organization to act in; null = none.' })
  organizationId?: string | null;
}

@ObjectType('SwitchOrganizationPayload', { simpleResolvers: true, description: 'Answer of switchOrganization.' })
export class SwitchOrganizationPayload extends Payload {
  @Field(() => OrganizationType, { nullable: true, description: 'Organization that is active now; null = none.' })
  organization?: OrganizationType | null;

  @Field(() => SessionTokensType, {
    nullable: true,
    description: 'New access token with the claim `org`; null with a cookie session.',
  })
  tokens?: SessionTokensType | null;
}
