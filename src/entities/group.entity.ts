import type { Opt } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type GroupId, type UserId } from '../ids.ts';
import type { Grant } from '../permissions/grants.ts';
import { ScopeMode } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * A set of grants and its members. `changedEpoch` is the permission epoch of the last change of the definition, so that a
 * replica whose memory is older reads just the groups that changed (see PermissionEpoch).
 */
@Entity({ tableName: 'groups' })
@Check({ name: 'groups_name_length', expression: 'char_length(name) between 1 and 100' })
@Unique({ name: 'groups_name_key_unique', properties: ['nameKey'] })
@Index({ name: 'groups_name_idx', properties: ['name', 'id'] })
@Index({ name: 'groups_created_at_idx', properties: ['createdAt', 'id'] })
@Index({ name: 'groups_changed_epoch_idx', properties: ['changedEpoch'] })
@Unique({
  name: 'groups_external_id_unique',
  expression:
    'create unique index groups_external_id_unique on groups (source, external_id) where external_id is not null',
})
export class Group {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<GroupId> = newId<GroupId>();

  @Property({ type: 'integer', version: true })
  version!: Opt<number>;

  @Property({ type: 'text' })
  name: string;

  /** The name, normalised (NFKC) and case-folded: what is unique. */
  @Property({ type: 'text' })
  nameKey: string;

  @Property({ type: 'text' })
  description: Opt<string> = '';

  @Property({ type: 'boolean' })
  systemManaged: Opt<boolean> = false;

  @Enum({ items: () => ScopeMode, type: 'string' })
  scopeMode: Opt<ScopeMode> = ScopeMode.LISTED;

  @Property({ type: 'bigint', runtimeType: 'string' })
  changedEpoch: Opt<string> = '0';

  @Property({ type: 'text', nullable: true })
  externalId: string | null = null;

  @Property({ type: 'text', nullable: true })
  source: string | null = null;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'created_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'groups_created_by_id_idx',
  })
  createdById: UserId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  updatedAt: Date;

  constructor(name: string, now: Date) {
    this.name = name;
    this.nameKey = groupNameKey(name);
    this.createdAt = now;
    this.updatedAt = now;
  }
}

/** One permission that a group gives, with typed constraints (`[]` = unconstrained). */
@Entity({ tableName: 'group_grants' })
@Index({ name: 'group_grants_permission_idx', properties: ['resource', 'action'] })
export class GroupGrant {
  @ManyToOne({
    entity: () => Group,
    mapToPk: true,
    fieldName: 'group_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  groupId: GroupId;

  @PrimaryKey({ type: 'smallint' })
  position: number;

  @Property({ type: 'text' })
  action: string;

  @Property({ type: 'text' })
  resource: string;

  @Property({ type: 'jsonb' })
  constraints: Grant['constraints'];

  constructor(groupId: GroupId, position: number, grant: Grant) {
    this.groupId = groupId;
    this.position = position;
    this.action = grant.action;
    this.resource = grant.resource;
    this.constraints = grant.constraints;
  }
}

/** Two names that a person would call the same have the same key. */
export const groupNameKey = (name: string): string => name.normalize('NFKC').toLowerCase();
