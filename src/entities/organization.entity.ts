import type { Opt } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { type GroupId, newId, type OrganizationId, type UserId } from '../ids.ts';
import { Group } from './group.entity.ts';
import { User } from './user.entity.ts';

/**
 * A node of the organization tree. Organizations say where grants hold and who sees whom; they are no tenants. The place in the
 * tree is kept twice: by `parentId`, and for every pair of nodes by the closure, so that a subtree is one look-up.
 */
@Entity({ tableName: 'organizations' })
@Check({ name: 'organizations_name_length', expression: 'char_length(name) between 1 and 100' })
@Check({ name: 'organizations_not_own_parent', expression: 'parent_id is distinct from id' })
@Index({ name: 'organizations_name_idx', properties: ['name', 'id'] })
@Index({ name: 'organizations_created_at_idx', properties: ['createdAt', 'id'] })
@Index({ name: 'organizations_parent_name_idx', properties: ['parentId', 'name', 'id'] })
@Index({
  name: 'organizations_sibling_unique',
  expression:
    'create unique index organizations_sibling_unique on organizations (parent_id, name_key) nulls not distinct',
})
@Index({
  name: 'organizations_search_idx',
  expression: 'create index organizations_search_idx on organizations using gin (name_key gin_trgm_ops)',
})
export class Organization {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<OrganizationId> = newId<OrganizationId>();

  @Property({ type: 'integer', version: true })
  version!: Opt<number>;

  @Property({ type: 'text' })
  name: string;

  /** The name, normalised (NFKC) and lower-cased: what is unique among siblings, and searched. */
  @Property({ type: 'text' })
  nameKey: string;

  /** Position of its level in the settings, from the top, beginning with 0. */
  @Property({ type: 'smallint' })
  level: number;

  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'parent_id',
    deleteRule: 'cascade',
    nullable: true,
    index: false,
  })
  parentId: OrganizationId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt: Date;

  @Property({ type: 'timestamptz' })
  updatedAt: Date;

  constructor(name: string, level: number, now: Date) {
    this.name = name;
    this.nameKey = organizationNameKey(name);
    this.level = level;
    this.createdAt = now;
    this.updatedAt = now;
  }
}

/** Two names that a person would call the same have the same key. */
export const organizationNameKey = (name: string): string => name.normalize('NFKC').toLowerCase();

/** Each pair of an organization and one above it, itself included: `depth` levels lie between them. */
@Entity({ tableName: 'organization_closure' })
@Index({ name: 'organization_closure_descendant_idx', properties: ['descendantId', 'depth'] })
export class OrganizationClosure {
  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'ancestor_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  ancestorId!: OrganizationId;

  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'descendant_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  descendantId!: OrganizationId;

  @Property({ type: 'smallint' })
  depth!: number;
}

/** A user who belongs to an organization; what they may do there is said by memberships and by the organization's groups. */
@Entity({ tableName: 'organization_members' })
@Index({
  name: 'organization_members_organization_idx',
  properties: ['organizationId', 'joinedAt', 'userId'],
  include: ['accountCreatedAt'],
})
@Index({ name: 'organization_members_account_age_idx', properties: ['accountCreatedAt', 'userId', 'organizationId'] })
export class OrganizationMember {
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'user_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  userId!: UserId;

  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  organizationId!: OrganizationId;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'added_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'organization_members_added_by_id_idx',
  })
  addedById: UserId | null = null;

  @Property({ type: 'timestamptz' })
  joinedAt!: Date;

  /** When the account was made, by which pages of a part of the tree are ordered. The database writes it. */
  @Property({ type: 'timestamptz' })
  accountCreatedAt!: Date;
}

/** A group that every member of an organization has, there and below. */
@Entity({ tableName: 'organization_groups' })
@Index({ name: 'organization_groups_group_id_idx', properties: ['groupId'] })
export class OrganizationGroup {
  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  organizationId!: OrganizationId;

  @ManyToOne({
    entity: () => Group,
    mapToPk: true,
    fieldName: 'group_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  groupId!: GroupId;
}

/** An organization that a group with scope LISTED reaches, with all below it. */
@Entity({ tableName: 'group_organizations' })
@Index({ name: 'group_organizations_organization_id_idx', properties: ['organizationId'] })
export class GroupOrganization {
  @ManyToOne({
    entity: () => Group,
    mapToPk: true,
    fieldName: 'group_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  groupId!: GroupId;

  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  organizationId!: OrganizationId;
}
