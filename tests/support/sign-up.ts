import { RequestSignInCodeDocument, SignUpDocument } from '../../generated/client/graphql.ts';
import { PASSWORD } from './cast.ts';
import type { TestApp } from './test-app.ts';

/** Signs up over HTTP with the password `PASSWORD` and BODY delivery; gives the token of the code. */
export const signUpWith = async (
  app: TestApp,
  input: { email?: string; phone?: string; username?: string; password?: string; displayName?: string },
): Promise<string> => {
  const answer = await app
    .anonymous()
    .send(SignUpDocument, { input: { password: PASSWORD, delivery: 'BODY', ...input } });
  const token = answer.data.signUp?.verification?.token;
  if (token === undefined) throw new Error(`No code: ${JSON.stringify([answer.data, answer.errors])}`);
  return token;
};

/** Asks for a code or link to sign in; gives the token of the code. */
export const askForCode = async (app: TestApp, identifier: string, form: 'CODE' | 'LINK' = 'CODE'): Promise<string> => {
  const answer = await app.anonymous().send(RequestSignInCodeDocument, { input: { identifier, form } });
  const token = answer.data.requestSignInCode?.verification?.token;
  if (token === undefined) throw new Error(`No code: ${JSON.stringify([answer.data, answer.errors])}`);
  return token;
};

/** A code of six digits that is not this one. */
export const otherCode = (code: string): string => (code === '000000' ? '000001' : '000000');
