import type { SmtpTlsMode } from '../config/settings-mail.ts';
import type { Secret } from '../crypto/secret.ts';
import { failureText } from './failure-text.ts';
import { type MessageTransport, type RenderedMessage, TransportFailure } from './message-transport.ts';
import { smtpFailure } from './smtp-failure.ts';

const DEFAULT_PORTS: Readonly<Record<SmtpTlsMode, number>> = { starttls: 587, tls: 465, none: 25 };

const CONNECTIONS = 4;
const MESSAGES_PER_CONNECTION = 100;
const CONNECT_MS = 10_000;
const GREETING_MS = 10_000;
/** Without a sign of life from the server. */
const SILENCE_MS = 30_000;

export interface SmtpSettings {
  readonly host: string;
  /** null: the usual one of the TLS mode. */
  readonly port: number | null;
  readonly tls: SmtpTlsMode;
  readonly username: string | null;
  readonly password: Secret<string> | null;
  readonly from: { readonly address: string; readonly name: string };
  /** Certificates to trust instead of the system's, PEM. */
  readonly trusted?: string;
}

/** An address as it can stand in an envelope: no list, no comment, no line break. */
const ADDRESS = /^[^\s<>()[\],;:\\"@\p{Cc}]+@[^\s<>()[\],;:\\"@\p{Cc}]+$/u;

/** nodemailer comes with the first message: a start without one does not read it. */
const openPool = async (settings: SmtpSettings) => {
  const { createTransport } = await import('nodemailer');
  const { host, tls, username, password } = settings;
  return createTransport({
    pool: true,
    host,
    port: settings.port ?? DEFAULT_PORTS[tls],
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(username === null || password === null ? {} : { auth: { user: username, pass: password.reveal() } }),
    tls: { minVersion: 'TLSv1.2', ...(settings.trusted === undefined ? {} : { ca: settings.trusted }) },
    maxConnections: CONNECTIONS,
    maxMessages: MESSAGES_PER_CONNECTION,
    maxRequeues: 1, // a kept connection that the server closed meanwhile; what else fails is repeated by the worker
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // a message is text of ours; nothing in it may make the server read a file or an address
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
};

/** Sends mails by SMTP (RFC 5321), over a few connections that are kept open. */
export class SmtpTransport implements MessageTransport {
  readonly name = 'smtp';
  readonly #settings: SmtpSettings;
  #pool: ReturnType<typeof openPool> | null = null;

  constructor(settings: SmtpSettings) {
    this.#settings = settings;
  }

  async send(message: RenderedMessage, signal: AbortSignal): Promise<void> {
    const { recipient, subject, text, html } = message;
    if (!ADDRESS.test(recipient)) throw new TransportFailure('The recipient is no e-mail address.', true);
    const { from } = this.#settings;
    const pool = await this.#open();
    try {
      const { rejected } = await pool.sendMail({
        from: { name: from.name, address: from.address },
        to: { name: '', address: recipient },
        envelope: { from: from.address, to: [recipient] },
        // the same at every try, so that a second copy can be told from a second message
        messageId: `<${message.id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
        subject,
        text,
        ...(html === null ? {} : { html }),
        // no vacation notes in answer (RFC 3834 section 5)
        headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': message.locale },
        signal,
      });
      // a server that takes a part only answers with success
      if (rejected.length > 0) throw new TransportFailure('The mail server did not take the recipient.', true);
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  async verify(signal: AbortSignal): Promise<void> {
    const pool = await this.#open();
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new TransportFailure('The mail server did not answer in time.'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([pool.verify(), promise]);
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    void this.#pool?.then((pool) => pool.close());
    this.#pool = null;
  }

  #open(): ReturnType<typeof openPool> {
    this.#pool ??= openPool(this.#settings);
    return this.#pool;
  }

  /** Servers quote what they were told, the password in base64 too. */
  #failure(error: unknown, signal: AbortSignal): TransportFailure {
    const { username, password } = this.#settings;
    const clear = password?.reveal() ?? '';
    const encoded = [clear, `\0${username ?? ''}\0${clear}`].map((text) => Buffer.from(text).toString('base64'));
    const failure = smtpFailure(error, signal.aborted);
    const secrets = clear === '' ? [] : [clear, ...encoded];
    return new TransportFailure(failureText(failure.message, secrets), failure.permanent);
  }
}
