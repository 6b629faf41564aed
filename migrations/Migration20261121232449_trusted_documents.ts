import { Migration } from '@mikro-orm/migrations';

export class Migration20261121232449_trusted_documents extends Migration {

  override name = 'Migration20261121232449_trusted_documents';

  override up(): void | Promise<void> {
    this.addSql(`create table "trusted_documents" ("id" uuid not null, "hash" text not null, "text" text not null, "operation_name" text null, "client_name" text null, "enabled" boolean not null default true, "use_count" bigint not null default '0', "last_used_at" timestamptz null, "changed_epoch" bigint not null, "registered_at" timestamptz not null, "registered_by_id" uuid null, primary key ("id"));`);
    this.addSql(`create index "trusted_documents_registered_by_idx" on "trusted_documents" ("registered_by_id");`);
    this.addSql(`create index "trusted_documents_changed_epoch_idx" on "trusted_documents" ("changed_epoch");`);
    this.addSql(`alter table "trusted_documents" add constraint "trusted_documents_hash_unique" unique ("hash");`);

    this.addSql(`alter table "trusted_documents" add constraint "trusted_documents_registered_by_id_foreign" foreign key ("registered_by_id") references "users" ("id") on delete set null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table "trusted_documents";`);
  }

}
