/**
 * Part of a statement: the device that a session begins on, if `guard` has a row, as `device` with its id and whether nothing
 * like it was seen before.
 *
 * A device that presented its secret is marked as used. Any other one gets a row with a new secret; but a row whose secret was
 * never presented is used again for what looks the same, because a client that keeps no secrets would leave one behind at
 * every sign-in.
 *
 * Tries are forgotten only as far as the sign-in earned it: one that rested on the trust in the device, or on no secret that could be
 * guessed, takes back its own try at most. Else whoever has the first factor and a trusted device, or only the mailbox, would buy
 * guesses of the password and of the codes with every sign-in.
 *
 * `$1` the recognised device or null, `$2` now, `$3` address, `$4` end of the trust or null, `$5` id, `$6` user, `$7` selector,
 * `$8` hash of the secret, `$9` name and `$10` fingerprint of a device that is not recognised, `$11` how many tries are
 * taken back from a recognised one; null = all.
 */
export const metDevice = (guard: string): string => `recognised as (
  update devices set last_seen_at = $2::timestamptz, last_ip_address = $3,
    failed_sign_in_count = greatest(failed_sign_in_count - coalesce($11::int, failed_sign_in_count), 0),
    locked_until = case when $11::int = 0 then locked_until end,
    confirmed_at = coalesce(confirmed_at, $2::timestamptz), trusted_until = coalesce($4::timestamptz, trusted_until)
  where id = $1::uuid and exists (select from ${guard})
  returning id
), met as (
  insert into devices (id, user_id, selector, secret_hash, name, fingerprint, trusted_until, first_seen_at, last_seen_at,
    last_ip_address)
  select $5::uuid, $6::uuid, $7, $8::bytea, $9, $10, $4::timestamptz, $2::timestamptz, $2::timestamptz, $3
  from ${guard} where $1::uuid is null
  on conflict (user_id, fingerprint) where confirmed_at is null
  do update set selector = excluded.selector, secret_hash = excluded.secret_hash, name = excluded.name,
    trusted_until = excluded.trusted_until, last_seen_at = excluded.last_seen_at, last_ip_address = excluded.last_ip_address
  returning id, fingerprint
), device as (
  select id, false as unseen from recognised
  union all
  select id, not exists (select from devices d where d.user_id = $6::uuid and d.fingerprint = met.fingerprint) from met
)`;
