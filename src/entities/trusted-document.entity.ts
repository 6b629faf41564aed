import { Check, Entity, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type TrustedDocumentId } from '../ids.ts';

/** A GraphQL document that clients may run by its hash. The text never changes: another text is another document. */
@Entity({ tableName: 'trusted_documents' })
@Unique({ name: 'trusted_documents_hash_unique', properties: ['hash'] })
@Index({ name: 'trusted_documents_registered_at_idx', properties: ['registeredAt', 'id'] })
@Check({ name: 'trusted_documents_hash_check', expression: `hash ~ '^[0-9a-f]{64}$'` })
export class TrustedDocument {
  @PrimaryKey({ type: 'uuid' })
  id: TrustedDocumentId = newId();

  /** SHA-256 of the text, hexadecimal. */
  @Property({ type: 'text' })
  hash!: string;

  @Property({ type: 'text', nullable: true })
  operationName!: string | null;

  @Property({ type: 'text' })
  text!: string;

  /** null = of all clients. */
  @Property({ type: 'text', nullable: true })
  clientName!: string | null;

  @Property({ type: 'boolean' })
  enabled!: boolean;

  @Property({ type: 'bigint', runtimeType: 'string' })
  useCount!: string;

  @Property({ type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  @Property({ type: 'timestamptz' })
  registeredAt!: Date;
}

/** One row. `epoch` grows with every change of which documents can be run; whoever holds them in memory reads it to know. */
@Entity({ tableName: 'trusted_document_epoch' })
@Check({ name: 'trusted_document_epoch_single_row', expression: 'id = 1' })
export class TrustedDocumentEpoch {
  @PrimaryKey({ type: 'smallint' })
  id!: number;

  @Property({ type: 'bigint', runtimeType: 'string' })
  epoch!: string;
}
