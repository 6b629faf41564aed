import { Migration } from '@mikro-orm/migrations';

export class Migration20261121184000_trusted_documents extends Migration {

  override name = 'Migration20261121184000_trusted_documents';

  override up(): void | Promise<void> {
    this.addSql(`create table "trusted_documents" ("id" uuid not null, "hash" text not null, "operation_name" text null, "text" text not null, "client_name" text null, "enabled" boolean not null, "use_count" bigint not null, "last_used_at" timestamptz null, "registered_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "trusted_documents_registered_at_idx" on "trusted_documents" ("registered_at", "id");`);
    this.addSql(`alter table "trusted_documents" add constraint "trusted_documents_hash_unique" unique ("hash");`);
    this.addSql(`alter table "trusted_documents" add constraint "trusted_documents_hash_check" check (hash ~ '^[0-9a-f]{64}$');`);

    this.addSql(`create table "trusted_document_epoch" ("id" smallint primary key, "epoch" bigint not null);`);
    this.addSql(`alter table "trusted_document_epoch" add constraint "trusted_document_epoch_single_row" check (id = 1);`);
    this.addSql(`insert into trusted_document_epoch (id, epoch) values (1, 1);`);

    // In two steps: with its default at once, the column would be written into every row that is there, and the log be locked meanwhile.
    this.addSql(`alter table "audit_events" add "transaction_id" xid8 null;`);
    this.addSql(`alter table "audit_events" alter column "transaction_id" set default pg_current_xact_id();`);
    this.addSql(`create index "audit_events_transaction_idx" on "audit_events" ("transaction_id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "trusted_documents" cascade;`);
    this.addSql(`drop table if exists "trusted_document_epoch" cascade;`);
    this.addSql(`drop index "audit_events_transaction_idx";`);
    this.addSql(`alter table "audit_events" drop column "transaction_id";`);
  }

}
