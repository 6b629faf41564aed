import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { EffectivePermissionType } from './group.schema.ts';
import { UserErrorType } from './payload.schema.ts';

@ObjectType('AccessChange', { simpleResolvers: true, description: 'What one subject would gain and lose.' })
export class AccessChangeType {
  @Field(() => [EffectivePermissionType], { description: 'Permissions that would come.' })
  gained!: readonly EffectivePermissionType[];

  @Field(() => [EffectivePermissionType], { description: 'Permissions that would go.' })
  lost!: readonly EffectivePermissionType[];
}

@ObjectType('AccessPreview', {
  simpleResolvers: true,
  description: 'What a change would do to access, without doing it.',
})
export class AccessPreviewType {
  @Field(() => [AccessChangeType], { description: 'Subjects concerned, at most 100.' })
  changes!: readonly AccessChangeType[];

  @Field(() => Int, { description: 'Number of subjects concerned, exact.' })
  affectedCount!: number;

  @Field(() => [UserErrorType], {
    description: 'Errors that the change would give, LAST_ADMIN and SELF_ESCALATION among them.',
  })
  verdicts!: readonly UserErrorType[];
}

const DRY_RUN = 'True changes nothing and answers `preview`.';
const BREAK_GLASS = 'Skips the two-person rule where the setting allows it; stored in the audit row.';
export const PREVIEW = 'Who would gain or lose what; set when `dryRun` was true.';
export const PENDING_REQUEST = 'The request that now waits for a second person; set with APPROVAL_REQUIRED.';

/** Input of a change of access that can be tried. */
@InputType()
export class DryRunInput {
  @Field(() => Boolean, { nullable: true, description: DRY_RUN })
  dryRun?: boolean | null;
}

/** Input of the use of a protected permission that can need a second person. */
@InputType()
export class BreakGlassInput {
  @Field(() => String, { nullable: true, description: BREAK_GLASS })
  breakGlassReason?: string | null;
}

/** Input of a change of access that can need a second person. */
@InputType()
export class AccessChangeInput extends DryRunInput {
  @Field(() => String, { nullable: true, description: BREAK_GLASS })
  breakGlassReason?: string | null;
}
