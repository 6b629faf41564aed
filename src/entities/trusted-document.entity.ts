import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type TrustedDocumentId, type UserId } from '../ids.ts';
import { User } from './user.entity.ts';

/**
 * A GraphQL document that clients may run by its id. Its text never changes and its row is never deleted: one that may not be run any
 * more is switched off. `changedEpoch` grows with every registration and every switch, so that replicas read just what changed.
 */
@Entity({ tableName: 'trusted_documents' })
@Unique({ name: 'trusted_documents_hash_unique', properties: ['hash'] })
@Index({ name: 'trusted_documents_changed_epoch_idx', properties: ['changedEpoch'] })
@Index({ name: 'trusted_documents_registered_by_idx', properties: ['registeredById'] })
export class TrustedDocument {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<TrustedDocumentId> = newId<TrustedDocumentId>();

  /** SHA-256 of the text, in hex. */
  @Property({ type: 'text' })
  hash!: string;

  @Property({ type: 'text' })
  text!: string;

  /** Of several operations the first one that has a name. */
  @Property({ type: 'text', nullable: true })
  operationName: string | null = null;

  /** null = it belongs to all clients. */
  @Property({ type: 'text', nullable: true })
  clientName: string | null = null;

  @Property({ type: 'boolean' })
  enabled: Opt<boolean> = true;

  @Property({ type: 'bigint', runtimeType: 'string' })
  useCount: Opt<string> = '0';

  @Property({ type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null = null;

  @Property({ type: 'bigint', runtimeType: 'string' })
  changedEpoch!: string;

  @Property({ type: 'timestamptz' })
  registeredAt!: Date;

  /** null: from the command line, or by somebody who was deleted. */
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'registered_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: false,
  })
  registeredById: UserId | null = null;
}
