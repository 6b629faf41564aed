import { Migration } from '@mikro-orm/migrations';

export class Migration20261121000000_identities extends Migration {

  override name = 'Migration20261121000000_identities';

  override up(): void | Promise<void> {
    this.addSql(`create table "messages" ("id" uuid not null, "channel" text not null, "template" text not null, "recipient" text not null, "locale" text not null, "user_id" uuid null, "sealed_variables" text null, "state" text not null default 'QUEUED', "attempts" int not null default 0, "next_attempt_at" timestamptz null, "failure" text null, "expires_at" timestamptz null, "previous_id" uuid null, "created_at" timestamptz not null, "sent_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "messages_previous_id_idx" on "messages" ("previous_id");`);
    this.addSql(`create index messages_state_idx on messages (state, created_at, id) where state <> 'SENT';`);
    this.addSql(`create index "messages_user_id_idx" on "messages" ("user_id", "created_at", "id");`);
    this.addSql(`create index "messages_created_at_idx" on "messages" ("created_at", "id");`);
    this.addSql(`create index messages_due_idx on messages (next_attempt_at, id) where state = 'QUEUED';`);

    this.addSql(`create table "invitations" ("id" uuid not null, "user_id" uuid not null, "email" text null, "invited_by_id" uuid null, "token_id" uuid null, "message_id" uuid null, "previous_id" uuid null, "created_at" timestamptz not null, "expires_at" timestamptz not null, "accepted_at" timestamptz null, "revoked_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "invitations_invited_by_id_idx" on "invitations" ("invited_by_id");`);
    this.addSql(`create index "invitations_token_id_idx" on "invitations" ("token_id");`);
    this.addSql(`create index "invitations_message_id_idx" on "invitations" ("message_id");`);
    this.addSql(`create index "invitations_previous_id_idx" on "invitations" ("previous_id");`);
    this.addSql(`create index "invitations_user_id_idx" on "invitations" ("user_id", "created_at", "id");`);

    this.addSql(`create table "external_identities" ("id" uuid not null, "user_id" uuid not null, "issuer" text not null, "subject" text not null, "email" text null, "linked_at" timestamptz not null, "last_used_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "external_identities_user_id_idx" on "external_identities" ("user_id", "id");`);
    this.addSql(`alter table "external_identities" add constraint "external_identities_subject_unique" unique ("issuer", "subject");`);

    this.addSql(`create table "devices" ("id" uuid not null, "user_id" uuid not null, "selector" text not null, "secret_hash" bytea not null, "name" text not null, "fingerprint" text not null, "confirmed_at" timestamptz null, "trusted_until" timestamptz null, "failed_sign_in_count" int not null default 0, "locked_until" timestamptz null, "first_seen_at" timestamptz not null, "last_seen_at" timestamptz not null, "last_ip_address" text not null, primary key ("id"));`);
    this.addSql(`alter table "devices" add constraint "devices_selector_unique" unique ("selector");`);
    this.addSql(`create unique index devices_unconfirmed_unique on devices (user_id, fingerprint) where confirmed_at is null;`);
    this.addSql(`create index "devices_last_seen_at_idx" on "devices" ("last_seen_at");`);
    this.addSql(`create index "devices_user_id_idx" on "devices" ("user_id", "last_seen_at", "id");`);

    this.addSql(`create table "verifications" ("id" uuid not null, "purpose" text not null, "channel" text not null, "user_id" uuid null, "session_id" uuid null, "target" text not null, "selector" text not null, "secret_hash" bytea not null, "code_hash" bytea not null, "key_version" int not null, "context" jsonb not null default '{}', "requester" text not null, "attempts" int not null default 0, "sends" int not null default 1, "tries" int not null default 0, "created_at" timestamptz not null, "resend_at" timestamptz not null, "expires_at" timestamptz not null, "used_at" timestamptz null, primary key ("id"));`);
    this.addSql(`alter table "verifications" add constraint "verifications_selector_unique" unique ("selector");`);
    this.addSql(`create index "verifications_expires_at_idx" on "verifications" ("expires_at");`);
    this.addSql(`create index "verifications_user_id_idx" on "verifications" ("user_id", "purpose");`);
    this.addSql(`create index verifications_open_idx on verifications (target, purpose) where used_at is null;`);

    this.addSql(`create table "reset_requests" ("id" uuid not null, "address" text not null, "origin" jsonb not null, "attempts" int not null default 0, "next_attempt_at" timestamptz not null, "created_at" timestamptz not null, primary key ("id"));`);
    this.addSql(`create index "reset_requests_due_idx" on "reset_requests" ("next_attempt_at", "id");`);

    this.addSql(`alter table "users" add "mfa_enabled_at" timestamptz null, add "attributes" jsonb not null default '{}';`);
    this.addSql(`create index users_mfa_enabled_idx on users (created_at, id) where mfa_enabled_at is not null;`);

    this.addSql(`alter table "one_time_tokens" drop constraint "one_time_tokens_kind_check";`);
    this.addSql(`alter table "one_time_tokens" add "attempts" int not null default 0;`);
    this.addSql(`alter table "one_time_tokens" add constraint "one_time_tokens_kind_check" check ("kind" in ('SETUP', 'INVITE', 'RESET', 'PASSWORD_CHANGE', 'EMAIL_CHANGE', 'SIGN_IN_LINK', 'MFA', 'PASSKEY_REGISTRATION', 'PASSKEY_ASSERTION', 'PROVIDER_SIGN_IN'));`);

    this.addSql(`alter table "identifiers" add "skeleton" text null;`);
    this.addSql(`create unique index identifiers_username_skeleton_unique on identifiers (skeleton) where exclusive and kind = 'USERNAME';`);

    this.addSql(`alter table "sessions" drop constraint "sessions_sign_in_method_check";`);
    this.addSql(`alter table "sessions" add "factors" jsonb not null default '[]', add "device_id" uuid null, add "failed_proof_count" int not null default 0, add "proof_locked_until" timestamptz null;`);
    this.addSql(`alter table "sessions" add constraint "sessions_device_id_foreign" foreign key ("device_id") references "devices" ("id") on delete set null;`);
    this.addSql(`create index "sessions_device_id_idx" on "sessions" ("device_id");`);
    this.addSql(`create index sessions_active_idx on sessions (id) where ended_at is null;`);
    this.addSql(`create index sessions_ended_at_idx on sessions (ended_at) where ended_at is not null;`);
    this.addSql(`alter table "sessions" add constraint "sessions_sign_in_method_check" check ("sign_in_method" in ('PASSWORD', 'CODE', 'LINK', 'PASSKEY', 'EXTERNAL_PROVIDER', 'SIGN_UP', 'INVITATION'));`);

    this.addSql(`alter table "credentials" drop constraint "credentials_type_check";`);
    this.addSql(`alter table "credentials" add "external_id" text null, add "label" text null, add "details" jsonb not null default '{}', add "counter" bigint null, add "expires_at" timestamptz null, add "last_used_at" timestamptz null;`);
    this.addSql(`create unique index credentials_passkey_unique on credentials (external_id) where type = 'PASSKEY';`);
    this.addSql(`create unique index credentials_totp_unique on credentials (user_id, type) where type in ('TOTP', 'TOTP_PENDING');`);
    this.addSql(`alter table "credentials" add constraint "credentials_type_check" check ("type" in ('PASSWORD', 'PASSWORD_HISTORY', 'TOTP', 'TOTP_PENDING', 'RECOVERY_CODE', 'PASSKEY'));`);

    this.addSql(`alter table "messages" add constraint "messages_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "messages" add constraint "messages_previous_id_foreign" foreign key ("previous_id") references "messages" ("id") on delete set null;`);
    this.addSql(`alter table "messages" add constraint "messages_channel_check" check ("channel" in ('EMAIL', 'SMS'));`);
    this.addSql(`alter table "messages" add constraint "messages_state_check" check ("state" in ('QUEUED', 'SENT', 'FAILED', 'NOT_CONFIGURED'));`);

    this.addSql(`alter table "invitations" add constraint "invitations_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "invitations" add constraint "invitations_invited_by_id_foreign" foreign key ("invited_by_id") references "users" ("id") on delete set null;`);
    this.addSql(`alter table "invitations" add constraint "invitations_token_id_foreign" foreign key ("token_id") references "one_time_tokens" ("id") on delete set null;`);
    this.addSql(`alter table "invitations" add constraint "invitations_message_id_foreign" foreign key ("message_id") references "messages" ("id") on delete set null;`);
    this.addSql(`alter table "invitations" add constraint "invitations_previous_id_foreign" foreign key ("previous_id") references "invitations" ("id") on delete set null;`);

    this.addSql(`alter table "external_identities" add constraint "external_identities_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`alter table "devices" add constraint "devices_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);

    this.addSql(`alter table "verifications" add constraint "verifications_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "verifications" add constraint "verifications_purpose_check" check ("purpose" in ('SIGN_UP', 'SIGN_IN', 'STEP_UP'));`);
    this.addSql(`alter table "verifications" add constraint "verifications_channel_check" check ("channel" in ('EMAIL', 'SMS'));`);
  }

  /** What only the new tables and words can express is lost; sessions begun in the new ways end. */
  override down(): void | Promise<void> {
    this.addSql(`alter table sessions drop constraint sessions_device_id_foreign;`);
    this.addSql(`drop table invitations;`);
    this.addSql(`drop table messages;`);
    this.addSql(`drop table external_identities;`);
    this.addSql(`drop table devices;`);
    this.addSql(`drop table verifications;`);
    this.addSql(`drop table reset_requests;`);

    this.addSql(`delete from credentials where type <> 'PASSWORD';`);
    this.addSql(`drop index credentials_passkey_unique;`);
    this.addSql(`drop index credentials_totp_unique;`);
    this.addSql(`alter table credentials drop constraint credentials_type_check;`);
    this.addSql(`alter table credentials drop column external_id, drop column label, drop column details, drop column counter, drop column expires_at, drop column last_used_at;`);
    this.addSql(`alter table credentials add constraint credentials_type_check check (type in ('PASSWORD'));`);

    this.addSql(`drop index identifiers_username_skeleton_unique;`);
    this.addSql(`alter table identifiers drop column skeleton;`);

    this.addSql(`delete from one_time_tokens where kind not in ('SETUP', 'INVITE', 'PASSWORD_CHANGE');`);
    this.addSql(`alter table one_time_tokens drop constraint one_time_tokens_kind_check;`);
    this.addSql(`alter table one_time_tokens drop column attempts;`);
    this.addSql(`alter table one_time_tokens add constraint one_time_tokens_kind_check check (kind in ('SETUP', 'INVITE', 'PASSWORD_CHANGE'));`);

    this.addSql(`delete from sessions where sign_in_method not in ('PASSWORD', 'SIGN_UP', 'INVITATION');`);
    this.addSql(`drop index sessions_device_id_idx;`);
    this.addSql(`drop index sessions_active_idx;`);
    this.addSql(`drop index sessions_ended_at_idx;`);
    this.addSql(`alter table sessions drop constraint sessions_sign_in_method_check;`);
    this.addSql(`alter table sessions drop column factors, drop column device_id, drop column failed_proof_count, drop column proof_locked_until;`);
    this.addSql(`alter table sessions add constraint sessions_sign_in_method_check check (sign_in_method in ('PASSWORD', 'SIGN_UP', 'INVITATION'));`);

    this.addSql(`drop index users_mfa_enabled_idx;`);
    this.addSql(`alter table users drop column mfa_enabled_at, drop column attributes;`);
  }

}
