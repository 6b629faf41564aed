import { Check, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/**
 * One row. `epoch` grows with every change of a group's definition: each request reads it together with its session, so
 * that a replica knows at once that the definitions in its memory are old. The row is also the lock that changes of
 * access take, one after another, which is what makes the guards (last administrator, zero groups) hold in parallel.
 */
@Entity({ tableName: 'permission_epoch' })
@Check({ name: 'permission_epoch_single_row', expression: 'id = 1' })
export class PermissionEpoch {
  @PrimaryKey({ type: 'smallint' })
  id!: number;

  @Property({ type: 'bigint', runtimeType: 'string' })
  epoch!: string;

  /** When the first administrator was made; set once, never cleared: set-up works only before. */
  @Property({ type: 'timestamptz', nullable: true })
  firstAdministratorAt!: Date | null;
}
