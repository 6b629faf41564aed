import { TokenRefused } from './caller.ts';
import type { Decisions } from './decision-client.ts';
import { Guard } from './guard.ts';
import type { TokenVerifier } from './token-verifier.ts';

interface RequestLike {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Thrown while a context is made; Apollo Server answers with `extensions`, and with the status in `extensions.http`. */
class ContextRefused extends Error {
  override readonly name = 'ContextRefused';
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(error: TokenRefused) {
    super(error.message);
    const unavailable = error.reason === 'keys-unavailable';
    this.extensions = {
      code: unavailable ? 'SERVICE_UNAVAILABLE' : 'UNAUTHENTICATED',
      http: { status: unavailable ? 503 : 401 },
    };
  }
}

/** Makes the `guard` of a context of Apollo Server from the request: `context: async ({ req }) => ({ guard: await guardOf(req) })`. */
export const guardOf =
  ({ verifier, decisions }: { readonly verifier: TokenVerifier; readonly decisions: Decisions }) =>
  async ({ headers }: RequestLike): Promise<Guard> => {
    const { authorization } = headers;
    try {
      const caller = await verifier.verifyHeader(typeof authorization === 'string' ? authorization : undefined);
      return new Guard(caller, decisions);
    } catch (error) {
      throw error instanceof TokenRefused ? new ContextRefused(error) : error;
    }
  };
