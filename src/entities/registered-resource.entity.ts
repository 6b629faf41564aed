import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { ApiKeyId, UserId } from '../ids.ts';
import type { OwnerRule } from '../permissions/catalogue-types.ts';
import type { RegisteredAction, RegisteredAttribute } from '../permissions/registered-catalogue.ts';
import { ApiKey } from './api-key.entity.ts';
import { User } from './user.entity.ts';

/** A prefix for the resources of one application, claimed by its first registration. */
@Entity({ tableName: 'resource_namespaces' })
export class ResourceNamespace {
  @PrimaryKey({ type: 'text' })
  namespace!: string;

  /** Whose keys may register in it; null when deleted: then nobody's. */
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'owner_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'resource_namespaces_owner_id_idx',
  })
  ownerId: UserId | null = null;

  @Property({ type: 'timestamptz' })
  claimedAt!: Date;
}

/**
 * A kind of object that an application declares at run time, with its verbs and attributes. `changedEpoch` is the permission epoch
 * of the last change, so that replicas read just what changed.
 */
@Entity({ tableName: 'registered_resources' })
@Index({ name: 'registered_resources_changed_epoch_idx', properties: ['changedEpoch'] })
export class RegisteredResource {
  /** As in permissions: `namespace.name`. */
  @PrimaryKey({ type: 'text' })
  name!: string;

  @ManyToOne({
    entity: () => ResourceNamespace,
    mapToPk: true,
    fieldName: 'namespace',
    deleteRule: 'cascade',
    index: 'registered_resources_namespace_idx',
  })
  namespace!: string;

  @Property({ type: 'integer', version: true })
  version!: Opt<number>;

  @Property({ type: 'text' })
  title!: string;

  @Property({ type: 'jsonb' })
  actions!: readonly RegisteredAction[];

  @Property({ type: 'jsonb' })
  attributes!: readonly RegisteredAttribute[];

  @Property({ type: 'jsonb', nullable: true })
  ownerRule: OwnerRule | null = null;

  @ManyToOne({
    entity: () => ApiKey,
    mapToPk: true,
    fieldName: 'registered_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'registered_resources_registered_by_id_idx',
  })
  registeredById: ApiKeyId | null = null;

  @Property({ type: 'bigint', runtimeType: 'string' })
  changedEpoch: Opt<string> = '0';

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  updatedAt!: Date;
}
