import { instantOf } from '../database/sql.ts';
import type { AuditEventId } from '../ids.ts';
import type { AuditResult } from '../vocabulary.ts';
import type { AuditReach } from './audit.visibility.ts';
import { circumstancesVisibleTo } from './audit.visibility.ts';
import type { AuditChange } from './audit-event.entity.ts';

/** Somebody or something as it was then. */
export interface AuditReferenceView {
  readonly type: string;
  readonly id: string | null;
  /** null when it had none, or when it was erased. */
  readonly label: string | null;
}

/** One line of the log, as somebody may see it. */
export interface AuditEventView {
  readonly id: AuditEventId;
  readonly at: Date;
  readonly action: string;
  readonly result: AuditResult;
  readonly actor: AuditReferenceView | null;
  readonly onBehalfOf: AuditReferenceView | null;
  readonly target: AuditReferenceView | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly changes: readonly AuditChange[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Which events, read and canonical; null: any. */
export interface AuditConditions {
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly actions: readonly string[] | null;
  readonly results: readonly AuditResult[] | null;
  /** An address or a CIDR range. */
  readonly network: string | null;
  readonly isRange: boolean;
  readonly from: string | null;
  readonly until: string | null;
}

export interface AuditRow {
  readonly at: string;
  readonly id: AuditEventId;
  readonly action: string;
  readonly result: AuditResult;
  readonly actor_type: string | null;
  readonly actor_id: string | null;
  readonly on_behalf_of_id: string | null;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly request_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly values: {
    readonly actorLabel: string | null;
    readonly targetLabel: string | null;
    readonly ipAddress: string | null;
    readonly userAgent: string | null;
    readonly changes: readonly AuditChange[];
  } | null;
  readonly open: boolean;
}

/** The columns behind `AuditRow`, of the events `e` with their personal values `p`. */
export const auditColumns = `e.at::text as at, e.id, e.action, e.result, e.actor_type, e.actor_id, e.on_behalf_of_id, e.target_type, e.target_id,
  e.request_id, e.metadata, p."values"`;
export const personalOfEvent = 'left join audit_personal_values p on p.at = e.at and p.event_id = e.id';
/** For conditions on addresses; the expression of the index. */
const filtered = 'join audit_personal_values f on f.at = e.at and f.event_id = e.id';
const ADDRESS = `(f."values"->>'ipAddress')::inet`;

/** Which events of which people a statement reads. `subject` and `viewer` are SQL of a user id. */
export interface AuditScope {
  /** Only events about this user; null: about anybody. */
  readonly subject: string | null;
  /** Who may see the circumstances of their own doings only; null: may see all. */
  readonly viewer: string | null;
}

/** Binds a value and gives the parameter that stands for it, as `$3`. */
export type Bind = (value: unknown) => string;

const openTo = (viewer: string | null): string => (viewer === null ? 'true' : circumstancesVisibleTo(viewer));

/** Conditions on the event itself; `spread` is left to the branches. */
const eventConditions = (wanted: AuditConditions, bind: Bind, spread: Spread | null): string[] => {
  const { actorId, targetId, actions, results } = wanted;
  const texts: string[] = [];
  if (actorId !== null) texts.push(`e.actor_id = ${bind(actorId)}::uuid`);
  if (targetId !== null) texts.push(`e.target_id = ${bind(targetId)}::text`);
  if (actions !== null && spread?.column !== 'action') texts.push(`e.action = any(${bind(actions)}::text[])`);
  if (results !== null && spread?.column !== 'result') texts.push(`e.result = any(${bind(results)}::text[])`);
  return texts;
};

const timeConditions = ({ from, until }: AuditConditions, bind: Bind): string[] => [
  ...(from === null ? [] : [`e.at >= ${bind(from)}::timestamptz`]),
  ...(until === null ? [] : [`e.at < ${bind(until)}::timestamptz`]),
];

/** On the personal values `f`; null: any address. */
const addressCondition = ({ network, isRange }: AuditConditions, bind: Bind): string | null =>
  network === null ? null : `${ADDRESS} ${isRange ? '<<=' : '='} ${bind(network)}::inet`;

interface Spread {
  readonly column: 'action' | 'result';
  readonly values: readonly string[];
}

/**
 * Several values of one column, where nothing narrower is asked for: each of them has its place in the index, the newest of all
 * are among the newest of each. One condition over all of them would have to read and sort every row that fits.
 */
const spreadOf = (wanted: AuditConditions, { subject }: AuditScope): Spread | null => {
  if (subject !== null || wanted.actorId !== null || wanted.targetId !== null || wanted.network !== null) return null;
  if (wanted.actions !== null) return { column: 'action', values: wanted.actions };
  return wanted.results === null ? null : { column: 'result', values: wanted.results };
};

/** The three ways to be concerned, each with an index, none of them giving a row of another. */
const branchesOf = (subject: string | null): readonly string[] =>
  subject === null
    ? ['true']
    : [
        `e.actor_id = ${subject}`,
        `e.on_behalf_of_id = ${subject} and e.actor_id is distinct from ${subject}`,
        `e.target_id = ${subject}::text and e.actor_id is distinct from ${subject} and e.on_behalf_of_id is distinct from ${subject}`,
      ];

/** A place in the list: SQL that limits and orders, over the events `e`. */
export interface AuditPlace {
  readonly condition: string;
  readonly orderBy: string;
  readonly limit: number;
}

/**
 * A statement that reads one page with its personal values. Every branch is a walk along one index, cut at the size of the page, and
 * finds places only; the rows behind the places that remain are read at the end. `offset 0` keeps the planner from turning a walk
 * with a look-up for each step into a join of whole tables.
 */
export const auditPage = (wanted: AuditConditions, scope: AuditScope, place: AuditPlace, bind: Bind): string => {
  const { before, branches } = isByAddress(wanted, scope)
    ? addressWalk(wanted, scope, place, bind)
    : { before: '', branches: eventWalks(wanted, scope, place, bind) };
  const cut = cutOf(place);
  return `${before} select ${auditColumns}, ${openTo(scope.viewer)} as open
    from (select e.at, e.id from (${branches.join(' union all ')}) e ${cut}) k
    cross join lateral (select * from audit_events e where e.at = k.at and e.id = k.id offset 0) e
    left join lateral (select "values" from audit_personal_values p where p.at = e.at and p.event_id = e.id offset 0) p on true ${cut}`;
};

const cutOf = ({ orderBy, limit }: AuditPlace): string => `order by ${orderBy} limit ${limit}`;

/** Nothing narrower than the address is asked for. */
const isByAddress = (wanted: AuditConditions, { subject }: AuditScope): boolean =>
  wanted.network !== null && subject === null && wanted.actorId === null && wanted.targetId === null;

/** The same place, said of the personal values. */
const onValues = (text: string): string => text.replaceAll(/\be\.at\b/g, 'f.at').replaceAll(/\be\.id\b/g, 'f.event_id');

/** A range with no more addresses than these in the log is walked address by address, each in the order of the index. */
const FEW = 64;

/**
 * The addresses of a range that the log has, found by leaping from one to the next; one more than few tells that there are many.
 * Without them the planner would have to guess whether the newest events of a range are near, and could walk through the whole log.
 */
const addressesOf = (network: string): string => `ranged as materialized (
  with recursive found(address) as (
    (select ${ADDRESS} from audit_personal_values f where ${ADDRESS} <<= ${network} order by 1 limit 1)
    union all
    select (select ${ADDRESS} from audit_personal_values f where ${ADDRESS} > found.address and ${ADDRESS} <<= ${network} order by 1 limit 1)
    from found where found.address is not null)
  select array_agg(address) as addresses from (select address from found where address is not null limit ${FEW + 1}) few)`;

interface AddressWalk {
  readonly before: string;
  readonly branches: readonly string[];
}

/** Along the addresses; the event is looked up only where something is asked of it. */
const addressWalk = (wanted: AuditConditions, scope: AuditScope, place: AuditPlace, bind: Bind): AddressWalk => {
  const ofEvent = [...eventConditions(wanted, bind, null), ...(scope.viewer === null ? [] : [openTo(scope.viewer)])];
  const ofValues = onValues([...timeConditions(wanted, bind), place.condition].join(' and '));
  const lookUp =
    ofEvent.length === 0
      ? ''
      : `cross join lateral (select 1 from audit_events e where e.at = f.at and e.id = f.event_id and ${ofEvent.join(' and ')} offset 0) e`;
  const network = `${bind(wanted.network)}::inet`;
  const walk = (condition: string): string =>
    `(select f.at, f.event_id as id from audit_personal_values f ${lookUp} where ${condition} and ${ofValues} ${onValues(cutOf(place))})`;
  if (!wanted.isRange) return { before: '', branches: [walk(`${ADDRESS} = ${network}`)] };
  const few = `(select case when cardinality(addresses) <= ${FEW} then addresses end from ranged)`;
  return {
    before: `with ${addressesOf(network)}`,
    branches: [
      `(select one.at, one.id from unnest(${few}) as given(address) cross join lateral ${walk(`${ADDRESS} = given.address`)} as one)`,
      walk(`(select cardinality(addresses) > ${FEW} from ranged) and ${ADDRESS} <<= ${network}`),
    ],
  };
};

/** Along the events; the address is looked up where one is asked for. */
const eventWalks = (wanted: AuditConditions, scope: AuditScope, place: AuditPlace, bind: Bind): readonly string[] => {
  const spread = spreadOf(wanted, scope);
  const base = [...eventConditions(wanted, bind, spread), ...timeConditions(wanted, bind), place.condition];
  const address = addressCondition(wanted, bind);
  if (address !== null) base.push(openTo(scope.viewer));
  const lookUp =
    address === null
      ? ''
      : `cross join lateral (select 1 from audit_personal_values f where f.at = e.at and f.event_id = e.id and ${address} offset 0) f`;
  const walk = (condition: string): string =>
    `(select e.at, e.id from audit_events e ${lookUp} where ${[condition, ...base].join(' and ')} ${cutOf(place)})`;
  if (spread === null) return branchesOf(scope.subject).map(walk);
  return [
    `(select one.at, one.id from unnest(${bind(spread.values)}::text[]) as given(value)
      cross join lateral ${walk(`e.${spread.column} = given.value`)} as one)`,
  ];
};

const aboutSql = (user: string): string =>
  `(e.actor_id = ${user} or e.on_behalf_of_id = ${user} or e.target_id = ${user}::text)`;

/** Conditions over the events `e` for a count, with the join that they need. */
export const auditMatches = (wanted: AuditConditions, scope: AuditScope, bind: Bind): string => {
  const address = addressCondition(wanted, bind);
  const texts = [
    ...(scope.subject === null ? [] : [aboutSql(scope.subject)]),
    ...eventConditions(wanted, bind, null),
    ...timeConditions(wanted, bind),
    ...(address === null ? [] : [address, openTo(scope.viewer)]),
  ];
  return `audit_events e ${address === null ? '' : filtered} where ${texts.length === 0 ? 'true' : texts.join(' and ')}`;
};

/** A statement that reads one event by the id in `$1`; unless all are visible, `$2` is the viewer. */
export const auditEventById = (reach: AuditReach): string => {
  const viewer = reach === 'ALL' ? null : '$2::uuid';
  const about = viewer === null ? 'true' : aboutSql(viewer);
  return `select ${auditColumns}, ${openTo(viewer)} as open from audit_events e ${personalOfEvent} where e.id = $1 and ${about}`;
};

const reference = (type: string | null, id: string | null, label: string | null): AuditReferenceView | null =>
  type === null ? null : { type, id, label };

const withoutReason = (metadata: AuditRow['metadata']): AuditRow['metadata'] =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== 'reason'));

const NO_VALUES = { actorLabel: null, targetLabel: null, ipAddress: null, userAgent: null, changes: [] } as const;

/** What another person did it with is for whoever may see the circumstances. */
const circumstancesOf = ({ open, request_id: requestId, metadata, values }: AuditRow) => {
  const { ipAddress, userAgent } = values ?? NO_VALUES;
  return open
    ? { ipAddress, userAgent, requestId, metadata }
    : { ipAddress: null, userAgent: null, requestId: null, metadata: withoutReason(metadata) };
};

/** The event of a row; where its circumstances are not for the viewer, without them. */
export const auditEventOf = (row: AuditRow): AuditEventView => {
  const { actorLabel, targetLabel, changes } = row.values ?? NO_VALUES;
  return {
    id: row.id,
    at: instantOf(row.at),
    action: row.action,
    result: row.result,
    actor: reference(row.actor_type, row.actor_id, actorLabel),
    onBehalfOf: reference(row.on_behalf_of_id === null ? null : 'User', row.on_behalf_of_id, null),
    target: reference(row.target_type, row.target_id, targetLabel),
    changes,
    ...circumstancesOf(row),
  };
};
