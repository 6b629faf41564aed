import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { newId, type GroupId, type MembershipId, type OrganizationId, type UserId } from '../ids.ts';
import { Group } from './group.entity.ts';
import { Organization } from './organization.entity.ts';
import { User } from './user.entity.ts';

/** A user in a group: wherever the group reaches, or within one organization and below. */
@Entity({ tableName: 'memberships' })
@Unique({
  name: 'memberships_unique',
  expression:
    'create unique index memberships_unique on memberships (user_id, group_id, organization_id) nulls not distinct',
})
@Index({ name: 'memberships_group_id_idx', properties: ['groupId', 'id'] })
export class Membership {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<MembershipId> = newId<MembershipId>();

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'user_id', deleteRule: 'cascade', index: false })
  userId: UserId;

  @ManyToOne({ entity: () => Group, mapToPk: true, fieldName: 'group_id', deleteRule: 'cascade', index: false })
  groupId: GroupId;

  /** Where the membership holds, and below; null = as the group's scope says. */
  @ManyToOne({
    entity: () => Organization,
    mapToPk: true,
    fieldName: 'organization_id',
    deleteRule: 'cascade',
    nullable: true,
    index: 'memberships_organization_id_idx',
  })
  organizationId: OrganizationId | null = null;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'added_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'memberships_added_by_id_idx',
  })
  addedById: UserId | null;

  @Property({ type: 'timestamptz' })
  addedAt: Date;

  constructor(
    userId: UserId,
    groupId: GroupId,
    facts: { addedById: UserId | null; organizationId?: OrganizationId | null; now: Date },
  ) {
    this.userId = userId;
    this.groupId = groupId;
    this.organizationId = facts.organizationId ?? null;
    this.addedById = facts.addedById;
    this.addedAt = facts.now;
  }
}
