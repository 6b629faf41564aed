import { randomUUID } from 'node:crypto';
import {
  CreateUserDocument,
  DisableUsersDocument,
  EnableUsersDocument,
  LockUsersDocument,
  RequestPasswordResetDocument,
  RequestSignInCodeDocument,
  ResetUserMfaDocument,
  SetPasswordWithTokenDocument,
  SignInPendingDocument,
  SignUpDocument,
  VerifySignInCodeDocument,
  VerifySignUpDocument,
} from '../../generated/client/graphql.ts';
import { instant } from '../../src/clock.ts';
import { parseId, type UserId } from '../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
} from '../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, PASSWORD, raiseToAal2, signIn } from './cast.ts';
import { linkTokenOf, messagesTo } from './messages.ts';
import { unique } from './holder.ts';
import type { TestApp } from './test-app.ts';

/** Within this time a session of an administrator serves again. */
const FRESH_MS = 5 * 60 * 1000;

/** The people around whatever a flow walks, and what they do to it. */
export class FlowWorld {
  readonly #app: () => TestApp;
  /** Kept by app: test files of one worker share this module, and what they walk with it. */
  readonly #admins = new WeakMap<TestApp, { readonly email: string; readonly actor: Actor; readonly since: number }>();

  constructor(app: () => TestApp) {
    this.#app = app;
  }

  get app(): TestApp {
    return this.#app();
  }

  /** Somebody who may do everything, with two factors, proved a moment ago. */
  async admin(): Promise<Actor> {
    const now = this.app.clock.now().getTime();
    const known = this.#admins.get(this.app);
    if (known !== undefined && now - known.since < FRESH_MS) return known.actor;
    const email = known?.email ?? (await this.#makeAdmin());
    const actor = await raiseToAal2(this.app, await signIn(this.app, email));
    this.#admins.set(this.app, { email, actor, since: now });
    return actor;
  }

  async #makeAdmin(): Promise<string> {
    const email = `${unique('admin')}@flow.example`;
    const resetting = await makeGroup(this.app, unique('resetting'), ['reset-mfa:users']);
    const groupIds = [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID, resetting];
    await makePerson(this.app, { email, groupIds });
    return email;
  }

  /** Somebody active with the password `PASSWORD`. */
  async person(): Promise<{ readonly email: string; readonly id: UserId }> {
    const email = `${unique('person')}@flow.example`;
    return { email, id: await makePerson(this.app, { email }) };
  }

  /** Somebody active with the password `PASSWORD`, whose address an administrator gave and nobody proved. */
  async unproved(): Promise<{ readonly email: string; readonly id: string }> {
    const email = `${unique('unproved')}@flow.example`;
    const person = { displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID], passwordChangeRequired: false };
    const input = { email, password: PASSWORD, ...person };
    const { data } = await (await this.admin()).send(CreateUserDocument, { input });
    return { email, id: data.createUser?.user?.id ?? '' };
  }

  /** An administrator removes the second factors of somebody. */
  async resetMfa(userId: string) {
    return (await this.admin()).send(ResetUserMfaDocument, { input: { userId, reason: 'Lost it.' } });
  }

  /** Signs in by a mailed link, if one comes. */
  async signInByLink(email: string) {
    return this.useSignInLink((await this.signInLink(email)) ?? 'none');
  }

  /** The step that a sign-in by password leads to, with everything in it. */
  async tryPassword(identifier: string, password = PASSWORD, more: Readonly<Record<string, unknown>> = {}) {
    const input = { identifier, password, delivery: 'BODY', ...more } as const;
    return (await this.app.anonymous().send(SignInPendingDocument, { input })).data.signIn;
  }

  /** As many wrong passwords as lock an account. */
  async failFiveTimes(identifier: string): Promise<void> {
    for (let time = 0; time < 5; time += 1) await this.tryPassword(identifier, 'not the password at all');
  }

  async lock(id: string, until: Date | null = null) {
    const input = { ids: [id], reason: 'Somebody asked for it.', until: until?.toISOString() ?? null };
    return (await this.admin()).send(LockUsersDocument, { input });
  }

  async disable(id: string) {
    return (await this.admin()).send(DisableUsersDocument, { input: { ids: [id], reason: 'Left.' } });
  }

  async enable(id: string) {
    return (await this.admin()).send(EnableUsersDocument, { input: { ids: [id], reason: 'Came back.' } });
  }

  /** Signs up with an address; gives the token that the code goes with. */
  async signUp(email: string, displayName = 'Applicant'): Promise<{ readonly id: UserId; readonly token: string }> {
    const { data } = await this.app
      .anonymous()
      .send(SignUpDocument, { input: { email, password: PASSWORD, displayName, delivery: 'BODY' } });
    const token = data.signUp?.verification?.token;
    // The newest account that waits with the address: others may wait with it as well.
    const [row] = await this.app.database.query<{ id: string }>(
      'select user_id as id from identifiers where value = $1 and not exclusive order by created_at desc, id desc limit 1',
      [email],
    );
    const id = parseId<UserId>(row?.id ?? '');
    if (token === undefined || id === null) throw new Error(`No sign-up: ${JSON.stringify(data)}`);
    return { id, token };
  }

  verifySignUp(verificationToken: string, code: string) {
    return this.app.anonymous().send(VerifySignUpDocument, { input: { verificationToken, code } });
  }

  /** Asks for a mailed link to sign in; the token in it, null when none came. */
  async signInLink(email: string): Promise<string | null> {
    await this.app.anonymous().send(RequestSignInCodeDocument, { input: { identifier: email, form: 'LINK' } });
    return this.newestLink(email, 'sign-in-link');
  }

  useSignInLink(linkToken: string) {
    return this.app.anonymous().send(VerifySignInCodeDocument, { input: { linkToken, delivery: 'BODY' } });
  }

  async requestReset(email: string): Promise<void> {
    await this.app.anonymous().send(RequestPasswordResetDocument, { input: { email } });
    await this.app.services.resetRequests.run();
  }

  setPassword(token: string, delivery: 'BODY' | null = null, newPassword = otherPassword()) {
    return this.app.anonymous().send(SetPasswordWithTokenDocument, { input: { token, newPassword, delivery } });
  }

  /** The token of the newest link of a template to an address; null when there is none. */
  async newestLink(email: string, template: string): Promise<string | null> {
    const known = (await messagesTo(this.app, email)).some((message) => message.template === template);
    return known ? linkTokenOf(this.app, email, template) : null;
  }

  /** The newest code that went to an address, for this account where one is named; null when none did. */
  async newestCode(email: string, userId: string | null = null): Promise<string | null> {
    const written = (await messagesTo(this.app, email)).filter(({ template }) => template === 'code');
    const message = written.findLast((one) => userId === null || one.userId === userId);
    return message?.variables['code'] ?? null;
  }

  /** An instant so many seconds after the present of the test. */
  later(seconds: number): Date {
    return instant(new Date(this.app.clock.now().getTime() + seconds * 1000).toISOString());
  }
}

/** A password that nobody had before. */
export const otherPassword = (): string => `another fine phrase ${randomUUID()}`;
