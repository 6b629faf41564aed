import { randomUUID } from 'node:crypto';
import {
  CreateUserDocument,
  DeleteOwnAccountDocument,
  DeleteUsersDocument,
  ExchangeTokenDocument,
  ResendCodeDocument,
  ResendInviteDocument,
  SetUpFirstAdminDocument,
  SignUpDocument,
  UnlockUsersDocument,
} from '../../../generated/client/graphql.ts';
import { accountFlow } from '../../../src/flows/account.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, PASSWORD, signIn } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { codeTo, linkTokenOf, messagesTo } from '../../support/messages.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';

/** An account, or the address that it would have. */
interface Subject {
  readonly email: string;
  readonly username: string;
  id: string | null;
  /** What its owner has in hand. */
  session: Actor | null;
  verificationToken: string | null;
  code: string | null;
}

let provider: LyingProvider;
let app: TestApp;
const world = new FlowWorld(() => app);

const begin = async (): Promise<void> => {
  provider = await startLyingProvider();
  provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
  const trusting = issuerEntry(provider.issuer, { jitUsers: true, trustEmail: true });
  app = await startTestApp({
    settings: { ...issuers(trusting), 'signUp.mode': 'OPEN', 'users.accountDeletion': 'true' },
  });
};

const end = async (): Promise<void> => {
  await app.close();
  await provider.close();
};

const nobody = async (): Promise<Subject> => {
  const username = unique('flow-account');
  const email = `${username}@flow.example`;
  return { email, username, id: null, session: null, verificationToken: null, code: null };
};

const create = async (subject: Subject, password: string | null) => {
  const { email, username } = subject;
  const groupIds = [MEMBERS_GROUP_ID];
  const admin = await world.admin();
  const passwordChangeRequired = password === null ? null : false;
  const input = { email, username, displayName: 'Ada', groupIds, password, passwordChangeRequired };
  return admin.send(CreateUserDocument, { input });
};

const invited = async (): Promise<Subject> => {
  const subject = await nobody();
  const { data } = await create(subject, null);
  return { ...subject, id: data.createUser?.user?.id ?? null };
};

const pending = async (): Promise<Subject> => {
  const subject = await nobody();
  const { id, token } = await world.signUp(subject.email);
  return { ...subject, id, verificationToken: token, code: await codeTo(app, subject.email) };
};

const active = async (): Promise<Subject> => {
  const subject = await nobody();
  const { data } = await create(subject, PASSWORD);
  return { ...subject, id: data.createUser?.user?.id ?? null, session: await signIn(app, subject.email) };
};

/** Somebody, and what was done to them then. */
const after =
  (first: () => Promise<Subject>, ...steps: readonly ((subject: Subject) => Promise<unknown>)[]) =>
  async (): Promise<Subject> => {
    const subject = await first();
    for (const step of steps) await step(subject);
    return subject;
  };

const lock = (subject: Subject) => world.lock(idOf(subject));
const lockForAnHour = (subject: Subject) => world.lock(idOf(subject), world.later(3600));
const disable = (subject: Subject) => world.disable(idOf(subject));
const remove = async (subject: Subject) =>
  (await world.admin()).send(DeleteUsersDocument, { input: { ids: [idOf(subject)], reason: null } });
const failFiveTimes = (subject: Subject) => world.failFiveTimes(subject.email);
const resendInvite = async (subject: Subject) => {
  app.clock.advance(61);
  return (await world.admin()).send(ResendInviteDocument, { input: { userId: idOf(subject) } });
};

/** An id that nobody has, where there is no account. */
const idOf = (subject: Subject): string => subject.id ?? randomUUID();

interface Row {
  readonly id: string;
  readonly status: string;
  readonly is_locked: boolean;
  readonly status_reason: string | null;
}

const stateOf = async (subject: Subject): Promise<keyof typeof accountFlow.states> => {
  const [row] = await app.database.query<Row>(
    `select id, status, coalesce(locked_until > $4::timestamptz, false) as is_locked, status_reason from users
     where id = $1::uuid or ($1::uuid is null and (lower(email) = $2 or username = $3) and display_name <> 'Rival') order by created_at limit 1`,
    [subject.id, subject.email, subject.username, app.clock.now().toISOString()],
  );
  if (row === undefined) return subject.id === null ? 'NONE' : 'DELETED';
  subject.id = row.id;
  if (row.status !== 'ACTIVE') return row.status as 'INVITED' | 'PENDING' | 'DISABLED';
  if (!row.is_locked) return 'ACTIVE';
  return row.status_reason === null ? 'LOCKED_AUTOMATICALLY' : 'LOCKED_BY_ADMINISTRATOR';
};

const setUp = async ({ email }: Subject) => {
  await app.database.query('update permission_epoch set first_administrator_at = null');
  const issued = await app.services.setup.issueToken();
  const setupToken = issued?.token.reveal() ?? '';
  const input = { setupToken, email, displayName: 'First', password: PASSWORD, delivery: 'BODY' } as const;
  const answer = await app.anonymous().send(SetUpFirstAdminDocument, { input });
  await app.database.query(
    'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, now())',
  );
  return answer;
};

const comeFromProvider = async ({ email, username }: Subject) => {
  const claims = { sub: username, email, email_verified: true, name: 'Ada' };
  const subjectToken = await provider.accessToken(claims);
  const input = { issuer: provider.issuer, subjectToken, delivery: 'BODY' } as const;
  return app.anonymous().send(ExchangeTokenDocument, { input });
};

const resetPassword = async ({ email }: Subject) => {
  // One such mail a minute.
  app.clock.advance(61);
  const before = await messagesTo(app, email);
  await world.requestReset(email);
  const [sent] = (await messagesTo(app, email)).slice(before.length);
  return world.setPassword(sent === undefined ? 'none' : await linkTokenOf(app, email, sent.template));
};

const rivalProves = async ({ email }: Subject) => {
  // Codes to one address go out once a minute.
  app.clock.advance(61);
  const rival = await world.signUp(email, 'Rival');
  app.clock.advance(61);
  const { data } = await app.anonymous().send(ResendCodeDocument, { input: { verificationToken: rival.token } });
  if (data.resendCode?.verification == null) throw new Error('The code of the rival was not sent.');
  return world.verifySignUp(rival.token, (await world.newestCode(email, rival.id)) ?? '000000');
};

/** Accounts, by administrators, by themselves and by a provider. */
export const accountWalk: Walk<
  keyof typeof accountFlow.states,
  keyof typeof accountFlow.events,
  keyof typeof accountFlow.circumstances,
  Subject
> = {
  begin,
  end,
  flow: accountFlow,
  log: () => app.log,
  stateOf,
  setups: {
    NONE: { PLAIN: nobody },
    INVITED: { PLAIN: invited, LOCK_RUNS: after(invited, lock, resendInvite) },
    PENDING: { PLAIN: pending, LOCK_RUNS: after(pending, lock) },
    ACTIVE: { PLAIN: active },
    LOCKED_AUTOMATICALLY: { PLAIN: after(active, failFiveTimes) },
    LOCKED_BY_ADMINISTRATOR: { PLAIN: after(active, lock), LOCK_HAS_AN_END: after(active, lockForAnHour) },
    DISABLED: {
      PLAIN: after(active, disable),
      LOCK_RUNS: after(active, lock, disable),
      NEVER_PROVED: after(pending, disable),
      NEVER_HAD_A_WAY_IN: after(invited, disable),
    },
    DELETED: { PLAIN: after(active, remove) },
  },
  events: {
    invite: (subject) => create(subject, null),
    createWithPassword: (subject) => create(subject, PASSWORD),
    signUp: ({ email }) =>
      app.anonymous().send(SignUpDocument, { input: { email, password: PASSWORD, delivery: 'BODY' } }),
    signUpByName: ({ username }) =>
      app.anonymous().send(SignUpDocument, { input: { username, password: PASSWORD, delivery: 'BODY' } }),
    setUp,
    comeFromProvider,
    verifySignUp: ({ verificationToken, code }) => world.verifySignUp(verificationToken ?? 'none', code ?? '000000'),
    rivalProves,
    acceptInvitation: async ({ email }) => world.setPassword((await world.newestLink(email, 'invite')) ?? 'none'),
    signUpInvited: async ({ email }) => {
      const invitationToken = (await world.newestLink(email, 'invite')) ?? 'none';
      const input = { email, password: otherPassword(), invitationToken, delivery: 'BODY' } as const;
      return app.anonymous().send(SignUpDocument, { input });
    },
    failFiveTimes,
    signInByLink: ({ email }) => world.signInByLink(email),
    resetPassword,
    dayPasses: async () => {
      app.clock.advance(86_401);
      return app.services.housekeeping.run();
    },
    lock,
    unlock: async (subject) =>
      (await world.admin()).send(UnlockUsersDocument, { input: { ids: [idOf(subject)], reason: 'Enough.' } }),
    disable,
    enable: (subject) => world.enable(idOf(subject)),
    remove,
    removeOneself: async ({ session, email }) =>
      (session ?? app.anonymous()).send(DeleteOwnAccountDocument, {
        input: { currentPassword: PASSWORD, confirmation: email },
      }),
  },
};
