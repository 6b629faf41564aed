import { Migration } from '@mikro-orm/migrations';

export class Migration20261122062501_mounted_keys extends Migration {

  override name = 'Migration20261122062501_mounted_keys';

  override up(): void | Promise<void> {
    this.addSql(`alter table "signing_keys" add "sealed_public_jwk" text null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "signing_keys" drop column "sealed_public_jwk";`);
  }

}
