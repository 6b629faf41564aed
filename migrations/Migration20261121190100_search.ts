import { Migration } from '@mikro-orm/migrations';

export class Migration20261121190100_search extends Migration {

  override name = 'Migration20261121190100_search';

  override up(): void | Promise<void> {
    // Each two characters that stand side by side. In plain PL/pgSQL: an index computes it for every new version of a row.
    this.addSql(`
      create function search_pairs(searched text) returns text[] language plpgsql immutable strict parallel safe cost 1000 as $$
      declare
        pairs text[] := '{}';
      begin
        for place in 1 .. char_length(searched) - 1 loop
          pairs := pairs || substr(searched, place, 2);
        end loop;
        return pairs;
      end $$;`);
    this.addSql(`create index users_search_pairs_idx on users using gin (search_pairs(search_text));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "users_search_pairs_idx";`);
    this.addSql(`drop function search_pairs(text);`);
  }

}
