import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { Happening } from '../events/recorder.ts';
import { type GroupId, type MembershipId, newId, type UserId } from '../ids.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import { userReference } from './caller.ts';
import { organizationHappening } from './organization-targets.ts';

/** Members is for everybody, everywhere; what else somebody gets with an organization holds within it. */
export const divided = (
  groupIds: readonly GroupId[],
  place: OrganizationView | null,
): readonly [everywhere: readonly GroupId[], within: readonly GroupId[]] =>
  place === null
    ? [groupIds, []]
    : [groupIds.filter((id) => id === MEMBERS_GROUP_ID), groupIds.filter((id) => id !== MEMBERS_GROUP_ID)];

/** Makes somebody who was just made a member of an organization, with these groups within it. */
export const joinAsNew = async (
  em: EntityManager,
  facts: {
    readonly place: OrganizationView;
    readonly userId: UserId;
    readonly groupIds: readonly GroupId[];
    readonly addedById: UserId;
    readonly now: Date;
  },
): Promise<void> => {
  await sql(
    em,
    `with joined as (
       insert into organization_members (user_id, organization_id, added_by_id, joined_at) values ($1, $2, $3, $4)
     )
     insert into memberships (id, user_id, group_id, organization_id, added_by_id, added_at)
     select m.id, $1, m.group_id, $2, $3, $4 from unnest($5::uuid[], $6::uuid[]) as m(id, group_id)`,
    [
      facts.userId,
      facts.place.id,
      facts.addedById,
      facts.now.toISOString(),
      facts.groupIds.map(() => newId<MembershipId>()),
      facts.groupIds,
    ],
  );
};

/** Somebody who was made, for the log and for those outside; with what became of the organization. */
export const newUserHappenings = (
  user: Pick<UserView, 'id' | 'kind' | 'email' | 'username' | 'phone' | 'displayName'>,
  groupIds: readonly GroupId[],
  place: OrganizationView | null,
  invited: boolean,
): readonly Happening[] => {
  const facts = place === null ? { groupIds } : { groupIds, organizationId: place.id };
  const created: Happening = {
    action: 'user.created',
    target: userReference(user),
    metadata: { invited, ...facts },
    event: { type: 'UserRegistered', payload: { userId: user.id, kind: user.kind, ...facts } },
  };
  if (place === null) return [created];
  const joined = organizationHappening('organization.members-changed', place.name, {
    type: 'OrganizationMembersChanged',
    payload: { organizationId: place.id, added: [user.id], removed: [] },
  });
  return [created, joined];
};
