import type { Secret } from '../crypto/secret.ts';
import type { CaptchaProvider } from './captcha.ts';

const TIMEOUT_MS = 5000;
/** The longest answer of a browser's widget, and of the service. */
const MAXIMUM_TEXT = 8192;

/** Asks a service that speaks the siteverify protocol of reCAPTCHA, hCaptcha and Turnstile. */
export class CaptchaService implements CaptchaProvider {
  readonly #url: string;
  readonly #secret: Secret<string>;

  constructor(parts: { readonly url: string; readonly secret: Secret<string> }) {
    this.#url = parts.url;
    this.#secret = parts.secret;
  }

  async verify(answer: Secret<string>, address: string): Promise<boolean> {
    if (answer.reveal().length > MAXIMUM_TEXT) return false;
    const body = new URLSearchParams({ secret: this.#secret.reveal(), response: answer.reveal(), remoteip: address });
    const response = await fetch(this.#url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`The captcha service answered ${response.status}.`);
    const said = await firstOf(response);
    const result: unknown = JSON.parse(said);
    return typeof result === 'object' && result !== null && 'success' in result && result.success === true;
  }
}

/** The body, if it is short enough to be an answer. */
const firstOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    chunks.push(read.value);
    size += read.value.byteLength;
    if (size <= MAXIMUM_TEXT) continue;
    await reader?.cancel();
    throw new Error('The captcha service answered too much.');
  }
  return Buffer.concat(chunks).toString('utf8');
};
