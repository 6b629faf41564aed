import { Migration } from '@mikro-orm/migrations';

export class Migration20261122154314_service_accounts extends Migration {

  override name = 'Migration20261122154314_service_accounts';

  override up(): void | Promise<void> {
    // They are few, and a list of their own.
    this.addSql(`create index users_service_idx on users (created_at, id) where kind = 'SERVICE';`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "users_service_idx";`);
  }

}
