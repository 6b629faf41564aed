import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  AttributeType,
  type AttributeType as AttributeTypeWord,
  ImpersonationUse,
  type ImpersonationUse as ImpersonationUseWord,
  OwnerSubject,
  type OwnerSubject as OwnerSubjectWord,
} from '../permissions/catalogue-types.ts';
import { DryRunInput } from './access-change.schema.ts';
import { PreviewPayload } from './approval.schema.ts';
import { GroupType } from './group.schema.ts';
import { PermissionInput } from './permission.schema.ts';

registerEnumType(OwnerSubject, {
  name: 'OwnerSubject',
  description: 'What an owner attribute names.',
  valuesConfig: {
    USER: { description: 'The id of a user.' },
    ORGANIZATION: { description: 'The id of an organization.' },
  },
});

@ObjectType('AttributeDefinition', { simpleResolvers: true, description: 'An attribute that constraints can name.' })
class AttributeDefinitionType {
  @Field(() => String, { description: 'Name in constraints and checks.' })
  name!: string;

  @Field(() => AttributeType, { description: 'Type of its values.' })
  type!: AttributeTypeWord;

  @Field(() => String, { description: 'Name for people.' })
  title!: string;
}

@ObjectType('OwnerRule', {
  simpleResolvers: true,
  description: 'What "own" means for a resource. A row without a value belongs to nobody.',
})
class OwnerRuleType {
  @Field(() => String, { description: 'Attribute that names the owner.' })
  attribute!: string;

  @Field(() => OwnerSubject, { description: 'What it names.' })
  subject!: OwnerSubjectWord;
}

@ObjectType('ResourceDefinition', {
  simpleResolvers: true,
  description: 'A kind of object that permissions are about.',
})
export class ResourceDefinitionType {
  @Field(() => String, { description: "Name in permissions; applications' own as namespace.name." })
  name!: string;

  @Field(() => String, { description: 'Name for people.' })
  title!: string;

  @Field(() => String, { nullable: true, description: "Namespace of the application; null for Gatehouse's own." })
  namespace!: string | null;

  @Field(() => Int, { description: 'Grows by one with each registration that changes it.' })
  version!: number;

  @Field(() => [AttributeDefinitionType], { description: 'What constraints can be about.' })
  attributes!: readonly AttributeDefinitionType[];

  @Field(() => OwnerRuleType, {
    nullable: true,
    description: 'What "own" means; null = the verbs ending in -own are not used.',
  })
  ownerRule!: OwnerRuleType | null;
}

@InputType('ActionDetailInput', { description: 'Title and settings of one verb.' })
class ActionDetailInput {
  @Field(() => String, { description: 'Verb.' })
  action!: string;

  @Field(() => String, { description: 'Short name for lists.' })
  title!: string;

  @Field(() => String, { description: 'What its holder may do.' })
  description!: string;

  @Field(() => Boolean, { defaultValue: true, description: 'A key can hold it.' })
  grantableToApiKey!: boolean;

  @Field(() => ImpersonationUse, {
    defaultValue: ImpersonationUse.ACT,
    description: 'Whether it works while impersonating; protected verbs never do.',
  })
  whileImpersonating!: ImpersonationUseWord;

  @Field(() => [String], {
    defaultValue: [],
    description: 'Permissions, as action:resource, that it is of little use without.',
  })
  dependsOn!: string[];
}

@InputType('AttributeInput', { description: 'An attribute that constraints can name.' })
class AttributeInput {
  @Field(() => String, { description: 'Name in constraints and checks.' })
  name!: string;

  @Field(() => AttributeType, { description: 'Type of its values.' })
  type!: AttributeTypeWord;

  @Field(() => String, { nullable: true, description: 'Name for people; absent = the name.' })
  title?: string | null;
}

@InputType('OwnerRuleInput', { description: 'What "own" means for a resource.' })
class OwnerRuleInput {
  @Field(() => String, {
    description: 'Attribute that names the owner; a row without a value belongs to nobody.',
  })
  attribute!: string;

  @Field(() => OwnerSubject, { defaultValue: OwnerSubject.USER, description: 'What it names.' })
  subject!: OwnerSubjectWord;
}

@InputType('SystemGroupInput', { description: 'A group that an application seeds.' })
class SystemGroupInput {
  @Field(() => ID, { description: 'Fixed id, any UUID.' })
  id!: string;

  @Field(() => String, { description: 'Unique name.' })
  name!: string;

  @Field(() => String, { defaultValue: '', description: 'What the group is for.' })
  description!: string;

  @Field(() => [PermissionInput], { description: "Its grants, on the application's own resources only." })
  permissions!: PermissionInput[];
}

@InputType('ResourceInput', { description: 'The declaration of one resource.' })
class ResourceInput {
  @Field(() => String, { description: 'Name without namespace, kebab-case.' })
  name!: string;

  @Field(() => String, { description: 'Name for people.' })
  title!: string;

  @Field(() => [String], { description: 'Unprotected verbs.' })
  actions!: string[];

  @Field(() => [String], {
    defaultValue: [],
    description: 'Protected verbs, never covered by `admin:*`; none of `actions`.',
  })
  protectedActions!: string[];

  @Field(() => [ActionDetailInput], { defaultValue: [], description: 'Titles and settings of single verbs.' })
  actionDetails!: ActionDetailInput[];

  @Field(() => [AttributeInput], { defaultValue: [], description: 'What constraints can be about.' })
  attributes!: AttributeInput[];

  @Field(() => OwnerRuleInput, {
    nullable: true,
    description: 'What "own" means; null = the verbs ending in -own are refused.',
  })
  ownerRule?: OwnerRuleInput | null;

  @Field(() => [SystemGroupInput], { defaultValue: [], description: 'Groups to seed, managed by the system.' })
  systemGroups!: SystemGroupInput[];
}

@InputType('RegisterResourcesInput', { description: 'Input of registerResources.' })
export class RegisterResourcesInput extends DryRunInput {
  @Field(() => String, {
    nullable: true,
    description:
      "Namespace of the application, claimed by its first registration; absent = the one claimed by the calling key's owner, else its name.",
  })
  namespace?: string | null;

  @Field(() => [ResourceInput], { description: 'Declarations, at most 100; those left out stay as they are.' })
  resources!: ResourceInput[];
}

@ObjectType('RegisterResourcesPayload', { simpleResolvers: true, description: 'Answer of registerResources.' })
export class RegisterResourcesPayload extends PreviewPayload {
  @Field(() => [ResourceDefinitionType], { description: 'Declarations as they stand; empty on errors.' })
  resources!: readonly ResourceDefinitionType[];

  @Field(() => [GroupType], { description: 'Groups seeded; empty on errors.' })
  systemGroups!: readonly GroupType[];
}
