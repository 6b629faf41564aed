import { type Id, parseId, type UserId } from '../ids.ts';
import type { AccessChange } from '../services/access-changes.ts';

/** Lets each entry of the table say what input it takes. */
export const change = <Input>(entry: AccessChange<Input>): AccessChange<Input> => entry;

/** The ids among the texts; whatever is none concerns nobody, and is refused by the service. */
export const idsOf = <T extends Id<string>>(texts: readonly string[]): readonly T[] =>
  texts.flatMap((text) => parseId<T>(text) ?? []);

/** Changes of people who are there only afterwards, or of nobody. */
export const ofNobody = () => ({ users: [] });

export const ofUser = ({ userId }: { readonly userId: string }) => ({ users: idsOf<UserId>([userId]) });
export const ofUsers = ({ ids }: { readonly ids: readonly string[] }) => ({ users: idsOf<UserId>(ids) });
export const ofMembers = ({ userIds }: { readonly userIds: readonly string[] }) => ({ users: idsOf<UserId>(userIds) });
