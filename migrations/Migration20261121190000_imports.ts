import { Migration } from '@mikro-orm/migrations';

export class Migration20261121190000_imports extends Migration {

  override name = 'Migration20261121190000_imports';

  override up(): void | Promise<void> {
    this.addSql(`create table "user_imports" ("id" uuid not null, "head" text not null, "line" int not null, "digest" text not null, "read_count" int not null, "imported_count" int not null, "hash_kinds" jsonb not null, "error_bytes" bigint not null, "started_at" timestamptz not null, "updated_at" timestamptz not null, "finished_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index user_imports_open_idx on user_imports (head, started_at) where finished_at is null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "user_imports" cascade;`);
  }

}
