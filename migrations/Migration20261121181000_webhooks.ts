import { Migration } from '@mikro-orm/migrations';

export class Migration20261121181000_webhooks extends Migration {

  override name = 'Migration20261121181000_webhooks';

  override up(): void | Promise<void> {
    this.addSql(`create table "webhooks" ("id" uuid not null, "name" text not null, "url" text not null, "event_types" text[] not null, "enabled" boolean not null default true, "sealed_secret" text null, "sealed_previous_secret" text null, "secret_overlap_until" timestamptz null, "created_by_id" uuid null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "deleted_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "webhooks_created_by_idx" on "webhooks" ("created_by_id");`);

    this.addSql(`create table "webhook_deliveries" ("id" uuid not null, "webhook_id" uuid not null, "event_id" uuid not null, "event_type" text not null, "kind" text not null, "body" text not null, "state" text not null default 'PENDING', "attempts" int not null default 0, "next_attempt_at" timestamptz null, "response_status" int null, "failure" text null, "duration_ms" int null, "previous_id" uuid null, "created_at" timestamptz not null, "finished_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "webhook_deliveries_previous_id_idx" on "webhook_deliveries" ("previous_id");`);
    this.addSql(`create index webhook_deliveries_finished_idx on webhook_deliveries (finished_at) where finished_at is not null;`);
    this.addSql(`create index webhook_deliveries_state_idx on webhook_deliveries (state, created_at, id) where state <> 'DELIVERED';`);
    this.addSql(`create index "webhook_deliveries_type_idx" on "webhook_deliveries" ("event_type", "created_at", "id");`);
    this.addSql(`create index "webhook_deliveries_webhook_idx" on "webhook_deliveries" ("webhook_id", "created_at", "id");`);
    this.addSql(`create index "webhook_deliveries_created_at_idx" on "webhook_deliveries" ("created_at", "id");`);
    this.addSql(`create unique index webhook_deliveries_event_unique on webhook_deliveries (webhook_id, event_id) where kind = 'EVENT';`);
    this.addSql(`create index webhook_deliveries_due_idx on webhook_deliveries (webhook_id, next_attempt_at, id) where state = 'PENDING';`);

    this.addSql(`create table "webhook_attempts" ("delivery_id" uuid not null, "number" int not null, "started_at" timestamptz not null, "duration_ms" int null, "response_status" int null, "failure" text null, primary key ("delivery_id", "number"));`);

    this.addSql(`alter table "webhooks" add constraint "webhooks_created_by_id_foreign" foreign key ("created_by_id") references "users" ("id") on delete set null;`);

    this.addSql(`alter table "webhook_deliveries" add constraint "webhook_deliveries_webhook_id_foreign" foreign key ("webhook_id") references "webhooks" ("id") on delete cascade;`);
    this.addSql(`alter table "webhook_deliveries" add constraint "webhook_deliveries_previous_id_foreign" foreign key ("previous_id") references "webhook_deliveries" ("id") on delete set null;`);
    this.addSql(`alter table "webhook_deliveries" add constraint "webhook_deliveries_kind_check" check ("kind" in ('EVENT', 'REPLAY', 'TEST'));`);
    this.addSql(`alter table "webhook_deliveries" add constraint "webhook_deliveries_state_check" check ("state" in ('PENDING', 'DELIVERED', 'DEAD'));`);

    this.addSql(`alter table "webhook_attempts" add constraint "webhook_attempts_delivery_id_foreign" foreign key ("delivery_id") references "webhook_deliveries" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table "webhook_attempts";`);
    this.addSql(`drop table "webhook_deliveries";`);
    this.addSql(`drop table "webhooks";`);
  }

}
