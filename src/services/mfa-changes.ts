import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { AuditChange } from '../entities/audit-event.entity.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { tellOwner } from './owner-notice.ts';
import { deviceNameOf } from './user-agent.ts';

/** What can happen to the second factors of an account; the word stands in the event and in the mail. */
export type MfaChange =
  | 'TOTP_ENABLED'
  | 'TOTP_DISABLED'
  | 'RECOVERY_CODES_REPLACED'
  | 'RESET_BY_ADMINISTRATOR'
  | 'PASSKEY_ADDED'
  | 'PASSKEY_RENAMED'
  | 'PASSKEY_REMOVED';

const ACTIONS: Readonly<Record<MfaChange, string>> = {
  TOTP_ENABLED: 'mfa.enabled',
  TOTP_DISABLED: 'mfa.disabled',
  RECOVERY_CODES_REPLACED: 'mfa.recovery-codes-replaced',
  RESET_BY_ADMINISTRATOR: 'mfa.reset',
  PASSKEY_ADDED: 'passkey.added',
  PASSKEY_RENAMED: 'passkey.renamed',
  PASSKEY_REMOVED: 'passkey.removed',
};

/** What was done, to whom, and what else belongs into the same breath. */
export interface DoneMfaChange {
  readonly change: MfaChange;
  readonly user: UserView;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly changes?: readonly AuditChange[];
  readonly further?: readonly Happening[];
}

/** Writes down changes of second factors and tells the person, in the transaction that makes them. */
export class MfaChanges {
  readonly #recorder: Recorder;
  readonly #messages: MessageOutbox;
  readonly #clock: Clock;

  constructor(parts: { recorder: Recorder; messages: MessageOutbox; clock: Clock }) {
    this.#recorder = parts.recorder;
    this.#messages = parts.messages;
    this.#clock = parts.clock;
  }

  /** One line in the log, one event, one mail to the address of the account if that was ever proved. */
  async record(em: EntityManager, caller: Caller, done: DoneMfaChange): Promise<void> {
    const { change, user, metadata = {}, changes = [], further = [] } = done;
    const happening: Happening = {
      action: ACTIONS[change],
      target: userReference(user),
      changes,
      metadata,
      event: { type: 'MfaChanged', payload: { userId: user.id, change } },
    };
    await this.#recorder.record(em, originOf(caller), [happening, ...further]);
    await tellOwner(em, this.#messages, user, {
      template: 'mfa-changed',
      variables: {
        change,
        device: await deviceNameOf(caller.userAgent),
        ipAddress: caller.ipAddress,
        at: this.#clock.now().toISOString(),
      },
    });
  }

  /** A try that failed, for the log alone. */
  failure(change: MfaChange, user: UserView, reason: string): Happening {
    return { action: ACTIONS[change], result: 'FAILURE', target: userReference(user), metadata: { reason } };
  }
}
