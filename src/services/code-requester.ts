import type { DeviceId, SessionId } from '../ids.ts';
import { networkOf } from './network.ts';

/** Who asks for a code, as limits count it. */
export type CodeRequester = `session:${string}` | `device:${string}` | `network:${string}`;

/**
 * The narrowest thing that is known of whoever asks. A session or a known device is the owner's, and what is asked for from there
 * counts by itself; everybody else is a network, whose limits strangers share.
 */
export const codeRequesterOf = (from: {
  readonly sessionId?: SessionId | null;
  /** A device of the account, by its secret. */
  readonly deviceId?: DeviceId | null;
  /** Canonical address of the client. */
  readonly ipAddress: string;
}): CodeRequester => {
  if (from.sessionId != null) return `session:${from.sessionId}`;
  return from.deviceId == null ? `network:${networkOf(from.ipAddress)}` : `device:${from.deviceId}`;
};
