import {
  CompletePasskeyRegistrationDocument,
  CompletePasskeySignInDocument,
  StartPasskeyRegistrationDocument,
  StartPasskeySignInDocument,
} from '../../generated/client/graphql.ts';
import { type Lies, SoftwarePasskey } from './authenticator.ts';
import { type Actor, makePerson, signIn } from './cast.ts';
import { unique } from './holder.ts';
import type { TestApp } from './test-app.ts';
import type { TestClient } from './test-client.ts';

type Json = Readonly<Record<string, unknown>>;

/** A question of the server and the token that goes with its answer. */
interface Asked {
  readonly options: Json;
  readonly challengeToken: string;
}

const askedOf = (payload: { options?: unknown; challengeToken?: string | null } | null | undefined): Asked => {
  if (payload?.options == null || payload.challengeToken == null) {
    throw new Error(`No question was asked: ${JSON.stringify(payload)}`);
  }
  return { options: payload.options as Json, challengeToken: payload.challengeToken };
};

/** Asks for a registration in a fresh session. */
export const askForRegistration = async (client: TestClient, password?: string): Promise<Asked> => {
  const { data } = await client.send(StartPasskeyRegistrationDocument, { input: { password: password ?? null } });
  return askedOf(data?.startPasskeyRegistration);
};

/** Sends the answer of an authenticator to a registration; gives the whole answer. */
export const answerRegistration = (client: TestClient, asked: Asked, response: Json, name = 'Laptop') =>
  client.send(CompletePasskeyRegistrationDocument, {
    input: { challengeToken: asked.challengeToken, response: { ...response }, name },
  });

/** Registers a passkey of a signed-in person; gives its id. */
export const registerPasskey = async (client: TestClient, key: SoftwarePasskey, name = 'Laptop'): Promise<string> => {
  const asked = await askForRegistration(client);
  const { data } = await answerRegistration(client, asked, key.register(asked.options), name);
  const payload = data.completePasskeyRegistration;
  if (payload?.passkey == null) throw new Error(`The passkey was refused: ${JSON.stringify(payload?.errors)}`);
  return payload.passkey.id;
};

/** Asks for an assertion: of the account that a name means, or of anybody. */
export const askForSignIn = async (client: TestClient, identifier: string | null = null): Promise<Asked> => {
  const { data } = await client.send(StartPasskeySignInDocument, { input: { identifier } });
  return askedOf(data?.startPasskeySignIn);
};

/** Sends the answer of an authenticator to a sign-in; gives the payload. */
export const answerSignIn = async (client: TestClient, challengeToken: string, response: Json) => {
  const { data } = await client.send(CompletePasskeySignInDocument, {
    input: { passkey: { challengeToken, response: { ...response } }, delivery: 'BODY' },
  });
  return data.completePasskeySignIn;
};

/** Signs in by a passkey from beginning to end; gives the payload. */
export const signInByPasskey = async (
  app: TestApp,
  key: SoftwarePasskey,
  options: { readonly identifier?: string; readonly lies?: Lies } = {},
) => {
  const asked = await askForSignIn(app.anonymous(), options.identifier ?? null);
  return answerSignIn(app.anonymous(), asked.challengeToken, key.authenticate(asked.options, options.lies));
};

/** A signed-in person with one passkey. */
export const makePasskeyHolder = async (
  app: TestApp,
  key = new SoftwarePasskey(),
): Promise<{ readonly actor: Actor; readonly key: SoftwarePasskey; readonly passkeyId: string }> => {
  const email = `${unique('holder')}@passkey.example`;
  await makePerson(app, { email });
  const actor = await signIn(app, email);
  return { actor, key, passkeyId: await registerPasskey(actor, key) };
};
