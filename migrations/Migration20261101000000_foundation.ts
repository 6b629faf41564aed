import { Migration } from '@mikro-orm/migrations';

export class Migration20261101000000_foundation extends Migration {

  override name = 'Migration20261101000000_foundation';

  override up(): void | Promise<void> {
    this.addSql(`create extension if not exists pg_trgm;`);

    this.addSql(`create table "audit_events" ("at" timestamptz not null, "id" uuid not null, "action" text not null, "result" text not null, "actor_type" text null, "actor_id" uuid null, "on_behalf_of_id" uuid null, "target_type" text null, "target_id" text null, "request_id" text null, "metadata" jsonb not null, "personal_commitment" bytea not null, "chain_sequence" bigint null, "chain_hash" bytea null, primary key ("at", "id")) partition by range ("at");`);
    this.addSql(`create index "audit_events_action_idx" on "audit_events" ("action", "at", "id");`);
    this.addSql(`create index "audit_events_target_idx" on "audit_events" ("target_id", "at", "id");`);
    this.addSql(`create index "audit_events_actor_idx" on "audit_events" ("actor_id", "at", "id");`);
    this.addSql(`alter table "audit_events" add constraint "audit_events_result_check" check ("result" in ('SUCCESS', 'FAILURE', 'DENIED'));`);

    this.addSql(`create table "audit_personal_values" ("at" timestamptz not null, "event_id" uuid not null, "salt" bytea not null, "values" jsonb not null, primary key ("at", "event_id")) partition by range ("at");`);

    // Rows outside every month that exists go to the default partition, so that a late job never loses an event.
    this.addSql(`create table audit_events_default partition of audit_events default;`);
    this.addSql(`create table audit_personal_values_default partition of audit_personal_values default;`);
    this.addSql(`
      create function ensure_audit_partitions(first_month date, months integer) returns void language plpgsql as $$
      declare
        parent text;
        month_start date;
        month_end date;
        partition_name text;
      begin
        for i in 0 .. months - 1 loop
          month_start := (date_trunc('month', first_month) + make_interval(months => i))::date;
          month_end := (month_start + interval '1 month')::date;
          foreach parent in array array['audit_events', 'audit_personal_values'] loop
            partition_name := parent || '_' || to_char(month_start, 'YYYY_MM');
            if to_regclass(partition_name) is null then
              execute format('create table %I partition of %I for values from (%L) to (%L)', partition_name, parent,
                to_char(month_start, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month_end, 'YYYY-MM-DD') || ' 00:00:00+00');
            end if;
          end loop;
        end loop;
      end $$;`);
    this.addSql(`select ensure_audit_partitions((current_date - interval '1 month')::date, 6);`);

    this.addSql(`create table "idempotency_keys" ("actor_id" uuid not null, "mutation" text not null, "key" text not null, "input_hash" bytea not null, "answer" jsonb not null, "created_at" timestamptz not null, "expires_at" timestamptz not null, primary key ("actor_id", "mutation", "key"));`);
    this.addSql(`create index "idempotency_keys_expires_at_idx" on "idempotency_keys" ("expires_at");`);

    this.addSql(`create table "leases" ("name" text not null, "holder" text not null, "fencing" bigint not null, "expires_at" timestamptz not null, primary key ("name"));`);

    this.addSql(`create table "outbox_events" ("id" uuid not null, "sequence" bigserial, "type" text not null, "type_version" smallint not null, "aggregate_type" text not null, "aggregate_id" text not null, "payload" jsonb not null, "occurred_at" timestamptz not null, "published_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index outbox_events_unpublished_idx on outbox_events (sequence) where published_at is null;`);

    this.addSql(`create table "permission_epoch" ("id" smallint primary key, "epoch" bigint not null, "first_administrator_at" timestamptz null);`);
    this.addSql(`alter table "permission_epoch" add constraint "permission_epoch_single_row" check (id = 1);`);

    this.addSql(`insert into permission_epoch (id, epoch) values (1, 1);`);

    this.addSql(`create table "signing_keys" ("id" uuid not null, "kid" text not null, "algorithm" text not null, "status" text not null, "public_jwk" jsonb not null, "public_key_pem" text not null, "sealed_private_jwk" text not null, "created_at" timestamptz not null, "not_before" timestamptz not null, "verifies_until" timestamptz null, "retired_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "signing_keys" add constraint "signing_keys_kid_unique" unique ("kid");`);
    this.addSql(`create unique index signing_keys_active_unique on signing_keys ((true)) where status = 'ACTIVE';`);
    this.addSql(`alter table "signing_keys" add constraint "signing_keys_algorithm_check" check ("algorithm" in ('EdDSA', 'ES256', 'RS256'));`);
    this.addSql(`alter table "signing_keys" add constraint "signing_keys_status_check" check ("status" in ('PUBLISHED', 'ACTIVE', 'RETIRING', 'RETIRED'));`);

    this.addSql(`create table "users" ("id" uuid not null, "version" int not null default 1, "kind" text not null default 'PERSON', "display_name" text not null, "locale" text not null default 'en', "email" text null, "email_verified_at" timestamptz null, "phone" text null, "phone_verified_at" timestamptz null, "username" text null, "status" text not null, "status_reason" text null, "locked_until" timestamptz null, "failed_sign_in_count" int not null default 0, "password_change_required" boolean not null default false, "last_sign_in_at" timestamptz null, "external_id" text null, "source" text null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "search_text" text generated always as (lower(display_name || chr(10) || coalesce(email, '') || chr(10) || coalesce(phone, '') || chr(10) || coalesce(username, ''))) stored null, primary key ("id"));`);
    this.addSql(`create index users_search_text_idx on users using gin (search_text gin_trgm_ops);`);
    this.addSql(`create index users_locked_until_idx on users (locked_until) where locked_until is not null;`);
    this.addSql(`create index users_unusual_status_idx on users (status, created_at, id) where status <> 'ACTIVE';`);
    this.addSql(`create index users_last_sign_in_at_idx on users (coalesce(last_sign_in_at, '-infinity'::timestamptz), id);`);
    this.addSql(`create index users_email_idx on users (coalesce(email, ''), id);`);
    this.addSql(`create index "users_display_name_idx" on "users" ("display_name", "id");`);
    this.addSql(`create index "users_created_at_idx" on "users" ("created_at", "id");`);
    this.addSql(`create unique index users_external_id_unique on users (source, external_id) where external_id is not null;`);
    this.addSql(`alter table "users" add constraint "users_display_name_length" check (char_length(display_name) <= 100);`);
    this.addSql(`alter table "users" add constraint "users_kind_check" check ("kind" in ('PERSON', 'SERVICE'));`);
    this.addSql(`alter table "users" add constraint "users_status_check" check ("status" in ('INVITED', 'PENDING', 'ACTIVE', 'DISABLED'));`);

    this.addSql(`create table "sessions" ("id" uuid not null, "user_id" uuid not null, "sign_in_method" text not null, "assurance_level" text not null, "delivery" text not null, "authenticated_at" timestamptz not null, "ip_address" text not null, "user_agent" text null, "client_name" text null, "device_name" text null, "created_at" timestamptz not null, "last_seen_at" timestamptz not null, "expires_at" timestamptz not null, "absolute_expires_at" timestamptz not null, "ended_at" timestamptz null, "end_reason" text null, "cookie_selector" text null, "cookie_hash" bytea null, "refresh_selector" text null, "refresh_hash" bytea null, "refresh_parent_hash" bytea null, "refresh_generation" int not null, "refresh_key_version" int null, "refresh_rotated_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "sessions_expires_at_idx" on "sessions" ("expires_at");`);
    this.addSql(`create index "sessions_user_id_idx" on "sessions" ("user_id", "id");`);
    this.addSql(`create index sessions_active_user_idx on sessions (user_id, id) where ended_at is null;`);
    this.addSql(`alter table "sessions" add constraint "sessions_cookie_selector_unique" unique ("cookie_selector");`);
    this.addSql(`alter table "sessions" add constraint "sessions_refresh_selector_unique" unique ("refresh_selector");`);
    this.addSql(`alter table "sessions" add constraint "sessions_secret_of_delivery" check ((delivery = 'COOKIE') = (cookie_selector is not null) and (delivery = 'BODY') = (refresh_selector is not null));`);
    this.addSql(`alter table "sessions" add constraint "sessions_sign_in_method_check" check ("sign_in_method" in ('PASSWORD', 'SIGN_UP', 'INVITATION'));`);
    this.addSql(`alter table "sessions" add constraint "sessions_assurance_level_check" check ("assurance_level" in ('AAL1', 'AAL2'));`);
    this.addSql(`alter table "sessions" add constraint "sessions_delivery_check" check ("delivery" in ('COOKIE', 'BODY'));`);
    this.addSql(`alter table "sessions" add constraint "sessions_end_reason_check" check ("end_reason" in ('SIGNED_OUT', 'REVOKED', 'IDLE', 'EXPIRED', 'REFRESH_TOKEN_REUSED', 'CREDENTIALS_CHANGED', 'ACCOUNT_LOCKED', 'ACCOUNT_DISABLED', 'ACCOUNT_DELETED'));`);

    this.addSql(`create table "one_time_tokens" ("id" uuid not null, "kind" text not null, "user_id" uuid null, "selector" text not null, "secret_hash" bytea not null, "context" jsonb not null, "created_at" timestamptz not null, "expires_at" timestamptz not null, "used_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "one_time_tokens_user_id_idx" on "one_time_tokens" ("user_id");`);
    this.addSql(`alter table "one_time_tokens" add constraint "one_time_tokens_selector_unique" unique ("selector");`);
    this.addSql(`create index "one_time_tokens_expires_at_idx" on "one_time_tokens" ("expires_at");`);
    this.addSql(`create index one_time_tokens_open_idx on one_time_tokens (user_id, kind) where used_at is null;`);
    this.addSql(`alter table "one_time_tokens" add constraint "one_time_tokens_kind_check" check ("kind" in ('SETUP', 'INVITE', 'PASSWORD_CHANGE'));`);

    this.addSql(`create table "identifiers" ("id" uuid not null, "user_id" uuid not null, "kind" text not null, "value" text not null, "exclusive" boolean not null, "verified_at" timestamptz null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "identifiers_user_id_index" on "identifiers" ("user_id");`);
    this.addSql(`create index "identifiers_value_idx" on "identifiers" ("value");`);
    this.addSql(`create unique index identifiers_exclusive_value_unique on identifiers (kind, value) where exclusive;`);
    this.addSql(`alter table "identifiers" add constraint "identifiers_kind_check" check ("kind" in ('EMAIL', 'PHONE', 'USERNAME'));`);

    this.addSql(`create table "groups" ("id" uuid not null, "version" int not null default 1, "name" text not null, "name_key" text not null, "description" text not null, "system_managed" boolean not null, "scope_mode" text not null, "changed_epoch" bigint not null, "external_id" text null, "source" text null, "created_by_id" uuid null, "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "groups_created_by_id_idx" on "groups" ("created_by_id");`);
    this.addSql(`create index "groups_changed_epoch_idx" on "groups" ("changed_epoch");`);
    this.addSql(`create index "groups_created_at_idx" on "groups" ("created_at", "id");`);
    this.addSql(`create index "groups_name_idx" on "groups" ("name", "id");`);
    this.addSql(`create unique index groups_external_id_unique on groups (source, external_id) where external_id is not null;`);
    this.addSql(`alter table "groups" add constraint "groups_name_key_unique" unique ("name_key");`);
    this.addSql(`alter table "groups" add constraint "groups_name_length" check (char_length(name) between 1 and 100);`);
    this.addSql(`alter table "groups" add constraint "groups_scope_mode_check" check ("scope_mode" in ('ALL', 'LISTED'));`);

    this.addSql(`create table "memberships" ("id" uuid not null, "user_id" uuid not null, "group_id" uuid not null, "organization_id" uuid null, "added_by_id" uuid null, "added_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "memberships_added_by_id_idx" on "memberships" ("added_by_id");`);
    this.addSql(`create index "memberships_group_id_idx" on "memberships" ("group_id", "id");`);
    this.addSql(`create unique index memberships_unique on memberships (user_id, group_id, organization_id) nulls not distinct;`);

    this.addSql(`create table "group_grants" ("group_id" uuid not null, "position" smallint not null, "action" text not null, "resource" text not null, "constraints" jsonb not null, primary key ("group_id", "position"));`);
    this.addSql(`create index "group_grants_permission_idx" on "group_grants" ("resource", "action");`);

    this.addSql(`create table "credentials" ("id" uuid not null, "version" int not null default 1, "user_id" uuid not null, "type" text not null, "secret" text not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "credentials_user_id_idx" on "credentials" ("user_id", "type");`);
    this.addSql(`create unique index credentials_password_unique on credentials (user_id) where type = 'PASSWORD';`);
    this.addSql(`alter table "credentials" add constraint "credentials_type_check" check ("type" in ('PASSWORD'));`);

    this.addSql(`alter table "sessions" add constraint "sessions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`alter table "one_time_tokens" add constraint "one_time_tokens_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`alter table "identifiers" add constraint "identifiers_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`alter table "groups" add constraint "groups_created_by_id_foreign" foreign key ("created_by_id") references "users" ("id") on delete set null;`);

    this.addSql(`alter table "memberships" add constraint "memberships_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "memberships" add constraint "memberships_group_id_foreign" foreign key ("group_id") references "groups" ("id") on delete cascade;`);
    this.addSql(`alter table "memberships" add constraint "memberships_added_by_id_foreign" foreign key ("added_by_id") references "users" ("id") on delete set null;`);

    this.addSql(`alter table "group_grants" add constraint "group_grants_group_id_foreign" foreign key ("group_id") references "groups" ("id") on delete cascade;`);

    this.addSql(`alter table "credentials" add constraint "credentials_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table credentials;`);
    this.addSql(`drop table group_grants;`);
    this.addSql(`drop table memberships;`);
    this.addSql(`drop table identifiers;`);
    this.addSql(`drop table one_time_tokens;`);
    this.addSql(`drop table sessions;`);
    this.addSql(`drop table groups;`);
    this.addSql(`drop table users;`);
    this.addSql(`drop table signing_keys;`);
    this.addSql(`drop table permission_epoch;`);
    this.addSql(`drop table outbox_events;`);
    this.addSql(`drop table leases;`);
    this.addSql(`drop table idempotency_keys;`);
    this.addSql(`drop table audit_personal_values;`);
    this.addSql(`drop table audit_events;`);
    this.addSql(`drop function ensure_audit_partitions(date, integer);`);
  }

}
