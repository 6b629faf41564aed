import type { AuditConditions } from '../entities/audit.queries.ts';
import { Failure } from '../errors.ts';
import { newId, parseId, type UserId } from '../ids.ts';
import { Network, parseAddress } from '../permissions/networks.ts';
import type { AuditResult } from '../vocabulary.ts';
import type { TimeRange } from './user-filter.ts';

export interface AuditFilter {
  readonly actorId?: string | null | undefined;
  readonly targetId?: string | null | undefined;
  readonly actionIn?: readonly string[] | null | undefined;
  readonly resultIn?: readonly AuditResult[] | null | undefined;
  readonly ipAddress?: string | null | undefined;
  readonly at?: TimeRange | null | undefined;
}

const MAXIMUM_ACTIONS = 100;
/** Longer than any action or id that is ever written. */
const MAXIMUM_TEXT = 200;

/** A text that PostgreSQL takes and that could stand in the log; anything else names nothing. */
const plain = (text: string): boolean => text.length <= MAXIMUM_TEXT && !text.includes('\0') && text.isWellFormed();

const targetOf = (text: string): string => parseId(text) ?? (plain(text) ? text : newId<UserId>());

const actionsOf = (given: readonly string[]): readonly string[] => {
  if (given.length > MAXIMUM_ACTIONS) {
    throw new Failure('BAD_USER_INPUT', `actionIn takes at most ${MAXIMUM_ACTIONS} actions.`, {
      limit: 'actionIn',
      maximum: MAXIMUM_ACTIONS,
    });
  }
  return [...new Set(given.filter(plain))].toSorted();
};

const networkOf = (text: string): { readonly network: string; readonly isRange: boolean } => {
  const address = parseAddress(text);
  if (address !== null) return { network: address.text, isRange: false };
  const range = Network.parse(text);
  if (range === null) throw new Failure('BAD_USER_INPUT', 'ipAddress takes an address or a CIDR range.');
  // PostgreSQL refuses a range whose text has bits behind its prefix only for cidr, not for inet; the comparison ignores them.
  return { network: `${range.address.text}/${range.prefix}`, isRange: true };
};

/** What is given, read; null: nothing is. */
const given = <Value, Read>(value: Value | null | undefined, read: (value: Value) => Read): Read | null =>
  value === null || value === undefined ? null : read(value);

/** Reads the filter of audit events into canonical form. Throws BAD_USER_INPUT for addresses that are none and long lists. */
export const readAuditFilter = (filter: AuditFilter | null): AuditConditions => {
  const { actorId, targetId, actionIn, resultIn, ipAddress, at } = filter ?? {};
  return {
    // An id that is none names nobody, like an id that nobody has.
    actorId: given(actorId, (text) => parseId(text) ?? newId<UserId>()),
    targetId: given(targetId, targetOf),
    actions: given(actionIn, actionsOf),
    results: given(resultIn, (results) => [...new Set(results)].toSorted()),
    ...(given(ipAddress, networkOf) ?? { network: null, isRange: false }),
    from: given(at?.from, (from) => from.toISOString()),
    until: given(at?.until, (until) => until.toISOString()),
  };
};
