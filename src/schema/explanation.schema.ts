import { ArgsType, Field, ID, ObjectType } from 'type-graphql';
import { ExplanationStepKind, type ExplanationStepKind as StepKindWord } from '../vocabulary.ts';
import { PermissionDecisionType, StepUpType, SubjectInput } from './decision.schema.ts';
import { GroupType } from './group.schema.ts';
import { PermissionConstraintType, PermissionType } from './permission.schema.ts';
import { JsonObjectScalar } from './scalars.ts';

@ObjectType('ExplanationStep', { simpleResolvers: true, description: 'One step of an explanation.' })
export class ExplanationStepType {
  @Field(() => ExplanationStepKind, { description: 'What was looked at.' })
  kind!: StepKindWord;

  @Field(() => Boolean, { description: 'It allowed the decision.' })
  passed!: boolean;

  @Field(() => String, { description: 'One English sentence.' })
  message!: string;

  @Field(() => GroupType, { nullable: true, description: 'The group concerned.' })
  group!: GroupType | null;

  @Field(() => PermissionType, { nullable: true, description: 'The grant concerned.' })
  permission!: PermissionType | null;

  @Field(() => PermissionConstraintType, { nullable: true, description: 'The constraint concerned.' })
  constraint!: PermissionConstraintType | null;
}

@ObjectType('PermissionExplanation', { simpleResolvers: true, description: 'The whole chain behind one decision.' })
export class PermissionExplanationType {
  @Field(() => PermissionDecisionType, { description: 'The outcome.' })
  decision!: PermissionDecisionType;

  @Field(() => [GroupType], { description: 'Groups whose grants allow it.' })
  grantingGroups!: readonly GroupType[];

  @Field(() => PermissionConstraintType, {
    nullable: true,
    description: 'The constraint that came closest and failed.',
  })
  failingConstraint!: PermissionConstraintType | null;

  @Field(() => Boolean, { description: '`admin:*` is held, but the permission is protected.' })
  protectedCarveOut!: boolean;

  @Field(() => [ExplanationStepType], {
    description: 'Group, permission, constraint, key, impersonation, in the order of evaluation.',
  })
  steps!: readonly ExplanationStepType[];
}

@ObjectType('FieldVerdict', { simpleResolvers: true, description: 'What the rule tree says of one field.' })
export class FieldVerdictType {
  @Field(() => [String], { description: 'Response path of the field, list positions left out.' })
  path!: readonly string[];

  @Field(() => String, { description: 'Schema coordinate, Mutation.createUser.' })
  coordinate!: string;

  @Field(() => Boolean, { description: 'The rule passes.' })
  allowed!: boolean;

  @Field(() => String, { description: 'The rule in words.' })
  rule!: string;

  @Field(() => String, { nullable: true, description: 'What is decided per row, in words; null = nothing.' })
  rowRule!: string | null;

  @Field(() => [String], { description: 'Permissions, as action:resource, of which one would have sufficed.' })
  missing!: readonly string[];

  @Field(() => StepUpType, { nullable: true, description: 'What the session must raise first.' })
  required!: StepUpType | null;
}

@ObjectType('OperationExplanation', { simpleResolvers: true, description: 'Verdicts on a document that was not run.' })
export class OperationExplanationType {
  @Field(() => Boolean, { description: 'Every field is allowed; row rules are still to be asked.' })
  allowed!: boolean;

  @Field(() => [FieldVerdictType], { description: 'One per guarded field, in the order of the document.' })
  verdicts!: readonly FieldVerdictType[];

  @Field(() => [String], {
    description:
      'Syntax and validation errors, or that the API key is bound to other documents; then there are no verdicts.',
  })
  problems!: readonly string[];
}

@ObjectType('OperationPermissions', { simpleResolvers: true, description: 'What documents need at least.' })
export class OperationPermissionsType {
  @Field(() => [PermissionType], { description: 'Smallest set of grants, unconstrained.' })
  permissions!: readonly PermissionType[];

  @Field(() => [String], { description: 'Coordinates of fields that no API key can use.' })
  sessionOnly!: readonly string[];

  @Field(() => [String], { description: 'Syntax and validation errors.' })
  problems!: readonly string[];
}

@ArgsType()
export class ExplainPermissionArgs {
  @Field(() => ID, { nullable: true, description: 'About this user; absent with apiKeyId = the caller.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'About this key, instead of a user.' })
  apiKeyId?: string | null;

  @Field(() => String, { description: 'Verb.' })
  action!: string;

  @Field(() => String, { description: 'Resource.' })
  resource!: string;

  @Field(() => ID, { nullable: true, description: "Row concerned, in the application's own ids." })
  rowId?: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: 'Values of declared attributes.' })
  attributes?: Readonly<Record<string, unknown>> | null;

  @Field(() => ID, { nullable: true, description: 'Organization the row lies in; absent = in none.' })
  organizationId?: string | null;
}

@ArgsType()
export class ExplainOperationArgs {
  @Field(() => String, { description: 'GraphQL document, at most 20,000 characters.' })
  document!: string;

  @Field(() => JsonObjectScalar, { nullable: true, description: 'Its variables.' })
  variables?: Readonly<Record<string, unknown>> | null;

  @Field(() => String, { nullable: true, description: 'Which operation, when there are several.' })
  operationName?: string | null;

  @Field(() => SubjectInput, { nullable: true, description: 'For whom; absent = the caller.' })
  as?: SubjectInput | null;
}
