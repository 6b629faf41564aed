/*
 * What was kept of decisions about access, for those who look back: as long as the log that tells the same. `$1` until when, `$2` at most
 * so many.
 */

const DECIDED = 'coalesce(decided_at, expires_at) < $1::timestamptz';

/** Changes that waited for a second person, and were decided or ran out before then. */
export const forgetApprovals = `
delete from approval_requests where id = any(array(select id from approval_requests where ${DECIDED} limit $2)) and ${DECIDED}
returning 1 as gone`;

/** Impersonations that ended before then; with what is left of their sessions. */
export const forgetPastImpersonations = `
delete from impersonations where id = any(array(select id from impersonations where ended_at < $1::timestamptz limit $2))
returning 1 as gone`;
