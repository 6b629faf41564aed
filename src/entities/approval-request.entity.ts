import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { type ApprovalRequestId, newId, type UserId } from '../ids.ts';
import { ApprovalState } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/** A change that waits for a second person: what was asked, by whom, and what became of it. EXPIRED is computed, never stored. */
@Entity({ tableName: 'approval_requests' })
@Index({ name: 'approval_requests_requested_by_id_idx', properties: ['requestedById', 'id'] })
@Index({
  name: 'approval_requests_pending_idx',
  expression: `create index approval_requests_pending_idx on approval_requests (expires_at, id) where state = 'PENDING'`,
})
export class ApprovalRequest {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ApprovalRequestId> = newId<ApprovalRequestId>();

  @Property({ type: 'text' })
  mutation!: string;

  /** The protected permission concerned, as `action:resource`. */
  @Property({ type: 'text' })
  permission!: string;

  /** Input of the mutation, secrets left out. */
  @Property({ type: 'jsonb' })
  input!: Readonly<Record<string, unknown>>;

  /** What the change would have done to access when it was asked for. */
  @Property({ type: 'jsonb', nullable: true })
  preview: Readonly<Record<string, unknown>> | null = null;

  @Enum({ items: () => ApprovalState, type: 'string' })
  state: Opt<ApprovalState> = ApprovalState.PENDING;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'requested_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: false,
  })
  requestedById: UserId | null = null;

  @Property({ type: 'text', nullable: true })
  reason: string | null = null;

  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'decided_by_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'approval_requests_decided_by_id_idx',
  })
  decidedById: UserId | null = null;

  @Property({ type: 'text', nullable: true })
  decisionReason: string | null = null;

  /** The request for the same that ended without being carried out. */
  @ManyToOne({
    entity: () => ApprovalRequest,
    mapToPk: true,
    fieldName: 'previous_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'approval_requests_previous_id_idx',
  })
  previousId: ApprovalRequestId | null = null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  decidedAt: Date | null = null;
}
