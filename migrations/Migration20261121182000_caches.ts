import { Migration } from '@mikro-orm/migrations';

export class Migration20261121182000_caches extends Migration {

  override name = 'Migration20261121182000_caches';

  override up(): void | Promise<void> {
    // The private half of a mounted key stays outside.
    this.addSql(`alter table "signing_keys" alter column "sealed_private_jwk" drop not null;`);
  }

  override down(): void | Promise<void> {
    // Nobody without the mounted file could sign with these, and the version before knows no keys that are published ahead.
    this.addSql(`delete from signing_keys where sealed_private_jwk is null or status = 'PUBLISHED';`);
    this.addSql(`alter table "signing_keys" alter column "sealed_private_jwk" set not null;`);
  }

}
