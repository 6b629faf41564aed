import { Migration } from '@mikro-orm/migrations';

export class Migration20261121164141_authorization extends Migration {

  override name = 'Migration20261121164141_authorization';

  override up(): void | Promise<void> {
    this.addSql(`create table "organizations" ("id" uuid not null, "version" int not null default 1, "name" text not null, "name_key" text not null, "level" smallint not null, "parent_id" uuid null, "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index organizations_search_idx on organizations using gin (name_key gin_trgm_ops);`);
    this.addSql(`create unique index organizations_sibling_unique on organizations (parent_id, name_key) nulls not distinct;`);
    this.addSql(`create index "organizations_parent_name_idx" on "organizations" ("parent_id", "name", "id");`);
    this.addSql(`create index "organizations_created_at_idx" on "organizations" ("created_at", "id");`);
    this.addSql(`create index "organizations_name_idx" on "organizations" ("name", "id");`);

    this.addSql(`create table "organization_closure" ("ancestor_id" uuid not null, "descendant_id" uuid not null, "depth" smallint not null, primary key ("ancestor_id", "descendant_id"));`);
    this.addSql(`create index "organization_closure_descendant_idx" on "organization_closure" ("descendant_id", "depth");`);

    this.addSql(`create table "organization_domains" ("id" uuid not null, "organization_id" uuid not null, "domain" text not null, "proof" text not null, "issuer" text null, "created_at" timestamptz not null, "verified_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create unique index organization_domains_proved_unique on organization_domains (domain) where verified_at is not null;`);
    this.addSql(`create unique index organization_domains_claim_unique on organization_domains (organization_id, domain);`);

    this.addSql(`create table "resource_namespaces" ("namespace" text not null, "owner_id" uuid null, "claimed_at" timestamptz not null, primary key ("namespace"));`);
    this.addSql(`create index "resource_namespaces_owner_id_idx" on "resource_namespaces" ("owner_id");`);

    this.addSql(`create table "organization_members" ("user_id" uuid not null, "organization_id" uuid not null, "added_by_id" uuid null, "joined_at" timestamptz not null, primary key ("user_id", "organization_id"));`);
    this.addSql(`create index "organization_members_added_by_id_idx" on "organization_members" ("added_by_id");`);
    this.addSql(`create index "organization_members_organization_idx" on "organization_members" ("organization_id", "joined_at", "user_id");`);

    this.addSql(`create table "impersonations" ("id" uuid not null, "actor_id" uuid null, "target_id" uuid null, "actor_session_id" uuid not null, "mode" text not null, "reason" text not null, "ticket" text null, "started_at" timestamptz not null, "expires_at" timestamptz not null, "ended_at" timestamptz null, "ended_by_id" uuid null, primary key ("id"));`);
    this.addSql(`create index "impersonations_ended_by_id_idx" on "impersonations" ("ended_by_id");`);
    this.addSql(`create index impersonations_active_idx on impersonations (actor_session_id) where ended_at is null;`);
    this.addSql(`create index "impersonations_target_id_idx" on "impersonations" ("target_id", "id");`);
    this.addSql(`create index "impersonations_actor_id_idx" on "impersonations" ("actor_id", "id");`);

    this.addSql(`create table "organization_groups" ("organization_id" uuid not null, "group_id" uuid not null, primary key ("organization_id", "group_id"));`);
    this.addSql(`create index "organization_groups_group_id_idx" on "organization_groups" ("group_id");`);

    this.addSql(`create table "group_organizations" ("group_id" uuid not null, "organization_id" uuid not null, primary key ("group_id", "organization_id"));`);
    this.addSql(`create index "group_organizations_organization_id_idx" on "group_organizations" ("organization_id");`);

    this.addSql(`create table "approval_requests" ("id" uuid not null, "mutation" text not null, "permission" text not null, "input" jsonb not null, "preview" jsonb null, "state" text not null default 'PENDING', "requested_by_id" uuid null, "reason" text null, "decided_by_id" uuid null, "decision_reason" text null, "created_at" timestamptz not null, "expires_at" timestamptz not null, "decided_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "approval_requests_decided_by_id_idx" on "approval_requests" ("decided_by_id");`);
    this.addSql(`create index approval_requests_pending_idx on approval_requests (expires_at, id) where state = 'PENDING';`);
    this.addSql(`create index "approval_requests_requested_by_id_idx" on "approval_requests" ("requested_by_id", "id");`);

    this.addSql(`create table "api_keys" ("id" uuid not null, "version" int not null default 1, "owner_id" uuid not null, "name" text not null, "selector" text not null, "secret_hash" bytea not null, "previous_selector" text null, "previous_secret_hash" bytea null, "overlap_until" timestamptz null, "all_my_permissions" boolean not null default false, "grants" jsonb not null default '[]', "document_ids" text[] not null default '{}', "networks" text[] not null default '{}', "rate_limit_per_minute" int null, "created_by_id" uuid null, "created_at" timestamptz not null, "expires_at" timestamptz null, "last_used_at" timestamptz null, "last_used_ip" text null, "revoked_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "api_keys_created_by_id_idx" on "api_keys" ("created_by_id");`);
    this.addSql(`create index api_keys_search_idx on api_keys using gin (lower(name) gin_trgm_ops);`);
    this.addSql(`create index "api_keys_owner_id_idx" on "api_keys" ("owner_id", "id");`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_previous_selector_unique" unique ("previous_selector");`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_selector_unique" unique ("selector");`);

    this.addSql(`create table "registered_resources" ("name" text not null, "namespace" text not null, "version" int not null default 1, "title" text not null, "actions" jsonb not null, "attributes" jsonb not null, "owner_rule" jsonb null, "registered_by_id" uuid null, "changed_epoch" bigint not null default '0', "created_at" timestamptz not null, "updated_at" timestamptz not null, primary key ("name"));`);
    this.addSql(`create index "registered_resources_namespace_idx" on "registered_resources" ("namespace");`);
    this.addSql(`create index "registered_resources_registered_by_id_idx" on "registered_resources" ("registered_by_id");`);
    this.addSql(`create index "registered_resources_changed_epoch_idx" on "registered_resources" ("changed_epoch");`);

    this.addSql(`create table "action_links" ("id" uuid not null, "selector" text not null, "secret_hash" bytea not null, "action" text not null, "resource" text not null, "row_id" text not null, "recipient" text not null, "created_by_id" uuid not null, "created_at" timestamptz not null, "expires_at" timestamptz not null, "used_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "action_links_created_by_id_idx" on "action_links" ("created_by_id");`);
    this.addSql(`create unique index action_links_selector_unique on action_links (selector);`);
    this.addSql(`create index "action_links_expires_at_idx" on "action_links" ("expires_at");`);

    this.addSql(`alter table "one_time_tokens" drop constraint "one_time_tokens_kind_check";`);
    this.addSql(`alter table "one_time_tokens" add constraint "one_time_tokens_kind_check" check ("kind" in ('SETUP', 'INVITE', 'RESET', 'PASSWORD_CHANGE', 'EMAIL_CHANGE', 'SIGN_IN_LINK', 'MFA', 'PASSKEY_REGISTRATION', 'PASSKEY_ASSERTION', 'PROVIDER_SIGN_IN', 'ORGANIZATION_INVITE'));`);

    this.addSql(`alter table "invitations" add "organization_id" uuid null, add "group_ids" uuid[] not null default '{}';`);
    this.addSql(`alter table "invitations" add constraint "invitations_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on delete cascade;`);
    this.addSql(`create index "invitations_organization_id_idx" on "invitations" ("organization_id");`);

    this.addSql(`alter table "memberships" add constraint "memberships_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on delete cascade;`);
    this.addSql(`create index "memberships_organization_id_idx" on "memberships" ("organization_id");`);

    this.addSql(`alter table "sessions" drop constraint "sessions_end_reason_check";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_secret_of_delivery";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_sign_in_method_check";`);
    this.addSql(`alter table "sessions" add "impersonation_id" uuid null, add "organization_id" uuid null;`);
    this.addSql(`alter table "sessions" add constraint "sessions_impersonation_id_foreign" foreign key ("impersonation_id") references "impersonations" ("id") on delete cascade;`);
    this.addSql(`alter table "sessions" add constraint "sessions_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on delete set null;`);
    this.addSql(`create index "sessions_impersonation_id_idx" on "sessions" ("impersonation_id");`);
    this.addSql(`create index "sessions_organization_id_idx" on "sessions" ("organization_id");`);
    this.addSql(`alter table "sessions" add constraint "sessions_end_reason_check" check ("end_reason" in ('SIGNED_OUT', 'REVOKED', 'IDLE', 'EXPIRED', 'REFRESH_TOKEN_REUSED', 'CREDENTIALS_CHANGED', 'ACCOUNT_LOCKED', 'ACCOUNT_DISABLED', 'ACCOUNT_DELETED', 'IMPERSONATION_ENDED'));`);
    this.addSql(`alter table "sessions" add constraint "sessions_secret_of_delivery" check ((delivery = 'COOKIE') = (cookie_selector is not null) and (delivery = 'BODY' and impersonation_id is null) = (refresh_selector is not null));`);
    this.addSql(`alter table "sessions" add constraint "sessions_sign_in_method_check" check ("sign_in_method" in ('PASSWORD', 'CODE', 'LINK', 'PASSKEY', 'EXTERNAL_PROVIDER', 'SIGN_UP', 'INVITATION', 'IMPERSONATION'));`);

    this.addSql(`alter table "organizations" add constraint "organizations_parent_id_foreign" foreign key ("parent_id") references "organizations" ("id") on delete cascade;`);
    this.addSql(`alter table "organizations" add constraint "organizations_not_own_parent" check (parent_id is distinct from id);`);
    this.addSql(`alter table "organizations" add constraint "organizations_name_length" check (char_length(name) between 1 and 100);`);

    this.addSql(`alter table "organization_closure" add constraint "organization_closure_ancestor_id_foreign" foreign key ("ancestor_id") references "organizations" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "organization_closure" add constraint "organization_closure_descendant_id_foreign" foreign key ("descendant_id") references "organizations" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "organization_domains" add constraint "organization_domains_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on delete cascade;`);

    this.addSql(`alter table "resource_namespaces" add constraint "resource_namespaces_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete set null;`);

    this.addSql(`alter table "organization_members" add constraint "organization_members_user_id_foreign" foreign key ("user_id") references "users" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "organization_members" add constraint "organization_members_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "organization_members" add constraint "organization_members_added_by_id_foreign" foreign key ("added_by_id") references "users" ("id") on delete set null;`);

    this.addSql(`alter table "impersonations" add constraint "impersonations_actor_id_foreign" foreign key ("actor_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "impersonations" add constraint "impersonations_target_id_foreign" foreign key ("target_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "impersonations" add constraint "impersonations_ended_by_id_foreign" foreign key ("ended_by_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "impersonations" add constraint "impersonations_mode_check" check ("mode" in ('READ_ONLY', 'ACT'));`);

    this.addSql(`alter table "organization_groups" add constraint "organization_groups_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "organization_groups" add constraint "organization_groups_group_id_foreign" foreign key ("group_id") references "groups" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "group_organizations" add constraint "group_organizations_group_id_foreign" foreign key ("group_id") references "groups" ("id") on update cascade on delete cascade;`);
    this.addSql(`alter table "group_organizations" add constraint "group_organizations_organization_id_foreign" foreign key ("organization_id") references "organizations" ("id") on update cascade on delete cascade;`);

    this.addSql(`alter table "approval_requests" add constraint "approval_requests_requested_by_id_foreign" foreign key ("requested_by_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "approval_requests" add constraint "approval_requests_decided_by_id_foreign" foreign key ("decided_by_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "approval_requests" add constraint "approval_requests_state_check" check ("state" in ('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED', 'EXPIRED'));`);

    this.addSql(`alter table "api_keys" add constraint "api_keys_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_created_by_id_foreign" foreign key ("created_by_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_overlap_complete" check ((previous_selector is null) = (previous_secret_hash is null) and (previous_selector is null) = (overlap_until is null));`);
    this.addSql(`alter table "api_keys" add constraint "api_keys_name_length" check (char_length(name) between 1 and 100);`);

    this.addSql(`alter table "registered_resources" add constraint "registered_resources_namespace_foreign" foreign key ("namespace") references "resource_namespaces" ("namespace") on delete cascade;`);
    this.addSql(`alter table "registered_resources" add constraint "registered_resources_registered_by_id_foreign" foreign key ("registered_by_id") references "api_keys" ("id") on delete set null;`);

    this.addSql(`alter table "action_links" add constraint "action_links_created_by_id_foreign" foreign key ("created_by_id") references "users" ("id") on delete cascade;`);

    // Without organizations every group held everywhere, whatever its reach said: nobody loses by this what they had.
    this.addSql(`update permission_epoch set epoch = epoch + 1;`);
    this.addSql(`update groups set scope_mode = 'ALL', changed_epoch = (select epoch from permission_epoch) where scope_mode <> 'ALL';`);
  }

  override down(): void | Promise<void> {
    // What held within an organization must not hold everywhere once there are none.
    this.addSql(`delete from memberships where organization_id is not null;`);
    this.addSql(`delete from sessions where impersonation_id is not null;`);
    this.addSql(`delete from one_time_tokens where kind = 'ORGANIZATION_INVITE';`);
    this.addSql(`delete from invitations where organization_id is not null;`);
    this.addSql(`update permission_epoch set epoch = epoch + 1;`);
    this.addSql(`update groups set scope_mode = 'LISTED', changed_epoch = (select epoch from permission_epoch) where system_managed and name <> 'Administrators';`);

    this.addSql(`alter table "organizations" drop constraint "organizations_parent_id_foreign";`);
    this.addSql(`alter table "organization_closure" drop constraint "organization_closure_ancestor_id_foreign";`);
    this.addSql(`alter table "organization_closure" drop constraint "organization_closure_descendant_id_foreign";`);
    this.addSql(`alter table "organization_domains" drop constraint "organization_domains_organization_id_foreign";`);
    this.addSql(`alter table "organization_members" drop constraint "organization_members_organization_id_foreign";`);
    this.addSql(`alter table "invitations" drop constraint "invitations_organization_id_foreign";`);
    this.addSql(`alter table "organization_groups" drop constraint "organization_groups_organization_id_foreign";`);
    this.addSql(`alter table "memberships" drop constraint "memberships_organization_id_foreign";`);
    this.addSql(`alter table "group_organizations" drop constraint "group_organizations_organization_id_foreign";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_organization_id_foreign";`);
    this.addSql(`alter table "registered_resources" drop constraint "registered_resources_namespace_foreign";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_impersonation_id_foreign";`);
    this.addSql(`alter table "registered_resources" drop constraint "registered_resources_registered_by_id_foreign";`);

    this.addSql(`drop table if exists "organizations" cascade;`);
    this.addSql(`drop table if exists "organization_closure" cascade;`);
    this.addSql(`drop table if exists "organization_domains" cascade;`);
    this.addSql(`drop table if exists "resource_namespaces" cascade;`);
    this.addSql(`drop table if exists "organization_members" cascade;`);
    this.addSql(`drop table if exists "impersonations" cascade;`);
    this.addSql(`drop table if exists "organization_groups" cascade;`);
    this.addSql(`drop table if exists "group_organizations" cascade;`);
    this.addSql(`drop table if exists "approval_requests" cascade;`);
    this.addSql(`drop table if exists "api_keys" cascade;`);
    this.addSql(`drop table if exists "registered_resources" cascade;`);
    this.addSql(`drop table if exists "action_links" cascade;`);

    this.addSql(`drop index "invitations_organization_id_idx";`);
    this.addSql(`alter table "invitations" drop column "organization_id", drop column "group_ids";`);

    this.addSql(`drop index "memberships_organization_id_idx";`);

    this.addSql(`alter table "one_time_tokens" drop constraint "one_time_tokens_kind_check";`);
    this.addSql(`alter table "one_time_tokens" add constraint "one_time_tokens_kind_check" check ("kind" in ('SETUP', 'INVITE', 'RESET', 'PASSWORD_CHANGE', 'EMAIL_CHANGE', 'SIGN_IN_LINK', 'MFA', 'PASSKEY_REGISTRATION', 'PASSKEY_ASSERTION', 'PROVIDER_SIGN_IN'));`);

    this.addSql(`drop index "sessions_impersonation_id_idx";`);
    this.addSql(`drop index "sessions_organization_id_idx";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_secret_of_delivery";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_sign_in_method_check";`);
    this.addSql(`alter table "sessions" drop constraint "sessions_end_reason_check";`);
    this.addSql(`alter table "sessions" drop column "impersonation_id", drop column "organization_id";`);
    this.addSql(`alter table "sessions" add constraint "sessions_secret_of_delivery" check ((delivery = 'COOKIE') = (cookie_selector is not null) and (delivery = 'BODY') = (refresh_selector is not null));`);
    this.addSql(`alter table "sessions" add constraint "sessions_sign_in_method_check" check ("sign_in_method" in ('PASSWORD', 'CODE', 'LINK', 'PASSKEY', 'EXTERNAL_PROVIDER', 'SIGN_UP', 'INVITATION'));`);
    this.addSql(`alter table "sessions" add constraint "sessions_end_reason_check" check ("end_reason" in ('SIGNED_OUT', 'REVOKED', 'IDLE', 'EXPIRED', 'REFRESH_TOKEN_REUSED', 'CREDENTIALS_CHANGED', 'ACCOUNT_LOCKED', 'ACCOUNT_DISABLED', 'ACCOUNT_DELETED'));`);
  }

}
