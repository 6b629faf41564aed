import type { Opt } from '@mikro-orm/core';
import { Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { type ActionLinkId, newId, type UserId } from '../ids.ts';
import { User } from './user.entity.ts';

/** A one-time right of one recipient to one action on one row of an application: possession of the token, once. */
@Entity({ tableName: 'action_links' })
@Index({ name: 'action_links_expires_at_idx', properties: ['expiresAt'] })
@Index({
  name: 'action_links_selector_unique',
  expression: 'create unique index action_links_selector_unique on action_links (selector)',
})
export class ActionLink {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ActionLinkId> = newId<ActionLinkId>();

  @Property({ type: 'text' })
  selector!: string;

  @Property({ type: 'blob', hidden: true })
  secretHash!: Buffer;

  @Property({ type: 'text' })
  action!: string;

  @Property({ type: 'text' })
  resource!: string;

  /** In the application's own ids. */
  @Property({ type: 'text' })
  rowId!: string;

  /** Normalised e-mail address. */
  @Property({ type: 'text' })
  recipient!: string;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'created_by_id',
    deleteRule: 'cascade',
    index: 'action_links_created_by_id_idx',
  })
  createdById!: UserId;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  usedAt: Date | null = null;
}
