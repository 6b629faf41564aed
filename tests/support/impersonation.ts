import {
  type StartImpersonationInput,
  StartImpersonationDocument,
  StopImpersonationDocument,
} from '../../generated/client/graphql.ts';
import type { GroupId, UserId } from '../../src/ids.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, raiseToAal2, signIn } from './cast.ts';
import { jwtParts } from './records.ts';
import type { TestApp } from './test-app.ts';
import { TestClient } from './test-client.ts';

export const REASON = 'Invoice 4711 does not show.';

let counter = 0;
const unique = (name: string): string => `${name}-${(counter += 1)}@acting.example`;

/** Somebody who may act as others, holds what Support and Members do, and is signed in with two factors. */
export const makeImpersonator = async (app: TestApp, further: readonly string[] = []): Promise<Actor> => {
  const email = unique('actor');
  const group = await makeGroup(app, email, ['impersonate:users', 'view:users', 'update:users', ...further]);
  await makePerson(app, {
    email,
    displayName: 'Grace',
    groupIds: [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID, group],
  });
  return raiseToAal2(app, await signIn(app, email));
};

/** Somebody to act as; in Members unless said otherwise. */
export const makeTarget = async (
  app: TestApp,
  groupIds: readonly GroupId[] = [MEMBERS_GROUP_ID],
): Promise<{ readonly id: UserId; readonly email: string }> => {
  const email = unique('target');
  return { email, id: await makePerson(app, { email, displayName: 'Alan', groupIds }) };
};

export const startInput = (
  userId: string,
  more: Partial<StartImpersonationInput> = {},
): { readonly input: StartImpersonationInput } => ({
  input: { userId, reason: REASON, mode: 'READ_ONLY', minutes: 60, ...more },
});

/** A client in an impersonated session, begun over HTTP, with what its start answered. */
export class Impersonating extends TestClient {
  readonly id: string;
  readonly accessToken: string;
  readonly targetId: string;

  constructor(url: string, facts: { id: string; accessToken: string; targetId: string }) {
    super(url, { authorization: `Bearer ${facts.accessToken}` });
    this.id = facts.id;
    this.accessToken = facts.accessToken;
    this.targetId = facts.targetId;
  }

  get sessionId(): string {
    return String(jwtParts(this.accessToken).claims['sid']);
  }
}

/** Begins to act as somebody, by bearer token. */
export const impersonate = async (
  app: TestApp,
  actor: TestClient,
  userId: string,
  more: Partial<StartImpersonationInput> = {},
): Promise<Impersonating> => {
  const answer = await actor.send(StartImpersonationDocument, startInput(userId, { ...more, delivery: 'BODY' }));
  const { impersonation, tokens, errors } = answer.data.startImpersonation ?? {};
  if (impersonation == null || tokens?.accessToken == null) {
    throw new Error(`The impersonation did not begin: ${JSON.stringify([errors, answer.errors])}`);
  }
  return new Impersonating(`${app.url}/graphql`, {
    id: impersonation.id,
    accessToken: tokens.accessToken,
    targetId: userId,
  });
};

export const stop = (client: TestClient) => client.send(StopImpersonationDocument, { input: {} });

/** The code with which a session is refused that is over; OK while it is alive. */
export const codeOfUse = async (client: TestClient): Promise<string> =>
  (await client.run('{ viewer { user { id } } }')).code;

/** Somebody in READ_ONLY, and the people behind it. */
export const makePair = async (
  app: TestApp,
  more: Partial<StartImpersonationInput> = {},
  groupIds?: readonly GroupId[],
): Promise<{
  readonly actor: Actor;
  readonly target: { readonly id: UserId; readonly email: string };
  readonly acting: Impersonating;
}> => {
  const [actor, target] = await Promise.all([makeImpersonator(app), makeTarget(app, groupIds)]);
  return { actor, target, acting: await impersonate(app, actor, target.id, more) };
};
