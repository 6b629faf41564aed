import { secondsAfter } from '../clock.ts';
import { type Problem, rejectAny, Rejection } from '../errors.ts';
import { parseId, type UserId } from '../ids.ts';
import type { ImpersonationMode, TokenDelivery } from '../vocabulary.ts';
import { targetNotFound } from './target-ids.ts';
import { readText, Reading } from './text.ts';

const MINIMUM_REASON = 10;
const MAXIMUM_REASON = 500;
const MAXIMUM_TICKET = 100;
const MAXIMUM_MINUTES = 60;

/** Input of startImpersonation, as it comes. */
export interface ImpersonationRequest {
  readonly userId: string;
  readonly reason: string;
  readonly ticket?: string | null | undefined;
  readonly mode: ImpersonationMode;
  readonly minutes: number;
  /** Absent: as the session of the caller. */
  readonly delivery?: TokenDelivery | null | undefined;
}

export interface WantedImpersonation {
  readonly targetId: UserId;
  readonly reason: string;
  readonly ticket: string | null;
  readonly mode: ImpersonationMode;
  readonly seconds: number;
  readonly delivery: TokenDelivery | null;
}

/** Reads the input. Errors: REQUIRED, TOO_LONG, INVALID_VALUE, TARGET_NOT_FOUND, several at once. */
export const readImpersonation = (request: ImpersonationRequest): WantedImpersonation => {
  const reading = new Reading();
  const reason = reading.text(request.reason, { field: ['reason'], maximum: MAXIMUM_REASON });
  const ticket = reading.optionalText(request.ticket, { field: ['ticket'], maximum: MAXIMUM_TICKET, mayBeBlank: true });
  const targetId = parseId<UserId>(request.userId);
  rejectAny([...reading.problems, ...problemsOf(request, reason), ...unknown(request, targetId)]);
  return {
    targetId: targetId as UserId,
    reason,
    ticket: ticket === '' ? null : ticket,
    mode: request.mode,
    seconds: request.minutes * 60,
    delivery: request.delivery ?? null,
  };
};

const unknown = ({ userId }: ImpersonationRequest, targetId: UserId | null): readonly Problem[] =>
  targetId === null ? [targetNotFound('userId', userId)] : [];

const problemsOf = ({ minutes }: ImpersonationRequest, reason: string): readonly Problem[] => {
  const length = Array.from(reason).length;
  const tooShort: Problem = {
    code: 'INVALID_VALUE',
    field: ['reason'],
    message: `A reason has at least ${MINIMUM_REASON} characters.`,
  };
  const outside: Problem = { code: 'INVALID_VALUE', field: ['minutes'], message: `1 to ${MAXIMUM_MINUTES} minutes.` };
  return [
    ...(length > 0 && length < MINIMUM_REASON ? [tooShort] : []),
    ...(minutes < 1 || minutes > MAXIMUM_MINUTES ? [outside] : []),
  ];
};

/** When an impersonation that begins now ends: as wished, but never later than the settings allow. */
export const endOf = (now: Date, seconds: number, maximumSeconds: number): Date =>
  secondsAfter(now, Math.min(seconds, maximumSeconds));

/** Reads a note that may be left out; null when blank. Errors: TOO_LONG. */
export const readNote = (note: string | null, maximum: number): string | null => {
  if (note === null) return null;
  const read = readText(note, { field: ['reason'], maximum, mayBeBlank: true });
  if ('problem' in read) throw new Rejection([read.problem]);
  return read.text === '' ? null : read.text;
};
