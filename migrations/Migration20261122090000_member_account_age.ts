import { Migration } from '@mikro-orm/migrations';

export class Migration20261122090000_member_account_age extends Migration {

  override name = 'Migration20261122090000_member_account_age';

  override up(): void | Promise<void> {
    // When the account was made, which never changes, beside the membership: the newest people of a part of the tree are read along one
    // index, without looking at everybody who is newer and elsewhere. The database writes it, so that no statement can forget it.
    this.addSql(`alter table "organization_members" add column "account_created_at" timestamptz;`);
    this.addSql(`update organization_members m set account_created_at = u.created_at from users u where u.id = m.user_id;`);
    this.addSql(`alter table "organization_members" alter column "account_created_at" set not null;`);
    this.addSql(`
      create function copy_account_age() returns trigger language plpgsql as $$
      begin
        new.account_created_at := (select created_at from users where id = new.user_id);
        return new;
      end $$;`);
    this.addSql(`create trigger organization_members_account_age before insert or update of user_id, account_created_at
      on organization_members for each row execute function copy_account_age();`);
    this.addSql(`create index "organization_members_account_age_idx" on "organization_members" ("account_created_at", "user_id", "organization_id");`);
    // The people of a small part of the tree, with their age, from the index alone.
    this.addSql(`drop index "organization_members_organization_idx";`);
    this.addSql(`create index "organization_members_organization_idx" on "organization_members" ("organization_id", "joined_at", "user_id") include ("account_created_at");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "organization_members_organization_idx";`);
    this.addSql(`create index "organization_members_organization_idx" on "organization_members" ("organization_id", "joined_at", "user_id");`);
    this.addSql(`drop index "organization_members_account_age_idx";`);
    this.addSql(`drop trigger organization_members_account_age on organization_members;`);
    this.addSql(`drop function copy_account_age();`);
    this.addSql(`alter table "organization_members" drop column "account_created_at";`);
  }

}
