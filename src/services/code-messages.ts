import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { codeHash, newCode } from '../crypto/one-time-code.ts';
import { createToken } from '../crypto/opaque-token.ts';
import { newId, type OneTimeTokenId, type UserId } from '../ids.ts';
import { type MessageOutbox, NO_MESSAGE } from '../messages/message-outbox.ts';
import type { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';

/** What is sent: six digits, or a link that does the same by itself. */
export type CodeForm = 'CODE' | 'LINK';

/** Somebody a code or link goes to. */
export interface CodeRecipient {
  readonly userId: UserId;
  readonly userName: string;
  readonly locale: string;
}

/** Where a code or link goes, and when. */
export interface Sending {
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly form: CodeForm;
  /** Normalised address or number. */
  readonly target: string;
  /** null: nothing is sent. */
  readonly recipient: CodeRecipient | null;
  readonly now: Date;
  readonly expiresAt: Date;
}

/** A code or link for a row with this selector: what is stored of it, and the message that carries it. */
export interface MadeCode {
  readonly codeHash: Buffer;
  readonly keyVersion: number;
  /** The values of `issuedSignInLink`. */
  readonly link: readonly unknown[];
  /** The values of `writtenMessage`. */
  readonly message: readonly unknown[];
}

const NO_LINK: readonly null[] = Array.from({ length: 7 }, () => null);

/** Makes codes and links together with the messages that carry them; nothing else ever sees them in clear. */
export class CodeMessages {
  readonly #masterKeys: MasterKeys;
  readonly #messages: MessageOutbox;
  readonly #baseUrl: string;

  constructor(parts: { masterKeys: MasterKeys; messages: MessageOutbox; config: Config }) {
    this.#masterKeys = parts.masterKeys;
    this.#messages = parts.messages;
    this.#baseUrl = parts.config.server.baseUrl;
  }

  make(selector: string, sending: Sending): MadeCode {
    const keyVersion = this.#masterKeys.current;
    return sending.form === 'CODE'
      ? { keyVersion, ...this.#code(selector, sending) }
      : // No code fits the row of a link: its hash is of nothing.
        { keyVersion, codeHash: randomBytes(32), ...this.#link(sending) };
  }

  /** The values of the message to somebody whose address a stranger tried to sign up with; only mail costs nothing. */
  known({ channel, target }: Pick<Sending, 'channel' | 'target'>, owner: CodeRecipient): readonly unknown[] {
    if (channel !== 'EMAIL') return NO_MESSAGE;
    return this.#messages.values({ template: 'sign-up-known', recipient: target, ...owner, variables: {} });
  }

  #code(selector: string, { purpose, channel, target, recipient, expiresAt }: Sending) {
    const code = newCode().reveal();
    const hash = codeHash(this.#masterKeys, selector, code);
    if (recipient === null) return { codeHash: hash, link: NO_LINK, message: NO_MESSAGE };
    const message = this.#messages.values({
      template: 'code',
      channel,
      recipient: target,
      ...recipient,
      variables: { code, purpose, expiresAt: expiresAt.toISOString() },
      expiresAt,
    });
    return { codeHash: hash, link: NO_LINK, message };
  }

  #link({ target, recipient, now, expiresAt }: Sending) {
    if (recipient === null) return { link: NO_LINK, message: NO_MESSAGE };
    const created = createToken('mailedSignIn');
    const end = expiresAt.toISOString();
    const message = this.#messages.values({
      template: 'sign-in-link',
      recipient: target,
      ...recipient,
      // The token stands in the fragment, which browsers send to no server and no log.
      variables: { link: `${this.#baseUrl}/account/sign-in#token=${created.token.reveal()}`, expiresAt: end },
      expiresAt,
    });
    const context = JSON.stringify({ target });
    const { selector, secretHash } = created;
    const id = newId<OneTimeTokenId>();
    return { link: [id, recipient.userId, selector, secretHash, context, now.toISOString(), end], message };
  }
}
