import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { SubjectTokenType } from '../vocabulary.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, EmailAddressScalar, UrlScalar } from './scalars.ts';
import { HandOverInput, SignInResultType } from './sign-in.schema.ts';

const ISSUER = 'Issuer identifier, one of signInOptions.';
const SUBJECT_TOKEN = 'Access or ID token of the provider.';

@ObjectType('ExternalProvider', {
  simpleResolvers: true,
  description: 'An OpenID Connect issuer that people can come from.',
})
export class ExternalProviderType {
  @Field(() => UrlScalar, { description: 'Issuer identifier; input of exchangeToken.' })
  issuer!: string;

  @Field(() => String, { description: 'Name for the button.' })
  name!: string;

  @Field(() => UrlScalar, {
    nullable: true,
    description: 'Address that begins the redirect sign-in; null when only token exchange is on.',
  })
  startUrl!: string | null;
}

@ObjectType('ExternalIdentity', {
  simpleResolvers: true,
  description: 'An account at an external issuer, linked to a user.',
  implements: NodeType,
})
export class ExternalIdentityType extends NodeType {
  @Field(() => UrlScalar, { description: 'Issuer identifier.' })
  issuer!: string;

  @Field(() => String, { description: 'Claim `sub` at the issuer.' })
  subject!: string;

  @Field(() => EmailAddressScalar, {
    nullable: true,
    description: 'Address that the issuer names; not used for matching.',
  })
  email!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was linked.' })
  linkedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Last sign-in with it.' })
  lastUsedAt!: Date | null;
}

@InputType('ExchangeTokenInput', { description: 'Input of exchangeToken.' })
export class ExchangeTokenInput extends HandOverInput {
  @Field(() => String, { description: ISSUER })
  issuer!: string;

  @Field(() => String, { description: SUBJECT_TOKEN })
  subjectToken!: string;

  @Field(() => SubjectTokenType, {
    defaultValue: SubjectTokenType.ACCESS_TOKEN,
    description: 'What kind of token it is (RFC 8693).',
  })
  subjectTokenType!: SubjectTokenType;
}

@ObjectType('ExchangeTokenPayload', {
  simpleResolvers: true,
  description: 'Answer of exchangeToken.',
  implements: SignInResultType,
})
export class ExchangeTokenPayload extends SignInResultType {
  @Field(() => Boolean, { description: 'The account was made by this call.' })
  created!: boolean;
}

@InputType('LinkIdentityInput', { description: 'Input of linkIdentity.' })
export class LinkIdentityInput {
  @Field(() => String, { description: ISSUER })
  issuer!: string;

  @Field(() => String, { description: SUBJECT_TOKEN })
  subjectToken!: string;

  @Field(() => SubjectTokenType, {
    defaultValue: SubjectTokenType.ACCESS_TOKEN,
    description: 'What kind of token it is.',
  })
  subjectTokenType!: SubjectTokenType;
}

@ObjectType('LinkIdentityPayload', { simpleResolvers: true, description: 'Answer of linkIdentity.' })
export class LinkIdentityPayload extends Payload {
  @Field(() => ExternalIdentityType, { nullable: true, description: 'The linked identity.' })
  identity?: ExternalIdentityType | null;
}

@InputType('UnlinkIdentityInput', { description: 'Input of unlinkIdentity.' })
export class UnlinkIdentityInput {
  @Field(() => ID, { description: 'External identity; the last way to sign in cannot be removed.' })
  id!: string;
}

@ObjectType('UnlinkIdentityPayload', { simpleResolvers: true, description: 'Answer of unlinkIdentity.' })
export class UnlinkIdentityPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'The identity that was unlinked.' })
  identityId?: string | null;
}
