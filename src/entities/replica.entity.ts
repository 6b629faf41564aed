import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { ReplicaId } from '../ids.ts';

/** A process of the server that runs on this database. Each writes its row again every twenty seconds and removes it at its end. */
@Entity({ tableName: 'replicas' })
export class Replica {
  @PrimaryKey({ type: 'uuid' })
  id!: ReplicaId;

  /** Name of the machine or container. */
  @Property({ type: 'text' })
  host!: string;

  @Property({ type: 'text' })
  version!: string;

  @Property({ type: 'timestamptz' })
  startedAt!: Date;

  @Property({ type: 'timestamptz' })
  seenAt!: Date;
}
