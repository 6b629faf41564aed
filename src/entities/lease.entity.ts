import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/**
 * The right to run a job, for a while. Rows, not session advisory locks, so that connections may be pooled per
 * transaction; `fencing` grows with each new holder, so that a holder that lost its lease cannot write any more.
 */
@Entity({ tableName: 'leases' })
export class Lease {
  @PrimaryKey({ type: 'text' })
  name!: string;

  @Property({ type: 'text' })
  holder!: string;

  @Property({ type: 'bigint', runtimeType: 'string' })
  fencing!: string;

  @Property({ type: 'timestamptz' })
  expiresAt!: Date;
}
