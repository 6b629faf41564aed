import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newId, type UserImportId } from '../ids.ts';

/**
 * How far an import of accounts has come. Each batch moves it on in the transaction that makes the accounts, so that whoever goes on
 * after a crash begins behind the last line that was committed. It holds no value of the file.
 */
@Entity({ tableName: 'user_imports' })
@Index({
  name: 'user_imports_open_idx',
  expression: 'create index user_imports_open_idx on user_imports (head, started_at) where finished_at is null',
})
export class UserImport {
  @PrimaryKey({ type: 'uuid' })
  id: Opt<UserImportId> = newId<UserImportId>();

  /** Hash of the beginning of the file: which file it is. */
  @Property({ type: 'text' })
  head!: string;

  /** Number of the last line that is done. */
  @Property({ type: 'integer' })
  line!: number;

  /** Hash of all lines up to there, to see that they are still the same. */
  @Property({ type: 'text' })
  digest!: string;

  @Property({ type: 'integer' })
  readCount!: number;

  @Property({ type: 'integer' })
  importedCount!: number;

  /** Accounts by the method of their hash. */
  @Property({ type: 'jsonb' })
  hashKinds!: Readonly<Record<string, number>>;

  /** Length of the error file, in bytes: what stands behind it belongs to a batch that was never committed. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  errorBytes!: string;

  @Property({ type: 'timestamptz' })
  startedAt!: Date;

  @Property({ type: 'timestamptz' })
  updatedAt!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
