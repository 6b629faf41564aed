import type { TailedRow } from '../entities/audit-tail.queries.ts';
import { type AuditConditions, auditEventOf, type AuditEventView } from '../entities/audit.queries.ts';
import { type AuditReach, isAbout, showsCircumstancesTo } from '../entities/audit.visibility.ts';
import { instant } from '../clock.ts';
import { instantOf } from '../database/sql.ts';
import { Network, parseAddress } from '../permissions/networks.ts';

const isFrom = (wanted: AuditConditions, ipAddress: string | null): boolean => {
  if (wanted.network === null) return true;
  const address = ipAddress === null ? null : parseAddress(ipAddress);
  if (address === null) return false;
  return wanted.isRange ? Network.parse(wanted.network)?.contains(address) === true : address.text === wanted.network;
};

const isWithin = ({ from, until }: AuditConditions, at: Date): boolean =>
  (from === null || at >= instant(from)) && (until === null || at < instant(until));

/** Without a wish anything will do. */
const isOneOf = <Value>(value: Value, wanted: readonly Value[] | null): boolean =>
  wanted === null || wanted.includes(value);
const is = <Value>(value: Value, wanted: Value | null): boolean => wanted === null || wanted === value;

const fits = (row: TailedRow, wanted: AuditConditions): boolean =>
  is(row.actor_id, wanted.actorId) &&
  is(row.target_id, wanted.targetId) &&
  isOneOf(row.action, wanted.actions) &&
  isOneOf(row.result, wanted.results) &&
  isFrom(wanted, row.values?.ipAddress ?? null) &&
  isWithin(wanted, instantOf(row.at));

/**
 * The event as somebody with this reach may see it, when it fits; null when it does not, or when they may not know of it. It is for an
 * event that is told as it happens what `auditPage` is for a list: the same reach, the same conditions, the same things left out, and no
 * search by an address that is not shown.
 */
export const auditEventFor = (row: TailedRow, wanted: AuditConditions, reach: AuditReach): AuditEventView | null => {
  if (reach !== 'ALL' && !isAbout(row, reach)) return null;
  const open = reach === 'ALL' || showsCircumstancesTo(row, reach);
  if (wanted.network !== null && !open) return null;
  return fits(row, wanted) ? auditEventOf({ ...row, open }) : null;
};
