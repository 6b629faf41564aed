import { expect } from 'vitest';
import {
  ChangePasswordDocument,
  ConfirmEmailChangeDocument,
  DeleteUsersDocument,
  EndImpersonationDocument,
  ForgetDeviceDocument,
  ImpersonationsDocument,
  RefreshSessionDocument,
  RemovePasskeyDocument,
  RequestEmailChangeDocument,
  RequirePasswordChangeDocument,
  RevokeSessionsDocument,
  RevokeUserSessionsDocument,
  SignOutDocument,
  SignOutEverywhereDocument,
  StopImpersonationDocument,
} from '../../../generated/client/graphql.ts';
import {
  listedSessionColumns,
  listedSessionOf,
  type ListedSessionRow,
} from '../../../src/entities/session-list.queries.ts';
import { sessionFlow } from '../../../src/flows/session.ts';
import { parseId, type SessionId } from '../../../src/ids.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { impersonate, makeImpersonator } from '../../support/impersonation.ts';
import { registerPasskey, signInByPasskey } from '../../support/passkeys.ts';
import { jwtParts } from '../../support/records.ts';
import { beginSession, isAlive } from '../../support/sessions.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

interface Subject {
  readonly userId: string;
  readonly email: string;
  readonly id: SessionId;
  readonly client: TestClient;
  readonly refreshToken: string;
  /** Another session of the same person, begun later. */
  readonly other: TestClient;
  readonly passkeyId: string;
}

let app: TestApp;
const world = new FlowWorld(() => app);

const begun = async (email: string, userId: string, by: 'PASSWORD' | 'PASSKEY' = 'PASSWORD'): Promise<Subject> => {
  const first = await beginSession(app, email, { userAgent: 'first' });
  const { client: other } = await beginSession(app, email, { userAgent: 'second' });
  const key = new SoftwarePasskey();
  const passkeyId = await registerPasskey(other, key);
  if (by === 'PASSWORD') return { ...first, userId, email, other, passkeyId };
  const tokens = (await signInByPasskey(app, key))?.tokens;
  const id = parseId<SessionId>(String(jwtParts(tokens?.accessToken ?? '').claims['sid']));
  if (id === null) throw new Error('No session by passkey.');
  const client = app.anonymous({ authorization: `Bearer ${tokens?.accessToken}` });
  return { userId, email, id, client, refreshToken: tokens?.refreshToken ?? '', other, passkeyId };
};

const active = async (): Promise<Subject> => {
  const { email, id } = await world.person();
  return begun(email, id);
};
const activeByPasskey = async (): Promise<Subject> => {
  const { email, id } = await world.person();
  return begun(email, id, 'PASSKEY');
};
const activeAtItsLast = async (): Promise<Subject> => {
  const subject = await active();
  await app.database.query('update sessions set absolute_expires_at = expires_at where id = $1', [subject.id]);
  return subject;
};
const activeUnproved = async (): Promise<Subject> => {
  const { email, id } = await world.unproved();
  return begun(email, id);
};

/** Somebody acts in the session; it runs on no device and has no refresh token, so those of the person's own stand in. */
const activeImpersonated = async (): Promise<Subject> => {
  const subject = await active();
  const acting = await impersonate(app, await makeImpersonator(app), subject.userId);
  const id = parseId<SessionId>(acting.sessionId);
  if (id === null) throw new Error('No impersonated session.');
  return { ...subject, id, client: acting, refreshToken: 'none' };
};

const after =
  (begin: () => Promise<Subject>, step: (subject: Subject) => Promise<unknown>) => async (): Promise<Subject> => {
    const subject = await begin();
    await step(subject);
    return subject;
  };

const stateOf = async ({ id }: Subject): Promise<keyof typeof sessionFlow.states> => {
  const [row] = await app.database.query<ListedSessionRow>(
    `select ${listedSessionColumns} from sessions s where s.id = $1`,
    [id],
  );
  if (row === undefined) return 'ACCOUNT_DELETED';
  return listedSessionOf(row, app.clock.now()).endReason ?? 'ACTIVE';
};

const refresh = (refreshToken: string) => app.anonymous().send(RefreshSessionDocument, { input: { refreshToken } });

const reuseRefreshToken = async ({ refreshToken }: Subject) => {
  const next = (await refresh(refreshToken)).data.refreshSession?.tokens?.refreshToken;
  if (next != null) await refresh(next);
  return refresh(refreshToken);
};

const changeEmail = async ({ other }: Subject) => {
  const newEmail = `${unique('moved')}@flow.example`;
  await other.send(RequestEmailChangeDocument, { input: { newEmail, currentPassword: PASSWORD } });
  const token = (await world.newestLink(newEmail, 'email-change')) ?? 'none';
  return app.anonymous().send(ConfirmEmailChangeDocument, { input: { token } });
};

const resetPassword = async ({ email }: Subject) => {
  await world.requestReset(email);
  return world.setPassword((await world.newestLink(email, 'reset')) ?? 'none');
};

const stopImpersonation = ({ client }: Subject) => client.send(StopImpersonationDocument, { input: {} });

const endImpersonation = async ({ userId }: Subject) => {
  const admin = await world.admin();
  const { data } = await admin.send(ImpersonationsDocument, { filter: { userId, active: true } });
  const [running] = data.impersonations?.nodes ?? [];
  return admin.send(EndImpersonationDocument, { input: { id: running?.id ?? userId } });
};

const forgetDevice = async ({ id, other }: Subject) => {
  const [row] = await app.database.query<{ device_id: string }>('select device_id from sessions where id = $1', [id]);
  return other.send(ForgetDeviceDocument, { input: { id: row?.device_id ?? id } });
};

const signOut = ({ client }: Subject) => client.send(SignOutDocument, { input: {} });
const revoke = ({ id, other }: Subject) => other.send(RevokeSessionsDocument, { input: { ids: [id] } });
const weekPasses = async () => app.clock.advance(7 * 86_400);
const changePassword = ({ other }: Subject) =>
  other.send(ChangePasswordDocument, { input: { currentPassword: PASSWORD, newPassword: otherPassword() } });
const lock = ({ userId }: Subject) => world.lock(userId);
const disable = ({ userId }: Subject) => world.disable(userId);
const remove = async ({ userId }: Subject) =>
  (await world.admin()).send(DeleteUsersDocument, { input: { ids: [userId], reason: null } });

/** Sessions of people with two of them. */
export const sessionWalk: Walk<
  keyof typeof sessionFlow.states,
  keyof typeof sessionFlow.events,
  keyof typeof sessionFlow.circumstances,
  Subject
> = {
  flow: sessionFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp();
  },
  end: () => app.close(),
  stateOf,
  setups: {
    ACTIVE: {
      PLAIN: active,
      AT_ITS_LAST: activeAtItsLast,
      BEGUN_BY_PASSKEY: activeByPasskey,
      ADDRESS_NOT_PROVED: activeUnproved,
      IMPERSONATED: activeImpersonated,
    },
    SIGNED_OUT: { PLAIN: after(active, signOut) },
    REVOKED: { PLAIN: after(active, revoke) },
    IDLE: { PLAIN: after(active, weekPasses) },
    EXPIRED: { PLAIN: after(activeAtItsLast, weekPasses) },
    REFRESH_TOKEN_REUSED: { PLAIN: after(active, reuseRefreshToken) },
    CREDENTIALS_CHANGED: { PLAIN: after(active, changePassword) },
    ACCOUNT_LOCKED: { PLAIN: after(active, lock) },
    ACCOUNT_DISABLED: { PLAIN: after(active, disable) },
    ACCOUNT_DELETED: { PLAIN: after(active, remove) },
    IMPERSONATION_ENDED: { PLAIN: after(activeImpersonated, stopImpersonation) },
  },
  events: {
    signOut,
    signOutEverywhere: ({ other }) => other.send(SignOutEverywhereDocument, { input: { exceptCurrent: true } }),
    revoke,
    revokeAll: async ({ userId }) => (await world.admin()).send(RevokeUserSessionsDocument, { input: { userId } }),
    forgetDevice,
    requirePasswordChange: async ({ userId }) =>
      (await world.admin()).send(RequirePasswordChangeDocument, { input: { ids: [userId], endSessions: true } }),
    reuseRefreshToken,
    weekPasses,
    changePassword,
    resetPassword,
    changeEmail,
    resetMfa: ({ userId }) => world.resetMfa(userId),
    removePasskey: ({ other, passkeyId }) => other.send(RemovePasskeyDocument, { input: { id: passkeyId } }),
    proveAddress: ({ email }) => world.signInByLink(email),
    lock,
    disable,
    remove,
    stopImpersonation,
    endImpersonation,
    failFiveTimes: ({ email }) => world.failFiveTimes(email),
  },
  afterwards: async (subject) => {
    expect(await isAlive(subject.client), 'lets its holder in').toBe((await stateOf(subject)) === 'ACTIVE');
  },
};
