import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, type ResetRequestId } from '../ids.ts';

/**
 * Somebody asked for a link to a new password. The row is all that the answer waits for: it is written in the same way whether or not
 * the address has an account, which is looked up only afterwards.
 */
@Entity({ tableName: 'reset_requests' })
@Index({ name: 'reset_requests_due_idx', properties: ['nextAttemptAt', 'id'] })
export class ResetRequest {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ResetRequestId> = newId<ResetRequestId>();

  /** Normalised address. */
  @Property({ type: 'text' })
  address!: string;

  /** Who asked and from where, for the log. */
  @Property({ type: 'jsonb' })
  origin!: Readonly<Record<string, unknown>>;

  @Property({ type: 'integer', default: 0 })
  attempts: Opt<number> = 0;

  /** From when on it may be taken; whoever takes it moves this on. */
  @Property({ type: 'timestamptz' })
  nextAttemptAt!: Date;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;
}
