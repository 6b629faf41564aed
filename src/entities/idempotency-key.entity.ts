import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** What a mutation answered, kept for 24 hours under the caller's key; secrets are never part of the answer. */
@Entity({ tableName: 'idempotency_keys' })
@Index({ name: 'idempotency_keys_expires_at_idx', properties: ['expiresAt'] })
export class IdempotencyKey {
  @PrimaryKey({ type: 'uuid' })
  actorId!: string;

  @PrimaryKey({ type: 'text' })
  mutation!: string;

  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'blob' })
  inputHash!: Buffer;

  @Property({ type: 'jsonb' })
  answer!: Readonly<Record<string, unknown>>;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;
}
