import { Migration } from '@mikro-orm/migrations';

export class Migration20261121183000_statistics extends Migration {

  override name = 'Migration20261121183000_statistics';

  override up(): void | Promise<void> {
    this.addSql(`create table "replicas" ("id" uuid not null, "host" text not null, "version" text not null, "started_at" timestamptz not null, "seen_at" timestamptz not null, primary key ("id"));`);

    this.addSql(`create table "stats_figures" ("organization_id" uuid not null, "figures" jsonb not null default '{}', primary key ("organization_id"));`);

    this.addSql(`create table "stats_hours" ("organization_id" uuid not null, "kind" text not null, "hour" timestamptz not null, "count" int not null, primary key ("organization_id", "kind", "hour"));`);

    this.addSql(`create table "stats_returns" ("organization_id" uuid not null, "subject" text not null, "day" timestamptz not null, "previous_day" timestamptz not null, "count" int not null, primary key ("organization_id", "subject", "day", "previous_day"));`);

    this.addSql(`create table "stats_state" ("id" smallint not null, "position" bigint not null, "fencing" bigint not null, "computed_at" timestamptz not null, "complete" boolean not null, "outbox_pending" int not null, "mail_queued" int not null, primary key ("id"));`);

    this.addSql(`create table "stats_presence" ("user_id" uuid not null, "subject_id" uuid not null, "organization_id" uuid not null, "day" timestamptz not null, "previous_day" timestamptz null, primary key ("user_id", "subject_id", "organization_id"));`);

    this.addSql(`alter table "stats_hours" add constraint "stats_hours_kind_check" check ("kind" in ('SIGN_IN', 'FAILURE', 'LOCKOUT', 'IMPERSONATION', 'CREATION'));`);

    this.addSql(`alter table "stats_returns" add constraint "stats_returns_subject_check" check ("subject" in ('PERSON', 'API_KEY'));`);

    this.addSql(`alter table "stats_state" add constraint "stats_state_single_row" check (id = 1);`);

    this.addSql(`alter table "stats_presence" add constraint "stats_presence_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`insert into stats_state (id, position, fencing, computed_at, complete, outbox_pending, mail_queued) values (1, 0, 0, timestamptz '1970-01-01 00:00:00+00', false, 0, 0);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table "stats_presence";`);
    this.addSql(`drop table "stats_state";`);
    this.addSql(`drop table "stats_returns";`);
    this.addSql(`drop table "stats_hours";`);
    this.addSql(`drop table "stats_figures";`);
    this.addSql(`drop table "replicas";`);
  }

}
