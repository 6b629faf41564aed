import { classifyError } from './classify-error.ts';

/** What goes with a refusal before execution: how to come back with another token, or when. */
export const refusalHeaders = (error: unknown): Readonly<Record<string, string>> => {
  const { code, details } = classifyError(error);
  const retryAfter = details['retryAfterSeconds'];
  return {
    ...(code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {}),
    ...(typeof retryAfter === 'number' ? { 'retry-after': String(Math.ceil(retryAfter)) } : {}),
  };
};
