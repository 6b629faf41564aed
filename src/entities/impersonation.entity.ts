import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { type ImpersonationId, newId, type SessionId, type UserId } from '../ids.ts';
import { ImpersonationMode } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/** Somebody who acts, or acted, as another person: who, as whom, why, how far and how long. Its session names this row. */
@Entity({ tableName: 'impersonations' })
@Index({ name: 'impersonations_actor_id_idx', properties: ['actorId', 'id'] })
@Index({ name: 'impersonations_target_id_idx', properties: ['targetId', 'id'] })
@Index({
  name: 'impersonations_active_idx',
  expression: 'create index impersonations_active_idx on impersonations (actor_session_id) where ended_at is null',
})
export class Impersonation {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ImpersonationId> = newId<ImpersonationId>();

  /** Who acts; null when deleted. */
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'actor_id',
    deleteRule: 'set null',
    nullable: true,
    index: false,
  })
  actorId: UserId | null = null;

  /** Who is acted as; null when deleted. */
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'target_id',
    deleteRule: 'set null',
    nullable: true,
    index: false,
  })
  targetId: UserId | null = null;

  /** The session of the actor that began it, and ends it by ending. No foreign key: sessions are cleaned away, this row stays. */
  @Property({ type: 'uuid' })
  actorSessionId!: SessionId;

  @Enum({ items: () => ImpersonationMode, type: 'string' })
  mode!: ImpersonationMode;

  @Property({ type: 'text' })
  reason!: string;

  @Property({ type: 'text', nullable: true })
  ticket: string | null = null;

  @Property({ type: 'timestamptz' })
  startedAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  endedAt: Date | null = null;

  /** Null while it goes on, and when it expired. */
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'ended_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'impersonations_ended_by_id_idx',
  })
  endedById: UserId | null = null;
}
