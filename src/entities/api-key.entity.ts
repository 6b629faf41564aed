import type { Opt } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { type ApiKeyId, newId, type UserId } from '../ids.ts';
import type { Grant } from '../permissions/grants.ts';
import { User } from './user.entity.ts';

/**
 * A long-lived credential of a program. It never does more than its owner may: what it carries is met with the owner's present
 * grants at every request. The secret is stored as a hash; for a time after a rotation the secret before works, too.
 */
@Entity({ tableName: 'api_keys' })
@Check({ name: 'api_keys_name_length', expression: 'char_length(name) between 1 and 100' })
@Check({
  name: 'api_keys_overlap_complete',
  expression:
    '(previous_selector is null) = (previous_secret_hash is null) and (previous_selector is null) = (overlap_until is null)',
})
@Index({ name: 'api_keys_owner_id_idx', properties: ['ownerId', 'id'] })
@Index({
  name: 'api_keys_search_idx',
  expression: 'create index api_keys_search_idx on api_keys using gin (lower(name) gin_trgm_ops)',
})
@Unique({ name: 'api_keys_selector_unique', properties: ['selector'] })
@Unique({ name: 'api_keys_previous_selector_unique', properties: ['previousSelector'] })
export class ApiKey {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ApiKeyId> = newId<ApiKeyId>();

  @Property({ type: 'integer', version: true })
  version!: Opt<number>;

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'owner_id', deleteRule: 'cascade', index: false })
  ownerId!: UserId;

  @Property({ type: 'text' })
  name!: string;

  @Property({ type: 'text' })
  selector!: string;

  @Property({ type: 'blob', hidden: true })
  secretHash!: Buffer;

  @Property({ type: 'text', nullable: true })
  previousSelector: string | null = null;

  @Property({ type: 'blob', nullable: true, hidden: true })
  previousSecretHash: Buffer | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  overlapUntil: Date | null = null;

  /** Everything that the owner may and a key can hold, also later; then `grants` is empty. */
  @Property({ type: 'boolean', default: false })
  allMyPermissions: Opt<boolean> = false;

  @Property({ type: 'jsonb', default: '[]' })
  grants: Opt<readonly Grant[]> = [];

  /** SHA-256 of the documents that it can run, in hexadecimal; empty = any. */
  @Property({ type: 'array', columnType: 'text[]', default: [] })
  documentIds: Opt<readonly string[]> = [];

  /** CIDR; empty = any. */
  @Property({ type: 'array', columnType: 'text[]', default: [] })
  networks: Opt<readonly string[]> = [];

  @Property({ type: 'integer', nullable: true })
  rateLimitPerMinute: number | null = null;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'created_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'api_keys_created_by_id_idx',
  })
  createdById: UserId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  expiresAt: Date | null = null;

  /** Exact to the minute, written in batches. */
  @Property({ type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  lastUsedIp: string | null = null;

  @Property({ type: 'timestamptz', nullable: true })
  revokedAt: Date | null = null;
}
