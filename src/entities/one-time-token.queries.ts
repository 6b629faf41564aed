/**
 * Part of a statement: a token as `OneTimeTokenService.values` gives it, if there is one at all; `NO_TOKEN` stands for none. `$1` id
 * or null, `$2` kind, `$3` user or null, `$4` selector, `$5` hash of its secret, `$6` context (JSON), `$7` now, `$8` its end.
 */
export const issuedToken = `issued as (
  insert into one_time_tokens (id, kind, user_id, selector, secret_hash, context, attempts, created_at, expires_at)
  select $1::uuid, $2, $3::uuid, $4, $5::bytea, $6::jsonb, 0, $7::timestamptz, $8::timestamptz
  where $1::uuid is not null
)`;

export const NO_TOKEN: readonly null[] = Array.from({ length: 8 }, () => null);
