import type { Opt } from '@mikro-orm/core';
import { Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { type ExportJobId, newId, type UserId } from '../ids.ts';
import { ExportFormat, ExportKind, ExportState } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * A file that is written in the background, batch by batch: each batch is one transaction that stores a chunk and the place where
 * the next one begins, so that another replica can go on after a crash. `fencing` grows with every claim; who lost the claim
 * cannot write any more.
 */
@Entity({ tableName: 'export_jobs' })
@Index({
  name: 'export_jobs_open_idx',
  expression: `create index export_jobs_open_idx on export_jobs (created_at, id) where state in ('QUEUED', 'RUNNING')`,
})
@Index({
  name: 'export_jobs_expires_at_idx',
  expression: 'create index export_jobs_expires_at_idx on export_jobs (expires_at) where expires_at is not null',
})
@Index({ name: 'export_jobs_owner_idx', properties: ['ownerId', 'createdAt', 'id'] })
export class ExportJob {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<ExportJobId> = newId<ExportJobId>();

  @Enum({ items: () => ExportKind, type: 'string' })
  kind!: ExportKind;

  @Enum({ items: () => ExportFormat, type: 'string' })
  format!: ExportFormat;

  @Enum({ items: () => ExportState, type: 'string' })
  state!: ExportState;

  @ManyToOne({ entity: () => User, mapToPk: true, fieldName: 'owner_id', deleteRule: 'cascade', index: false })
  ownerId!: UserId;

  /** The session or API key that asked: nothing else can fetch the file. */
  @Property({ type: 'uuid' })
  accessId!: string;

  /** What is exported: filter and reach of audit events, or whose data. */
  @Property({ type: 'jsonb' })
  scope!: Readonly<Record<string, unknown>>;

  /** Where the next batch begins; null: at the beginning. */
  @Property({ type: 'jsonb', nullable: true })
  place!: Readonly<Record<string, unknown>> | null;

  @Property({ type: 'double' })
  progress!: number;

  @Property({ type: 'integer' })
  rowCount!: number;

  @Property({ type: 'bigint', runtimeType: 'string' })
  sizeBytes!: string;

  @Property({ type: 'integer' })
  chunkCount!: number;

  @Property({ type: 'bigint', runtimeType: 'string' })
  fencing!: string;

  /** Until when whoever claimed it last may write. */
  @Property({ type: 'timestamptz', nullable: true })
  claimedUntil!: Date | null;

  /** Tries that ended with an error, or without a word. */
  @Property({ type: 'integer' })
  failures!: number;

  @Property({ type: 'text', nullable: true })
  failure!: string | null;

  @ManyToOne({
    entity: () => ExportJob,
    mapToPk: true,
    fieldName: 'previous_id',
    deleteRule: 'set null',
    nullable: true,
    index: 'export_jobs_previous_id_idx',
  })
  previousId!: ExportJobId | null;

  @Property({ type: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;

  @Property({ type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;
}

/** A part of the file of an export. */
@Entity({ tableName: 'export_chunks' })
export class ExportChunk {
  @ManyToOne({
    entity: () => ExportJob,
    mapToPk: true,
    primary: true,
    fieldName: 'job_id',
    deleteRule: 'cascade',
    index: false,
  })
  jobId!: ExportJobId;

  @PrimaryKey({ type: 'integer' })
  position!: number;

  @Property({ type: 'blob' })
  content!: Buffer;
}
