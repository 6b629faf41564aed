import {
  ConfirmEmailChangeDocument,
  RequestEmailChangeDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { linkTokenOf, messagesTo } from '../../support/messages.ts';
import type { TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

/** Somebody who wants another address. */
export interface Mover {
  readonly id: UserId;
  readonly email: string;
  readonly newEmail: string;
  readonly actor: Actor;
}

export const makeMover = async (app: TestApp): Promise<Mover> => {
  const name = unique('mover');
  const email = `${name}@old.example`;
  const id = await makePerson(app, { email, displayName: 'Ada' });
  return { id, email, newEmail: `${name}@new.example`, actor: await signIn(app, email) };
};

export const requestBy = (client: TestClient, newEmail: string, more: Record<string, unknown> = {}) =>
  client.send(RequestEmailChangeDocument, { input: { newEmail, currentPassword: PASSWORD, ...more } });

export const confirmBy = (client: TestClient, token: string) =>
  client.send(ConfirmEmailChangeDocument, { input: { token } });

/** The token of a link that went to the new address. */
export const requested = async (app: TestApp, { actor, newEmail }: Mover): Promise<string> => {
  const { data, errors } = await requestBy(actor, newEmail);
  if (data.requestEmailChange?.errors.length !== 0) throw new Error(JSON.stringify([data, errors]));
  return linkTokenOf(app, newEmail, 'email-change');
};

export const templatesTo = async (app: TestApp, address: string): Promise<readonly string[]> =>
  (await messagesTo(app, address)).map(({ template }) => template);

export const stepOf = async (app: TestApp, identifier: string, password = PASSWORD) =>
  (await app.anonymous().send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } })).data.signIn?.step;
