import type { NamedUsers, UserNarrowing } from '../entities/filtered-users.queries.ts';
import { organizationReach, organizationsWithin, visibleMemberships } from '../entities/organization.visibility.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { Failure } from '../errors.ts';
import { type GroupId, type OrganizationId, parseId } from '../ids.ts';
import type { UserKind, UserStatus } from '../vocabulary.ts';
import type { AttributeFilter } from './attribute-filter.ts';
import { Conditions } from './conditions.ts';
import { addSearch } from './user-searches.ts';

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

/** What the filter asks, of which the conditions `own` may yet be added to. */
export type NarrowingParts = Omit<UserNarrowing, 'own'> & { readonly own: Conditions };

/**
 * What the filter asks of users in a list that is ordered by `field`, but for their attributes; `values` takes the parameters. No index
 * answers its search: for that there are `UserSearches`. Throws BAD_USER_INPUT, and FORBIDDEN for an organization without
 * `view:organizations`.
 */
export const narrowingOf = (values: unknown[], viewer: Viewer, filter: UserFilter, field: string): NarrowingParts => {
  const [own, span, related] = [new Conditions(values), new Conditions(values), new Conditions(values)];
  addOwn(own, filter, viewer.now);
  addRange(field === 'CREATED_AT' ? span : own, 'u.created_at', filter.createdAt);
  addLastSignIn(field === 'LAST_SIGN_IN_AT' ? span : own, filter.lastSignInAt);
  const groups = filter.groupIds == null ? null : membersOf(related, viewer, filter.groupIds);
  const people = filter.organizationId == null ? null : peopleOf(related, viewer, filter.organizationId);
  if (groups !== null && people !== null) related.addRaw(people.each, []);
  return { own, span: span.text, related: related.text, named: groups ?? people };
};

const addOwn = (own: Conditions, filter: UserFilter, now: Date): void => {
  if (filter.search != null) addSearch(own, filter.search);
  if (filter.statusIn != null) addStatus(own, filter.statusIn, now);
  if (filter.kindIn != null) own.add('u.kind = any(?::text[])', filter.kindIn);
  if (filter.mfa != null) own.add(`u.mfa_enabled_at is ${filter.mfa ? 'not null' : 'null'}`);
};

/** Members of one of these groups, as far as the caller sees where they are members. */
const membersOf = (conditions: Conditions, viewer: Viewer, texts: readonly string[]): NamedUsers => {
  const next = conditions.values.length + 1;
  const seen = visibleMemberships(viewer, next + 1);
  conditions.addRaw('true', [readGroups(texts), ...seen.values, viewer.principal.userId]);
  const held = `m.group_id = any($${next}::uuid[]) and (${seen.condition} or m.user_id = $${next + 1 + seen.values.length})`;
  return {
    ids: `select m.user_id from memberships m where ${held}`,
    each: `coalesce((select true from memberships m where m.user_id = u.id and ${held} limit 1), false)`,
  };
};

/** Members there and below, as far as the caller sees who belongs where; an organization that is hidden has none. */
const peopleOf = (conditions: Conditions, viewer: Viewer, text: string): NamedUsers => {
  const reach = organizationReach(viewer);
  if (reach !== 'ALL' && reach.length === 0) {
    throw new Failure('FORBIDDEN', 'This filter needs view:organizations.', { missing: ['view:organizations'] });
  }
  const next = conditions.values.length + 1;
  const within = organizationsWithin(reach, next + 1);
  conditions.addRaw('true', [parseId<OrganizationId>(text), ...within.values]);
  const place = `(select o.id from organizations o where o.id = $${next} and ${within.condition})`;
  return {
    ids: `select om.user_id from (select descendant_id as id from organization_closure where ancestor_id = ${place} offset 0) oc
      cross join lateral (select user_id from organization_members where organization_id = oc.id offset 0) om`,
    each: `coalesce((select true from organization_members om join organization_closure oc on oc.descendant_id = om.organization_id
      where om.user_id = u.id and oc.ancestor_id = ${place} limit 1), false)`,
  };
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

/** By the expression of the index; who never signed in is in no span of time. */
const addLastSignIn = (conditions: Conditions, range: TimeRange | null | undefined): void => {
  const column = `coalesce(u.last_sign_in_at, '-infinity'::timestamptz)`;
  addRange(conditions, column, range);
  if (range?.until != null) conditions.add(`${column} > '-infinity'::timestamptz`);
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
