/** One kind of row that belongs to a person. */
interface UserDataSection {
  /** `type` of its lines. */
  readonly type: string;
  /** Statement that gives the rows with a unique, ordered `key`; `$1` the user. Never `select *`: columns are named, secrets are not. */
  readonly rows: string;
}

/** Everything that is kept about a person, besides the audit log, in the order of an export. */
export const userDataSections: readonly UserDataSection[] = [
  {
    type: 'User',
    rows: `select id::text as key, id, kind, display_name, locale, email, email_verified_at, phone, phone_verified_at, username, status,
      status_reason, locked_until, failed_sign_in_count, password_change_required, mfa_enabled_at, last_sign_in_at, external_id,
      source, attributes, created_at, updated_at from users where id = $1::uuid`,
  },
  {
    type: 'Identifier',
    rows: `select id::text as key, id, kind, value, exclusive, verified_at, created_at from identifiers where user_id = $1::uuid`,
  },
  {
    type: 'Membership',
    rows: `select m.id::text as key, m.id, m.group_id, g.name as group_name, m.organization_id, m.added_by_id, m.added_at
      from memberships m join groups g on g.id = m.group_id where m.user_id = $1::uuid`,
  },
  {
    type: 'OrganizationMembership',
    rows: `select m.organization_id::text as key, m.organization_id, o.name as organization_name, m.added_by_id, m.joined_at
      from organization_members m join organizations o on o.id = m.organization_id where m.user_id = $1::uuid`,
  },
  {
    type: 'Credential',
    rows: `select id::text as key, id, type as credential_type, label, created_at, updated_at, last_used_at, expires_at from credentials where user_id = $1::uuid`,
  },
  {
    type: 'ExternalIdentity',
    rows: `select id::text as key, id, issuer, subject, email, linked_at, last_used_at from external_identities where user_id = $1::uuid`,
  },
  {
    type: 'Device',
    rows: `select id::text as key, id, name, last_ip_address, trusted_until, first_seen_at, last_seen_at from devices where user_id = $1::uuid`,
  },
  {
    type: 'Session',
    rows: `select id::text as key, id, sign_in_method, assurance_level, ip_address, user_agent, client_name, device_name, device_id,
      created_at, last_seen_at, expires_at, ended_at, end_reason from sessions where user_id = $1::uuid and impersonation_id is null`,
  },
  {
    type: 'ApiKey',
    rows: `select id::text as key, id, name, networks, created_at, expires_at, last_used_at, last_used_ip, revoked_at
      from api_keys where owner_id = $1::uuid`,
  },
  {
    type: 'Invitation',
    rows: `select id::text as key, id, organization_id, invited_by_id, created_at, expires_at, accepted_at, revoked_at
      from invitations where user_id = $1::uuid`,
  },
  {
    type: 'Message',
    rows: `select id::text as key, id, channel, template, recipient, locale, state, created_at, sent_at from messages where user_id = $1::uuid`,
  },
  {
    type: 'Verification',
    rows: `select id::text as key, id, purpose, channel, target, created_at, expires_at, used_at from verifications where user_id = $1::uuid`,
  },
  {
    type: 'Impersonation',
    rows: `select id::text as key, id, actor_id, target_id, mode, started_at, expires_at, ended_at
      from impersonations where actor_id = $1::uuid or target_id = $1::uuid`,
  },
];

/** A page of one section; `$1` the user, `$2` the last key read (null: none), `$3` how many. */
export const userDataPage = ({ rows }: UserDataSection): string =>
  `select r.key, to_jsonb(r) - 'key' as data from (${rows}) r where $2::text is null or r.key > $2::text order by r.key limit $3`;
