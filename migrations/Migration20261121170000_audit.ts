import { Migration } from '@mikro-orm/migrations';

export class Migration20261121170000_audit extends Migration {

  override name = 'Migration20261121170000_audit';

  override up(): void | Promise<void> {
    this.addSql(`create table "audit_chain" ("id" smallint not null, "sequence" bigint not null, "hash" bytea not null, primary key ("id"));`);
    this.addSql(`alter table "audit_chain" add constraint "audit_chain_single_row" check (id = 1);`);
    this.addSql(`insert into audit_chain (id, sequence, hash) values (1, 0, decode(repeat('00', 32), 'hex'));`);

    this.addSql(`create table "audit_checkpoints" ("sequence" bigint not null, "hash" bytea not null, "dropped_from" bigint null, "at" timestamptz not null, "kid" text not null, "signature" text not null, primary key ("sequence"));`);
    this.addSql(`create index audit_checkpoints_dropped_idx on audit_checkpoints (dropped_from) where dropped_from is not null;`);

    this.addSql(`create table "export_jobs" ("id" uuid not null, "kind" text not null, "format" text not null, "state" text not null, "owner_id" uuid not null, "access_id" uuid not null, "scope" jsonb not null, "place" jsonb null, "progress" double precision not null, "row_count" int not null, "size_bytes" bigint not null, "chunk_count" int not null, "fencing" bigint not null, "claimed_until" timestamptz null, "failures" int not null, "failure" text null, "previous_id" uuid null, "created_at" timestamptz not null, "finished_at" timestamptz null, "expires_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "export_jobs_previous_id_idx" on "export_jobs" ("previous_id");`);
    this.addSql(`create index "export_jobs_owner_idx" on "export_jobs" ("owner_id", "created_at", "id");`);
    this.addSql(`create index export_jobs_expires_at_idx on export_jobs (expires_at) where expires_at is not null;`);
    this.addSql(`create index export_jobs_open_idx on export_jobs (created_at, id) where state in ('QUEUED', 'RUNNING');`);
    this.addSql(`alter table "export_jobs" add constraint "export_jobs_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete cascade;`);
    this.addSql(`alter table "export_jobs" add constraint "export_jobs_previous_id_foreign" foreign key ("previous_id") references "export_jobs" ("id") on delete set null;`);
    this.addSql(`alter table "export_jobs" add constraint "export_jobs_kind_check" check ("kind" in ('AUDIT_EVENTS', 'USER_DATA'));`);
    this.addSql(`alter table "export_jobs" add constraint "export_jobs_format_check" check ("format" in ('NDJSON', 'CSV'));`);
    this.addSql(`alter table "export_jobs" add constraint "export_jobs_state_check" check ("state" in ('QUEUED', 'RUNNING', 'DONE', 'FAILED'));`);

    this.addSql(`create table "export_chunks" ("job_id" uuid not null, "position" int not null, "content" bytea not null, primary key ("job_id", "position"));`);
    this.addSql(`alter table "export_chunks" add constraint "export_chunks_job_id_foreign" foreign key ("job_id") references "export_jobs" ("id") on delete cascade;`);

    this.addSql(`create index audit_events_unsealed_idx on audit_events (at, id) where chain_sequence is null;`);
    this.addSql(`create index audit_events_chain_idx on audit_events (chain_sequence) where chain_sequence is not null;`);
    this.addSql(`create index audit_events_on_behalf_of_idx on audit_events (on_behalf_of_id, at, id) where on_behalf_of_id is not null;`);
    this.addSql(`create index "audit_events_id_idx" on "audit_events" ("id");`);
    this.addSql(`create index "audit_events_result_idx" on "audit_events" ("result", "at", "id");`);
    this.addSql(`create index audit_personal_values_address_idx on audit_personal_values ((("values"->>'ipAddress')::inet), at, event_id);`);

    this.#makeAppendOnly();
    this.#makeErasable();
  }

  /** Nothing is changed or deleted, whoever asks: a row is sealed once, a personal value is erased once, a month is dropped whole. */
  #makeAppendOnly(): void {
    this.addSql(`
      create function refuse_audit_change() returns trigger language plpgsql as $$
      begin
        raise exception 'The audit log is append-only: % of % is refused.', lower(tg_op), tg_table_name using errcode = 'insufficient_privilege';
      end $$;`);
    this.addSql(`
      create function guard_audit_event() returns trigger language plpgsql as $$
      declare
        unsealed audit_events;
      begin
        unsealed := new;
        unsealed.chain_sequence := null;
        unsealed.chain_hash := null;
        if old.chain_sequence is null and old.chain_hash is null and new.chain_sequence is not null
          and new.chain_hash is not null and unsealed is not distinct from old then
          return new;
        end if;
        raise exception 'The audit log is append-only: an event can be sealed once, nothing else.' using errcode = 'insufficient_privilege';
      end $$;`);
    this.addSql(`
      create function erased_audit_values(original jsonb) returns jsonb language sql immutable parallel safe as $$
        select jsonb_build_object('actorLabel', null, 'targetLabel', null, 'ipAddress', null, 'userAgent', null, 'changes',
          coalesce((select jsonb_agg(jsonb_build_object('field', change->'field', 'before', null, 'after', null) order by position)
            from jsonb_array_elements(original->'changes') with ordinality as c(change, position)), '[]'))
      $$;`);
    this.addSql(`
      create function guard_audit_values() returns trigger language plpgsql as $$
      begin
        if new.at = old.at and new.event_id = old.event_id and new.salt = ''::bytea
          and new.values = erased_audit_values(old.values) then
          return new;
        end if;
        raise exception 'The audit log is append-only: personal values can be erased, nothing else.' using errcode = 'insufficient_privilege';
      end $$;`);
    this.addSql(`create trigger audit_events_seal before update on audit_events for each row execute function guard_audit_event();`);
    this.addSql(`create trigger audit_events_keep before delete on audit_events for each row execute function refuse_audit_change();`);
    this.addSql(`create trigger audit_personal_values_erase before update on audit_personal_values for each row execute function guard_audit_values();`);
    this.addSql(`create trigger audit_personal_values_keep before delete on audit_personal_values for each row execute function refuse_audit_change();`);
    this.#refuseTruncate();
  }

  /** Row triggers come with every partition, those of statements do not. */
  #refuseTruncate(): void {
    this.addSql(partitionsFunction(`
              execute format('create trigger %I before truncate on %I for each statement execute function refuse_audit_change()',
                partition_name || '_whole', partition_name);`));
    this.addSql(`
      do $$
      declare
        relation text;
      begin
        for relation in select c.relname from pg_class c where c.relkind in ('r', 'p') and c.oid in (
          select parent from (values ('audit_events'::regclass), ('audit_personal_values'::regclass)) p(parent)
          union all select inhrelid from pg_inherits where inhparent in ('audit_events'::regclass, 'audit_personal_values'::regclass))
        loop
          execute format('create trigger %I before truncate on %I for each statement execute function refuse_audit_change()',
            relation || '_whole', relation);
        end loop;
      end $$;`);
  }

  #makeErasable(): void {
    this.addSql(`
      create function erase_audit_personal_values(person uuid, belongings text[]) returns integer language plpgsql as $$
      declare
        erased integer;
      begin
        with concerned as (
          select at, id from audit_events where actor_id = person
          union select at, id from audit_events where on_behalf_of_id = person
          union select at, id from audit_events where target_id = any(belongings || person::text)
        )
        update audit_personal_values p set salt = '', values = erased_audit_values(p.values)
        from concerned c where p.at = c.at and p.event_id = c.id and p.salt <> ''::bytea;
        get diagnostics erased = row_count;
        return erased;
      end $$;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop function erase_audit_personal_values(uuid, text[]);`);
    this.addSql(partitionsFunction(''));
    this.addSql(`drop trigger audit_events_seal on audit_events;`);
    this.addSql(`drop trigger audit_events_keep on audit_events;`);
    this.addSql(`drop trigger audit_personal_values_erase on audit_personal_values;`);
    this.addSql(`drop trigger audit_personal_values_keep on audit_personal_values;`);
    this.addSql(`drop function refuse_audit_change() cascade;`);
    this.addSql(`drop function guard_audit_event();`);
    this.addSql(`drop function guard_audit_values();`);
    this.addSql(`drop function erased_audit_values(jsonb);`);

    this.addSql(`drop index audit_personal_values_address_idx;`);
    this.addSql(`drop index audit_events_result_idx;`);
    this.addSql(`drop index audit_events_id_idx;`);
    this.addSql(`drop index audit_events_on_behalf_of_idx;`);
    this.addSql(`drop index audit_events_chain_idx;`);
    this.addSql(`drop index audit_events_unsealed_idx;`);

    this.addSql(`drop table "export_chunks";`);
    this.addSql(`drop table "export_jobs";`);
    this.addSql(`drop table "audit_checkpoints";`);
    this.addSql(`drop table "audit_chain";`);
  }

}

/** The function that makes the partitions of so many months; `onPartition` runs for each of them once it is there. */
const partitionsFunction = (onPartition: string): string => `
      create or replace function ensure_audit_partitions(first_month date, months integer) returns void language plpgsql as $$
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
                to_char(month_start, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month_end, 'YYYY-MM-DD') || ' 00:00:00+00');${onPartition}
            end if;
          end loop;
        end loop;
      end $$;`;
