import { Migration } from '@mikro-orm/migrations';

export class Migration20261121180000_events extends Migration {

  override name = 'Migration20261121180000_events';

  override up(): void | Promise<void> {
    this.addSql(`create table "outbox_order" ("id" smallint not null, "last_position" bigint not null, "fencing" bigint not null, primary key ("id"));`);

    this.addSql(`create table "outbox_sinks" ("name" text not null, "position" bigint not null, "fencing" bigint not null, "served_at" timestamptz not null, "published_at" timestamptz null, "failed_at" timestamptz null, "failure" text null, "minute_starts_at" timestamptz null, "minute_count" int not null, "previous_minute_count" int not null, primary key ("name"));`);

    this.addSql(`alter table "outbox_events" add "position" bigint null;`);
    this.addSql(`create unique index outbox_events_position_idx on outbox_events (position) where position is not null;`);

    this.addSql(`alter table "outbox_order" add constraint "outbox_order_single_row" check (id = 1);`);
    this.addSql(`insert into outbox_order (id, last_position, fencing) values (1, 0, 0);`);
  }

  override down(): void | Promise<void> {
    // Without positions nothing tells any more what was published.
    this.addSql(`update outbox_events set published_at = null where published_at is not null;`);
    this.addSql(`drop index outbox_events_position_idx;`);
    this.addSql(`alter table "outbox_events" drop column "position";`);
    this.addSql(`drop table "outbox_sinks";`);
    this.addSql(`drop table "outbox_order";`);
  }

}
