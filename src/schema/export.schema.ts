import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { AccessChangeInput } from './access-change.schema.ts';
import { AccessChangePayload } from './approval.schema.ts';
import { ExportFormat, ExportKind, ExportState } from '../vocabulary.ts';
import { AuditEventFilterInput } from './audit.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar } from './scalars.ts';

const IDEMPOTENCY_KEY = 'Repeating the same input with the same key within 24 h answers as the first time.';
const REASON = 'Kept in the audit log, at most 500 characters.';

@ObjectType('ExportJob', {
  simpleResolvers: true,
  description: 'An export made in the background. Visible to who asked for it.',
  implements: NodeType,
})
export class ExportJobType extends NodeType {
  @Field(() => ExportKind, { description: 'What is exported.' })
  kind!: ExportKind;

  @Field(() => ExportFormat, { description: 'Form of the file.' })
  format!: ExportFormat;

  @Field(() => ExportState, { description: 'Where it stands.' })
  state!: ExportState;

  @Field(() => Float, { description: 'Part done, 0 to 1.' })
  progress!: number;

  @Field(() => Int, { description: 'Rows written so far.' })
  rowCount!: number;

  @Field(() => Float, { description: 'Bytes written so far, a whole number.' })
  sizeBytes!: number;

  @Field(() => String, { nullable: true, description: 'Why it failed, one English sentence.' })
  failure!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was done or failed.' })
  finishedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the file is deleted.' })
  expiresAt!: Date | null;
}

@InputType('ExportAuditEventsInput', { description: 'Input of exportAuditEvents.' })
export class ExportAuditEventsInput {
  @Field(() => AuditEventFilterInput, { nullable: true, description: 'Which events; absent = all visible.' })
  filter?: AuditEventFilterInput | null;

  @Field(() => ExportFormat, { defaultValue: ExportFormat.NDJSON, description: 'Form of the file.' })
  format!: ExportFormat;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@InputType('ExportUserDataInput', { description: 'Input of exportUserData.' })
export class ExportUserDataInput {
  @Field(() => ID, { description: 'Whose data.' })
  userId!: string;

  @Field(() => String, { description: REASON })
  reason!: string;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@InputType('EraseUserInput', { description: 'Input of eraseUser.' })
export class EraseUserInput extends AccessChangeInput {
  @Field(() => ID, {
    description: 'Who is deleted; personal values in the audit log go too, its chain stays whole.',
  })
  userId!: string;

  @Field(() => String, { description: `${REASON} Must not name the person.` })
  reason!: string;
}

@ObjectType('ExportAuditEventsPayload', { simpleResolvers: true, description: 'Answer of exportAuditEvents.' })
export class ExportAuditEventsPayload extends Payload {
  @Field(() => ExportJobType, { nullable: true, description: 'The export in the background.' })
  exportJob?: ExportJobType | null;
}

@ObjectType('ExportUserDataPayload', { simpleResolvers: true, description: 'Answer of exportUserData.' })
export class ExportUserDataPayload extends Payload {
  @Field(() => ExportJobType, { nullable: true, description: 'The export in the background.' })
  exportJob?: ExportJobType | null;
}

@ObjectType('EraseUserPayload', { simpleResolvers: true, description: 'Answer of eraseUser.' })
export class EraseUserPayload extends AccessChangePayload {
  @Field(() => ID, { nullable: true, description: 'Former id.' })
  erasedUserId?: string | null;
}
