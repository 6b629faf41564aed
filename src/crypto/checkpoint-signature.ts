import { compactVerify } from 'jose';
import { signCompact } from './jwt.ts';
import type { SigningKey, VerificationKey } from './signing-keys.ts';

/** What a checkpoint says: the chain had this hash at this place; rows from `droppedFrom` to there were removed by retention. */
export interface CheckpointFacts {
  readonly sequence: string;
  /** Hexadecimal. */
  readonly hash: string;
  readonly droppedFrom: string | null;
  /** RFC 3339. */
  readonly at: string;
}

/** No access token has it, so neither can stand in for the other. */
const TYPE = 'gatehouse-audit-checkpoint';

const payloadOf = ({ sequence, hash, droppedFrom, at }: CheckpointFacts) => ({ sequence, hash, droppedFrom, at });

/** Signs a checkpoint (JWS, compact). */
export const signCheckpoint = (key: SigningKey, facts: CheckpointFacts): Promise<string> =>
  signCompact(key, TYPE, payloadOf(facts));

/** Whether the key signed exactly these facts as a checkpoint. */
export const isCheckpointSigned = async (
  signature: string,
  key: VerificationKey,
  facts: CheckpointFacts,
): Promise<boolean> => {
  try {
    const { payload, protectedHeader } = await compactVerify(signature, key.publicKey, { algorithms: [key.algorithm] });
    if (protectedHeader.typ !== TYPE || protectedHeader.kid !== key.kid) return false;
    return Buffer.from(payload).toString('utf8') === JSON.stringify(payloadOf(facts));
  } catch {
    return false;
  }
};
