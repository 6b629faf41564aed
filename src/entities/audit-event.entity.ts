import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { AuditEventId } from '../ids.ts';
import { AuditResult } from '../vocabulary.ts';

/** One changed field of an audit event, as text; secrets are never given. */
export interface AuditChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * One line of the append-only log, partitioned by month of `at`. It refers to others by type and id only, without foreign
 * keys, so that it outlives them. What names or locates a person lies in `audit_personal_values` and can be erased there;
 * `personalCommitment` is a salted hash of it, so that erasing does not break the hash chain. Triggers refuse every change but
 * sealing, which happens once.
 */
@Entity({ tableName: 'audit_events' })
@Index({ name: 'audit_events_actor_idx', properties: ['actorId', 'at', 'id'] })
@Index({ name: 'audit_events_target_idx', properties: ['targetId', 'at', 'id'] })
@Index({ name: 'audit_events_action_idx', properties: ['action', 'at', 'id'] })
@Index({ name: 'audit_events_id_idx', properties: ['id'] })
@Index({ name: 'audit_events_result_idx', properties: ['result', 'at', 'id'] })
@Index({ name: 'audit_events_transaction_idx', properties: ['transactionId'] })
@Index({
  name: 'audit_events_on_behalf_of_idx',
  expression:
    'create index audit_events_on_behalf_of_idx on audit_events (on_behalf_of_id, at, id) where on_behalf_of_id is not null',
})
@Index({
  name: 'audit_events_chain_idx',
  expression: 'create index audit_events_chain_idx on audit_events (chain_sequence) where chain_sequence is not null',
})
@Index({
  name: 'audit_events_unsealed_idx',
  expression: 'create index audit_events_unsealed_idx on audit_events (at, id) where chain_sequence is null',
})
export class AuditEvent {
  @PrimaryKey({ type: 'timestamptz' })
  at!: Date;

  @PrimaryKey({ type: 'uuid' })
  id!: AuditEventId;

  @Property({ type: 'text' })
  action!: string;

  @Enum({ items: () => AuditResult, type: 'string' })
  result!: AuditResult;

  @Property({ type: 'text', nullable: true })
  actorType!: string | null;

  @Property({ type: 'uuid', nullable: true })
  actorId!: string | null;

  @Property({ type: 'uuid', nullable: true })
  onBehalfOfId!: string | null;

  @Property({ type: 'text', nullable: true })
  targetType!: string | null;

  @Property({ type: 'text', nullable: true })
  targetId!: string | null;

  @Property({ type: 'text', nullable: true })
  requestId!: string | null;

  @Property({ type: 'jsonb' })
  metadata!: Readonly<Record<string, unknown>>;

  @Property({ type: 'blob' })
  personalCommitment!: Buffer;

  /** Place in the hash chain; set by the sealing job. */
  @Property({ type: 'bigint', runtimeType: 'string', nullable: true })
  chainSequence!: string | null;

  @Property({ type: 'blob', nullable: true })
  chainHash!: Buffer | null;

  /** The transaction that wrote it: what was committed since somebody looked is found by it. null = written before it was kept. */
  @Property({ type: 'xid8', runtimeType: 'string', nullable: true, defaultRaw: 'pg_current_xact_id()' })
  transactionId!: Opt<string> | null;
}

/**
 * The erasable half of an audit event: labels, address, user agent and changed values. Triggers refuse every change but erasing:
 * the salt becomes empty, so that nobody can guess what the commitment was made of, and each value null.
 */
@Entity({ tableName: 'audit_personal_values' })
@Index({
  name: 'audit_personal_values_address_idx',
  expression: `create index audit_personal_values_address_idx on audit_personal_values ((("values"->>'ipAddress')::inet), at, event_id)`,
})
export class AuditPersonalValues {
  @PrimaryKey({ type: 'timestamptz' })
  at!: Date;

  @PrimaryKey({ type: 'uuid' })
  eventId!: AuditEventId;

  @Property({ type: 'blob' })
  salt!: Buffer;

  @Property({ type: 'jsonb' })
  values!: {
    readonly actorLabel: string | null;
    readonly targetLabel: string | null;
    readonly ipAddress: string | null;
    readonly userAgent: string | null;
    readonly changes: readonly AuditChange[];
  };
}
