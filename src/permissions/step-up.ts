import { secondsAfter } from '../clock.ts';
import type { Principal } from '../principal.ts';

/** What a session must raise before it may go on. */
export interface StepUp {
  /** Level to reach; null when the present one suffices. */
  readonly assuranceLevel: 'AAL2' | null;
  /** Identity confirmed at most so many minutes ago; null when that does not matter. */
  readonly withinMinutes: number | null;
}

/** Freshness that sessions have after signing in or a step-up, unless set otherwise. */
export const DEFAULT_STEP_UP_SECONDS = 600;

/** Until when the identity counts as confirmed. */
const freshUntil = (principal: Principal, seconds: number): Date => secondsAfter(principal.authenticatedAt, seconds);

/** The identity was proved at most so many seconds ago. An instant that is none is never fresh. */
export const isFresh = (principal: Principal, now: Date, seconds: number): boolean =>
  now.getTime() <= freshUntil(principal, seconds).getTime();

const stricter = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** Both together; null asks for nothing. */
export const bothStepUps = (a: StepUp | null, b: StepUp): StepUp =>
  a === null
    ? b
    : {
        assuranceLevel: a.assuranceLevel ?? b.assuranceLevel,
        withinMinutes: stricter(a.withinMinutes, b.withinMinutes),
      };

/** The one that asks less of the caller: no second factor before one, then the older confirmation before the newer. */
export const cheaperStepUp = (a: StepUp, b: StepUp): StepUp => {
  if (a.assuranceLevel !== b.assuranceLevel) return a.assuranceLevel === null ? a : b;
  return (b.withinMinutes ?? Infinity) > (a.withinMinutes ?? Infinity) ? b : a;
};
