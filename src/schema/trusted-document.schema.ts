import { ArgsType, Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar } from './scalars.ts';

@ObjectType('TrustedDocument', {
  simpleResolvers: true,
  description: 'A GraphQL document that clients may run by its id.',
  implements: NodeType,
})
export class TrustedDocumentType extends NodeType {
  @Field(() => String, { description: '"sha256:" and the hash of the text, hexadecimal.' })
  documentId!: string;

  @Field(() => String, { nullable: true, description: 'Name of its operation.' })
  operationName!: string | null;

  @Field(() => String, { description: 'The document.' })
  text!: string;

  @Field(() => String, { nullable: true, description: 'Client it belongs to; null = all.' })
  clientName!: string | null;

  @Field(() => Boolean, { description: 'It can be run.' })
  enabled!: boolean;

  @Field(() => Float, { description: 'Runs so far, a whole number, brought up to date every minute.' })
  useCount!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Last run.' })
  lastUsedAt!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When it was registered.' })
  registeredAt!: Date;
}

export const { Connection: TrustedDocumentConnectionType } = connectionOf(() => TrustedDocumentType, 'TrustedDocument');

@InputType('TrustedDocumentFilter', {
  description: 'Which documents; conditions are and-ed. Always newest first.',
})
export class TrustedDocumentFilterInput {
  @Field(() => String, { nullable: true, description: 'Of this client.' })
  clientName?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True = can be run.' })
  enabled?: boolean | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Not run since.' })
  unusedSince?: Date | null;

  @Field(() => String, { nullable: true, description: 'Part of the operation name, or the beginning of the hash.' })
  search?: string | null;
}

@ArgsType()
export class TrustedDocumentsArgs extends PageArgs {
  @Field(() => TrustedDocumentFilterInput, { nullable: true, description: 'Which documents.' })
  filter?: TrustedDocumentFilterInput | null;
}

@InputType('TrustedDocumentInput', { description: "One document, as codegen's persistedDocuments lists it." })
export class TrustedDocumentInput {
  @Field(() => String, { description: '"sha256:" and the hash, or the hash alone.' })
  documentId!: string;

  @Field(() => String, { description: 'The document.' })
  text!: string;
}

@InputType('RegisterDocumentsInput', { description: 'Input of registerDocuments.' })
export class RegisterDocumentsInput {
  @Field(() => [TrustedDocumentInput], { description: 'Documents, 1 to 500; known ones are enabled again.' })
  documents!: TrustedDocumentInput[];

  @Field(() => String, { nullable: true, description: 'Client they belong to; absent = all.' })
  clientName?: string | null;
}

@InputType('DisableDocumentsInput', { description: 'Input of disableDocuments.' })
export class DisableDocumentsInput {
  @Field(() => [ID], { description: 'Documents that can no longer be run, at most 500; all or none.' })
  ids!: string[];
}

@ObjectType('RegisterDocumentsPayload', { simpleResolvers: true, description: 'Answer of registerDocuments.' })
export class RegisterDocumentsPayload extends Payload {
  @Field(() => [TrustedDocumentType], { description: 'Documents as they stand; empty on errors.' })
  documents!: readonly TrustedDocumentType[];

  @Field(() => Int, { description: 'How many were not known before.' })
  newCount!: number;
}

@ObjectType('DisableDocumentsPayload', { simpleResolvers: true, description: 'Answer of disableDocuments.' })
export class DisableDocumentsPayload extends Payload {
  @Field(() => [TrustedDocumentType], { description: 'Documents after the change; empty on errors.' })
  documents!: readonly TrustedDocumentType[];
}
