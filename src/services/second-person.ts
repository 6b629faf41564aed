import { AsyncLocalStorage } from 'node:async_hooks';
import { Rejection } from '../errors.ts';

/** How the change at hand stands to the two-person rule: it must ask, has been approved, or only notes what it would ask for. */
type Standing =
  | { readonly kind: 'ASKS' }
  | { readonly kind: 'APPROVED' }
  | { readonly kind: 'TRIED'; readonly asked: Set<string> };

const standings = new AsyncLocalStorage<Standing>();

/** A change that a second person must approve. The outcome APPROVAL_REQUIRED, wherever nobody files the request. */
export class SecondPersonNeeded extends Rejection {
  /** The protected permission concerned. */
  readonly permission: string;

  constructor(permission: string) {
    super([{ code: 'APPROVAL_REQUIRED' }]);
    this.permission = permission;
  }
}

/** Runs a change that asks for approval where it needs one. */
export const asking = <T>(work: () => Promise<T>): Promise<T> => standings.run({ kind: 'ASKS' }, work);

/** Runs a change that a second person approved, or that skips the rule as the settings allow. */
export const approved = <T>(work: () => Promise<T>): Promise<T> => standings.run({ kind: 'APPROVED' }, work);

/** Runs a change that is undone; `asked` gets the permissions for which it would need a second person. */
export const tried = <T>(asked: Set<string>, work: () => Promise<T>): Promise<T> =>
  standings.run({ kind: 'TRIED', asked }, work);

/**
 * Passes when the change at hand was approved; else throws SecondPersonNeeded. Whatever runs outside of a change that can ask is
 * refused, too.
 */
export const requireSecondPerson = (permission: string): void => {
  const standing = standings.getStore();
  if (standing?.kind === 'APPROVED') return;
  if (standing?.kind !== 'TRIED') throw new SecondPersonNeeded(permission);
  standing.asked.add(permission);
};
