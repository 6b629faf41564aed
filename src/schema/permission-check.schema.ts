import { ArgsType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { PermissionDecisionType, SubjectInput } from './decision.schema.ts';
import { JsonObjectScalar } from './scalars.ts';

@InputType('PermissionCheckInput', { description: 'One question.' })
class PermissionCheckInput {
  @Field(() => String, { description: 'Verb from the catalogue.' })
  action!: string;

  @Field(() => String, { description: 'Resource from the catalogue.' })
  resource!: string;

  @Field(() => ID, { nullable: true, description: "Row concerned, in the application's own ids; given back." })
  rowId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Organization the row lies in; absent = in none.' })
  organizationId?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "Values of declared attributes, the owner's among them; a missing one fails its constraint.",
  })
  attributes?: Readonly<Record<string, unknown>> | null;
}

@ArgsType()
export class CheckPermissionsArgs {
  @Field(() => [PermissionCheckInput], { description: 'Questions, 1 to 100.' })
  checks!: PermissionCheckInput[];

  @Field(() => SubjectInput, { nullable: true, description: 'For whom; absent = the caller.' })
  subject?: SubjectInput | null;
}

@ObjectType('PermissionDecisions', { simpleResolvers: true, description: 'Answers in the order of the questions.' })
export class PermissionDecisionsType {
  @Field(() => [PermissionDecisionType], { description: 'One per question.' })
  decisions!: readonly PermissionDecisionType[];

  @Field(() => String, {
    description:
      "Version of the subject's permissions; answers may be kept while it stays, but those that ask for a step-up or look at time, address or session.",
  })
  permissionVersion!: string;
}
