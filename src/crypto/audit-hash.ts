import { createHash, hash } from 'node:crypto';

/** What of an audit event names or locates people. */
export interface PersonalPart {
  readonly actorLabel: string | null;
  readonly targetLabel: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly changes: readonly {
    readonly field: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

/** The rest of an audit event as the chain hashes it, everything as text that PostgreSQL gives in one way only. */
export interface ChainedRow {
  readonly sequence: string;
  /** Microseconds since 1970. */
  readonly atMicros: string;
  readonly id: string;
  readonly action: string;
  readonly result: string;
  readonly actorType: string | null;
  readonly actorId: string | null;
  readonly onBehalfOfId: string | null;
  readonly targetType: string | null;
  readonly targetId: string | null;
  readonly requestId: string | null;
  /** Text form of the jsonb value, whose order of keys does not depend on how it was written. */
  readonly metadata: string;
  /** Hexadecimal. */
  readonly commitment: string;
}

const VERSION = 1;

/** What the chain begins with. */
export const GENESIS: Buffer = Buffer.alloc(32);

/**
 * Commits to personal values: hash of a random salt and of the values in one fixed order. Without the salt it tells nothing of
 * them, so that erasing salt and values leaves nothing to guess by. Hexadecimal SHA-256.
 */
export const personalCommitment = (salt: string, personal: PersonalPart): string => {
  const { actorLabel, targetLabel, ipAddress, userAgent } = personal;
  const changes = personal.changes.map(({ field, before, after }) => ({ field, before, after }));
  return hash('sha256', salt + JSON.stringify({ actorLabel, targetLabel, ipAddress, userAgent, changes }));
};

/** The hash of a row in the chain: SHA-256 of the hash before it and of the row, its place included. */
export const chainHash = (previous: Buffer, row: ChainedRow): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(
      JSON.stringify([
        VERSION,
        row.sequence,
        row.atMicros,
        row.id,
        row.action,
        row.result,
        row.actorType,
        row.actorId,
        row.onBehalfOfId,
        row.targetType,
        row.targetId,
        row.requestId,
        row.metadata,
        row.commitment,
      ]),
    )
    .digest();
