import { organizationReach, organizationsWithin, visibleMemberships } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { Failure } from '../errors.ts';
import { type GroupId, type OrganizationId, parseId } from '../ids.ts';
import type { UserKind, UserStatus } from '../vocabulary.ts';
import type { AttributeFilter } from './attribute-filter.ts';
import { type Conditions, searchText } from './conditions.ts';

export interface UserFilter {
  readonly search?: string | null | undefined;
  readonly statusIn?: readonly UserStatus[] | null | undefined;
  readonly kindIn?: readonly UserKind[] | null | undefined;
  readonly groupIds?: readonly string[] | null | undefined;
  readonly organizationId?: string | null | undefined;
  readonly mfa?: boolean | null | undefined;
  readonly attributes?: readonly AttributeFilter[] | null | undefined;
  readonly createdAt?: TimeRange | null | undefined;
  readonly lastSignInAt?: TimeRange | null | undefined;
}

export interface TimeRange {
  readonly from?: Date | null | undefined;
  readonly until?: Date | null | undefined;
}

/** Adds what the filter asks of the users `u`, but for their attributes; no index answers its search, for which there is `indexedSearch`. Throws BAD_USER_INPUT, and FORBIDDEN for an organization without `view:organizations`. */
export const addUserFilter = (conditions: Conditions, viewer: Viewer, filter: UserFilter | null): void => {
  if (filter === null) return;
  const { now } = viewer;
  if (filter.search != null) conditions.add('strpos(u.search_text, lower(?::text)) > 0', searchText(filter.search));
  if (filter.statusIn != null) addStatus(conditions, filter.statusIn, now);
  if (filter.kindIn != null) conditions.add('u.kind = any(?::text[])', filter.kindIn);
  if (filter.groupIds != null) addGroups(conditions, viewer, filter.groupIds);
  if (filter.organizationId != null) addOrganization(conditions, viewer, filter.organizationId);
  if (filter.mfa != null) conditions.add(`u.mfa_enabled_at is ${filter.mfa ? 'not null' : 'null'}`);
  addRange(conditions, 'u.created_at', filter.createdAt);
  addRange(conditions, 'u.last_sign_in_at', filter.lastSignInAt);
};

/** Members of one of these groups, as far as the caller sees where they are members. */
const addGroups = (conditions: Conditions, viewer: Viewer, texts: readonly string[]): void => {
  const next = conditions.values.length + 1;
  const seen = visibleMemberships(viewer, next + 1);
  conditions.addRaw(
    `exists (select from memberships m where m.user_id = u.id and m.group_id = any($${next}::uuid[])
      and (${seen.condition} or u.id = $${next + 1 + seen.values.length}))`,
    [readGroups(texts), ...seen.values, viewer.principal.userId],
  );
};

/** Members there and below, as far as the caller sees who belongs where; an organization that is hidden has none. */
const addOrganization = (conditions: Conditions, viewer: Viewer, text: string): void => {
  const reach = organizationReach(viewer);
  if (reach !== 'ALL' && reach.length === 0) {
    throw new Failure('FORBIDDEN', 'This filter needs view:organizations.', { missing: ['view:organizations'] });
  }
  const next = conditions.values.length + 1;
  const within = organizationsWithin(reach, next + 1);
  conditions.addRaw(
    `u.id in (select om.user_id from organizations o join organization_closure oc on oc.ancestor_id = o.id
      join organization_members om on om.organization_id = oc.descendant_id where o.id = $${next} and ${within.condition})`,
    [parseId<OrganizationId>(text), ...within.values],
  );
};

/** LOCKED is a span of time: ACTIVE and LOCKED divide the rows stored as ACTIVE between them. */
const addStatus = (conditions: Conditions, states: readonly UserStatus[], now: Date): void => {
  const stored = states.filter((state) => state !== 'LOCKED' && state !== 'ACTIVE');
  const active = states.includes('ACTIVE');
  const locked = states.includes('LOCKED');
  const alternatives = [
    'u.status = any(?::text[])',
    ...(active && locked ? [`u.status = 'ACTIVE'`] : []),
    ...(active && !locked
      ? [`(u.status = 'ACTIVE' and (u.locked_until is null or u.locked_until <= ?::timestamptz))`]
      : []),
    ...(locked && !active ? [`(u.status = 'ACTIVE' and u.locked_until > ?::timestamptz)`] : []),
  ];
  const values: unknown[] = active === locked ? [stored] : [stored, now.toISOString()];
  conditions.add(`(${alternatives.join(' or ')})`, ...values);
};

const addRange = (conditions: Conditions, column: string, range: TimeRange | null | undefined): void => {
  if (range?.from != null) conditions.add(`${column} >= ?::timestamptz`, range.from.toISOString());
  if (range?.until != null) conditions.add(`${column} < ?::timestamptz`, range.until.toISOString());
};

const MAXIMUM_GROUP_FILTER = 100;

const readGroups = (texts: readonly string[]): readonly GroupId[] => {
  if (texts.length > MAXIMUM_GROUP_FILTER) {
    throw new Failure('BAD_USER_INPUT', `At most ${MAXIMUM_GROUP_FILTER} groups.`, {
      limit: 'groupIds',
      maximum: MAXIMUM_GROUP_FILTER,
    });
  }
  return texts.map((text) => parseId<GroupId>(text)).filter((id) => id !== null);
};
