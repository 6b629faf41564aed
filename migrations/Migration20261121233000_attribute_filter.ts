import { Migration } from '@mikro-orm/migrations';

export class Migration20261121233000_attribute_filter extends Migration {

  override name = 'Migration20261121233000_attribute_filter';

  override up(): void | Promise<void> {
    // Words that find the values of an object, each row's at least: a text up to 100 characters (=), a boolean (:), days (@) and
    // numbers (#) whole and by beginnings of a text that sorts as they do, the empty one among them. Of numbers six digits do, a
    // part in four thousand: more would be as many words as values. No stored value may make it fail.
    this.addSql(`
      create function attribute_keys(attributes jsonb) returns text[] language plpgsql immutable strict parallel safe cost 1000 as $$
      declare
        keys text[] := '{}';
        one record;
        told text;
        sortable text;
      begin
        for one in select left(key, 100) as name, value from jsonb_each(attributes) loop
          told := one.value #>> '{}';
          case jsonb_typeof(one.value)
            when 'string' then
              keys := keys || (one.name || '=') || (one.name || '=' || left(told, 100));
              if told ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
                sortable := replace(told, '-', '');
                for place in 0 .. 8 loop
                  keys := keys || (one.name || '@' || left(sortable, place));
                end loop;
              end if;
            when 'boolean' then
              keys := keys || (one.name || ':' || told);
            when 'number' then
              if told::numeric = 0 or abs(told::numeric) between 5e-324 and 1.7976931348623157e308 then
                sortable := encode(float8send(told::float8), 'hex');
                sortable := case when told::numeric < 0
                  then translate(sortable, '0123456789abcdef', 'fedcba9876543210')
                  else translate(left(sortable, 1), '01234567', '89abcdef') || substr(sortable, 2) end;
                keys := keys || (one.name || '#' || sortable);
                for place in 0 .. 6 loop
                  keys := keys || (one.name || '#' || left(sortable, place));
                end loop;
              end if;
            else null;
          end case;
        end loop;
        return keys;
      end $$;`);
    // Whoever has no attributes is not in it, so that it costs nothing where none are declared.
    this.addSql(`create index users_attributes_idx on users using gin (attribute_keys(attributes)) where attributes <> '{}';`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "users_attributes_idx";`);
    this.addSql(`drop function attribute_keys(jsonb);`);
  }

}
