import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  AssuranceLevel,
  DecisionReason,
  type DecisionReason as DecisionReasonWord,
  ExplanationStepKind,
  type AssuranceLevel as AssuranceLevelWord,
} from '../vocabulary.ts';

registerEnumType(DecisionReason, {
  name: 'DecisionReason',
  description: 'Why a decision came out as it did.',
  valuesConfig: {
    GRANTED: { description: 'A grant allows it.' },
    GRANTED_AS_OWNER: { description: "The row is the subject's own." },
    GRANTED_BY_ACTION_LINK: { description: 'The one-time token allowed it and is used up.' },
    NO_GRANT: { description: 'No group gives the permission.' },
    CONSTRAINT_FAILED: { description: 'Grants exist, their constraints do not hold.' },
    NOT_OWNER: { description: 'Only own rows are granted.' },
    PROTECTED: { description: '`admin:*` does not cover it.' },
    OUT_OF_SCOPE: { description: 'The grant holds in other organizations.' },
    NARROWED_BY_API_KEY: { description: 'The key does not carry it.' },
    IMPERSONATING: { description: 'It does not work while impersonating.' },
    STEP_UP_REQUIRED: { description: 'The session must be raised first.' },
    SUBJECT_INACTIVE: { description: 'The subject is locked, disabled or not yet active.' },
    UNKNOWN_PERMISSION: { description: 'The catalogue has no such action and resource.' },
    ACTION_LINK_INVALID: { description: 'The one-time token is used, expired, or for something else.' },
  },
});

registerEnumType(ExplanationStepKind, {
  name: 'ExplanationStepKind',
  description: 'What a step of an explanation looked at.',
  valuesConfig: {
    SUBJECT: { description: 'State of the user or key.' },
    GROUP: { description: 'Membership in a group.' },
    PERMISSION: { description: 'A grant of the group.' },
    CONSTRAINT: { description: 'A constraint of the grant.' },
    OWNER: { description: 'Owner of the row.' },
    API_KEY: { description: "The key's own permissions." },
    IMPERSONATION: { description: 'Mode of the impersonation.' },
    ASSURANCE: { description: 'Level and freshness of the session.' },
  },
});

@ObjectType('StepUp', { simpleResolvers: true, description: 'What a session needs before it may go on.' })
export class StepUpType {
  @Field(() => AssuranceLevel, {
    nullable: true,
    description: 'Level to reach; null when the present one suffices.',
  })
  assuranceLevel!: AssuranceLevelWord | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Identity confirmed at most so many minutes ago; null when that does not matter.',
  })
  withinMinutes!: number | null;
}

@ObjectType('PermissionDecision', { simpleResolvers: true, description: 'The answer to one question.' })
export class PermissionDecisionType {
  @Field(() => String, { description: 'Verb asked for.' })
  action!: string;

  @Field(() => String, { description: 'Resource asked for.' })
  resource!: string;

  @Field(() => ID, { nullable: true, description: 'Row asked for, as given.' })
  rowId!: string | null;

  @Field(() => Boolean, { description: 'The answer.' })
  allowed!: boolean;

  @Field(() => DecisionReason, { description: 'Why.' })
  reason!: DecisionReasonWord;

  @Field(() => [String], {
    description:
      'Permissions, as action:resource, of which one would have sufficed; empty for callers who may not know.',
  })
  missing!: readonly string[];

  @Field(() => StepUpType, {
    nullable: true,
    description: 'What the session must raise first; set with STEP_UP_REQUIRED.',
  })
  required!: StepUpType | null;
}

@InputType('SubjectInput', { description: 'Whose permissions are asked about; exactly one field.' })
export class SubjectInput {
  @Field(() => ID, { nullable: true, description: 'A user.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'An API key.' })
  apiKeyId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True = nobody signed in.' })
  anonymous?: boolean | null;
}
