import { Migration } from '@mikro-orm/migrations';

/** Each audit event knows the transaction that wrote it: subscriptions find by it what was committed since they looked. */
export class Migration20261121184000_audit_transactions extends Migration {

  override name = 'Migration20261121184000_audit_transactions';

  override up(): void | Promise<void> {
    // In two steps: with its default at once, the column would be written into every row that is there, and the log be locked meanwhile.
    this.addSql(`alter table "audit_events" add "transaction_id" xid8 null;`);
    this.addSql(`alter table "audit_events" alter column "transaction_id" set default pg_current_xact_id();`);
    this.addSql(`create index "audit_events_transaction_idx" on "audit_events" ("transaction_id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "audit_events_transaction_idx";`);
    this.addSql(`alter table "audit_events" drop column "transaction_id";`);
  }

}
