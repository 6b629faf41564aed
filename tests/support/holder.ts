import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import type { GroupId, UserId } from '../../src/ids.ts';
import { beforeAll } from 'vitest';
import { type Actor, type Cast, makeGroup, makePerson, signIn } from './cast.ts';
import type { TestApp } from './test-app.ts';

let made = 0;

/** A text that no other test of the file uses. */
export const unique = (word: string): string => `${word}-${(made += 1)}`;

/** A signed-in member who also holds exactly these permissions, by a group of their own. */
export const holderOf = async (app: TestApp, permissions: readonly string[]): Promise<Actor & { groupId: GroupId }> => {
  const name = unique('holder');
  const groupId = await makeGroup(app, name, permissions);
  const email = `${name}@example.com`;
  await makePerson(app, { email, groupIds: [MEMBERS_GROUP_ID, groupId] });
  return Object.assign(await signIn(app, email), { groupId });
};

/** Somebody in these groups (Members when none are named) who is not signed in. */
export const somebody = async (app: TestApp, groupIds: readonly GroupId[] = [MEMBERS_GROUP_ID]): Promise<UserId> =>
  makePerson(app, { email: `${unique('somebody')}@example.com`, groupIds });

/** The cast of a file, signed in once; for files that let no time pass. */
export const useCast = (app: () => TestApp): (() => Cast) => {
  let cast: Cast | null = null;
  beforeAll(async () => {
    cast = await app().cast();
  });
  return () => {
    if (cast === null) throw new Error('The cast is there inside tests only.');
    return cast;
  };
};
