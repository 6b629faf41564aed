import type { RequestPosition } from './position.ts';
import type { StatementRunner } from './sql.ts';

/**
 * Where lists are read. What decides, what changes and what reads behind a change never asks here: it has the primary. The statements
 * of a list may be answered by a replica that has come as far as the primary had when the request was authenticated.
 */
export interface ListReads {
  of(request: { readonly position: RequestPosition | null }): StatementRunner;
}

/** Without a replica. */
export const listsOfPrimary = (primary: StatementRunner): ListReads => ({ of: () => primary });
