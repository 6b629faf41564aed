import { Check, Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** Where the chain of audit events ends; one row. Whoever seals holds its lock, so that no two rows follow the same one. */
@Entity({ tableName: 'audit_chain' })
@Check({ name: 'audit_chain_single_row', expression: 'id = 1' })
export class AuditChain {
  @PrimaryKey({ type: 'smallint', autoincrement: false })
  id!: number;

  /** Of the last sealed row; 0: none is. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  sequence!: string;

  @Property({ type: 'blob' })
  hash!: Buffer;
}

/**
 * A signed statement of what the chain was at one place. With `droppedFrom` it stands for rows that retention removed: those from
 * there to `sequence`, the chain goes on behind it.
 */
@Entity({ tableName: 'audit_checkpoints' })
@Index({
  name: 'audit_checkpoints_dropped_idx',
  expression:
    'create index audit_checkpoints_dropped_idx on audit_checkpoints (dropped_from) where dropped_from is not null',
})
export class AuditCheckpoint {
  @PrimaryKey({ type: 'bigint', runtimeType: 'string', autoincrement: false })
  sequence!: string;

  /** Hash of the row at `sequence`. */
  @Property({ type: 'blob' })
  hash!: Buffer;

  @Property({ type: 'bigint', runtimeType: 'string', nullable: true })
  droppedFrom!: string | null;

  @Property({ type: 'timestamptz' })
  at!: Date;

  /** The signing key; kept in `signing_keys` for as long as there are checkpoints. */
  @Property({ type: 'text' })
  kid!: string;

  /** JWS in compact form (RFC 7515) over all of the above. */
  @Property({ type: 'text' })
  signature!: string;
}
