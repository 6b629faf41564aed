import { Migration } from '@mikro-orm/migrations';

export class Migration20261121233100_approval_chains extends Migration {

  override name = 'Migration20261121233100_approval_chains';

  override up(): void | Promise<void> {
    this.addSql(`alter table "approval_requests" add "previous_id" uuid null;`);
    this.addSql(`create index "approval_requests_previous_id_idx" on "approval_requests" ("previous_id");`);
    this.addSql(`alter table "approval_requests" add constraint "approval_requests_previous_id_foreign" foreign key ("previous_id") references "approval_requests" ("id") on delete set null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "approval_requests" drop column "previous_id";`);
  }

}
