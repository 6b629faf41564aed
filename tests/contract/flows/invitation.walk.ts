import {
  CreateUserDocument,
  DeleteUsersDocument,
  InvitationOfUserDocument,
  ResendInviteDocument,
  SignUpDocument,
  UpdateUserDocument,
} from '../../../generated/client/graphql.ts';
import { instantOf } from '../../../src/database/sql.ts';
import { invitationById, type InvitationRow, invitationViewOf } from '../../../src/entities/invitation.queries.ts';
import { invitationFlow } from '../../../src/flows/invitation.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

interface Subject {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly token: string;
}

let app: TestApp;
const world = new FlowWorld(() => app);

const pending = async (): Promise<Subject> => {
  const email = `${unique('invited')}@flow.example`;
  const admin = await world.admin();
  const input = { email, displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] };
  const made = await admin.send(CreateUserDocument, { input });
  const userId = made.data.createUser?.user?.id ?? '';
  const { data } = await admin.send(InvitationOfUserDocument, { id: userId });
  const token = (await world.newestLink(email, 'invite')) ?? '';
  return { id: data.user?.invitation?.id ?? '', userId, email, token };
};

const rowOf = async ({ id }: Subject): Promise<InvitationRow | undefined> =>
  (await app.database.query<InvitationRow>(invitationById, [id]))[0];

const stateOf = async (subject: Subject): Promise<keyof typeof invitationFlow.states> => {
  const row = await rowOf(subject);
  return row === undefined ? 'GONE' : invitationViewOf(row, app.clock.now()).state;
};

const signUp = ({ token: invitationToken }: Subject, email: string) =>
  app.anonymous().send(SignUpDocument, {
    input: { email, password: otherPassword(), invitationToken, delivery: 'BODY' },
  });

const accept = ({ token }: Subject) => world.setPassword(token);
const resend = async ({ userId }: Subject) => {
  // One such mail a minute.
  app.clock.advance(61);
  return (await world.admin()).send(ResendInviteDocument, { input: { userId } });
};
const disable = ({ userId }: Subject) => world.disable(userId);
const lock = ({ userId }: Subject) => world.lock(userId);
const remove = async ({ userId }: Subject) =>
  (await world.admin()).send(DeleteUsersDocument, { input: { ids: [userId], reason: null } });

const lifeEnds = async (subject: Subject): Promise<void> => {
  const row = await rowOf(subject);
  const left = row === undefined ? 0 : instantOf(row.expires_at).getTime() - app.clock.now().getTime();
  if (left > 0) app.clock.advance(left / 1000);
};

const after = (step: (subject: Subject) => Promise<unknown>) => async (): Promise<Subject> => {
  const subject = await pending();
  await step(subject);
  return subject;
};

/** Invitations by mail. */
export const invitationWalk: Walk<
  keyof typeof invitationFlow.states,
  keyof typeof invitationFlow.events,
  keyof typeof invitationFlow.circumstances,
  Subject
> = {
  flow: invitationFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp({ settings: { 'signUp.mode': 'INVITE_ONLY' } });
  },
  end: () => app.close(),
  stateOf,
  setups: {
    PENDING: { PLAIN: pending },
    ACCEPTED: { PLAIN: after(accept) },
    EXPIRED: { PLAIN: after(lifeEnds) },
    REVOKED: { PLAIN: after(lock) },
    SUPERSEDED: { PLAIN: after(resend) },
    GONE: { PLAIN: after(remove) },
  },
  events: {
    accept,
    signUp: (subject) => signUp(subject, subject.email),
    acceptWithWeakPassword: ({ token }) => world.setPassword(token, null, 'short'),
    signUpAsAnother: (subject) => signUp(subject, `${unique('another')}@flow.example`),
    resend,
    forget: ({ email }) => {
      app.clock.advance(61);
      return world.requestReset(email);
    },
    lock,
    disable,
    changeAddress: async ({ userId }) =>
      (await world.admin()).send(UpdateUserDocument, {
        input: { id: userId, email: `${unique('moved')}@flow.example` },
      }),
    remove,
    lifeEnds,
  },
};
