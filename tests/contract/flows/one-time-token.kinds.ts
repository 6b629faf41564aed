import {
  AcceptInvitationDocument,
  CompleteMfaDocument,
  CompletePasskeyRegistrationDocument,
  CompletePasskeySignInDocument,
  ConfirmEmailChangeDocument,
  CreateUserDocument,
  InviteToOrganizationDocument,
  RequestEmailChangeDocument,
  RequirePasswordChangeDocument,
  ResendInviteDocument,
  SetPasswordWithTokenDocument,
  SetUpFirstAdminDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import type { OneTimeTokenKind } from '../../../src/vocabulary.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { type FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { enrol, nextCode, wrongCode } from '../../support/mfa.ts';
import { askForRegistration, askForSignIn, registerPasskey } from '../../support/passkeys.ts';
import { makeOrganization } from '../../support/organizations.ts';
import { beginSession } from '../../support/sessions.ts';
import type { TestClient } from '../../support/test-client.ts';
import type { RedirectRound } from './redirect-round.ts';

/** A token, whose it is, and how it is used. */
export interface TokenSubject {
  readonly kind: OneTimeTokenKind;
  readonly token: string;
  readonly userId: string | null;
  /** A session of the owner, in a cookie; null for those who cannot have one. */
  readonly session: TestClient | null;
  readonly use: (token: string) => Promise<unknown>;
  readonly useWrongly: () => Promise<unknown>;
  readonly issueAnother: () => Promise<unknown>;
}

type Facts = Omit<TokenSubject, 'kind'>;

/** Makes tokens of every purpose over HTTP, as their owners get them. */
export class TokenKinds {
  readonly #world: FlowWorld;
  readonly #round: () => RedirectRound;

  constructor(world: FlowWorld, round: () => RedirectRound) {
    this.#world = world;
    this.#round = round;
  }

  async make(kind: OneTimeTokenKind): Promise<TokenSubject> {
    const made: Readonly<Record<OneTimeTokenKind, () => Promise<Facts>>> = {
      SETUP: () => this.#setup(),
      INVITE: () => this.#invite(),
      ORGANIZATION_INVITE: () => this.#organizationInvite(),
      RESET: () => this.#reset(),
      PASSWORD_CHANGE: () => this.#passwordChange(),
      EMAIL_CHANGE: () => this.#emailChange(),
      SIGN_IN_LINK: () => this.#signInLink(),
      MFA: () => this.#mfa(),
      PASSKEY_REGISTRATION: () => this.#registration(),
      PASSKEY_ASSERTION: () => this.#assertion(),
      PROVIDER_SIGN_IN: () => this.#redirect(),
    };
    return { kind, ...(await made[kind]()) };
  }

  /** As on the first day, while `work` runs. */
  async withoutAdministrator<T>(work: () => Promise<T>): Promise<T> {
    const { database } = this.#world.app;
    await database.query('update permission_epoch set first_administrator_at = null');
    const result = await work();
    await database.query(
      'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, now())',
    );
    return result;
  }

  get #anonymous(): TestClient {
    return this.#world.app.anonymous();
  }

  /** Codes and links to one address go out once a minute. */
  #waitAMinute(): void {
    this.#world.app.clock.advance(61);
  }

  async #person() {
    const { email, id } = await this.#world.person();
    const { client: session } = await beginSession(this.#world.app, email, { delivery: 'COOKIE' });
    return { email, userId: id, session };
  }

  #setPassword(token: string, newPassword: string) {
    return this.#anonymous.send(SetPasswordWithTokenDocument, { input: { token, newPassword } });
  }

  async #setup(): Promise<Facts> {
    const print = () => this.withoutAdministrator(() => this.#world.app.services.setup.issueToken());
    const token = (await print())?.token.reveal() ?? '';
    const use = (setupToken: string, password: string) => {
      const email = `${unique('first')}@flow.example`;
      const input = { setupToken, email, displayName: 'First', password, delivery: 'BODY' } as const;
      return this.withoutAdministrator(() => this.#anonymous.send(SetUpFirstAdminDocument, { input }));
    };
    return {
      token,
      userId: null,
      session: null,
      use: (given) => use(given, PASSWORD),
      useWrongly: () => use(token, 'short'),
      issueAnother: print,
    };
  }

  async #invite(): Promise<Facts> {
    const email = `${unique('invited')}@flow.example`;
    const input = { email, displayName: 'Ada', groupIds: [MEMBERS_GROUP_ID] };
    const { data } = await (await this.#world.admin()).send(CreateUserDocument, { input });
    const userId = data.createUser?.user?.id ?? '';
    const token = (await this.#world.newestLink(email, 'invite')) ?? '';
    return {
      token,
      userId,
      session: null,
      use: (given) => this.#setPassword(given, otherPassword()),
      useWrongly: () => this.#setPassword(token, 'short'),
      issueAnother: async () => {
        this.#waitAMinute();
        return (await this.#world.admin()).send(ResendInviteDocument, { input: { userId } });
      },
    };
  }

  /** Of somebody who has an account: they join without a password. */
  async #organizationInvite(): Promise<Facts> {
    const { app } = this.#world;
    const person = await this.#person();
    const organizationId = await makeOrganization(app);
    const input = { organizationId, email: person.email, groupIds: [MEMBERS_GROUP_ID] };
    const issueAnother = async () => (await this.#world.admin()).send(InviteToOrganizationDocument, { input });
    await issueAnother();
    const token = (await this.#world.newestLink(person.email, 'organization-invite')) ?? '';
    const accept = (given: string, password: string | null) =>
      this.#anonymous.send(AcceptInvitationDocument, { input: { token: given, password, delivery: 'BODY' } });
    return {
      ...person,
      token,
      use: (given) => accept(given, null),
      useWrongly: () => accept(token, otherPassword()),
      issueAnother,
    };
  }

  async #reset(): Promise<Facts> {
    const person = await this.#person();
    await this.#world.requestReset(person.email);
    const token = (await this.#world.newestLink(person.email, 'reset')) ?? '';
    return {
      ...person,
      token,
      use: (given) => this.#setPassword(given, otherPassword()),
      useWrongly: () => this.#setPassword(token, 'short'),
      issueAnother: async () => {
        this.#waitAMinute();
        await this.#world.requestReset(person.email);
      },
    };
  }

  async #passwordChange(): Promise<Facts> {
    const person = await this.#person();
    const input = { ids: [person.userId], endSessions: false };
    await (await this.#world.admin()).send(RequirePasswordChangeDocument, { input });
    const issueAnother = () => this.#world.tryPassword(person.email);
    const token = (await issueAnother())?.challenge?.token ?? '';
    return {
      ...person,
      token,
      use: (given) => this.#setPassword(given, otherPassword()),
      useWrongly: () => this.#setPassword(token, PASSWORD),
      issueAnother,
    };
  }

  async #emailChange(): Promise<Facts> {
    const { app } = this.#world;
    const person = await this.#person();
    const ask = async () => {
      const newEmail = `${unique('moved')}@flow.example`;
      await person.session.send(RequestEmailChangeDocument, { input: { newEmail, currentPassword: PASSWORD } });
      return newEmail;
    };
    const newEmail = await ask();
    const token = (await this.#world.newestLink(newEmail, 'email-change')) ?? '';
    const use = (given: string) => this.#anonymous.send(ConfirmEmailChangeDocument, { input: { token: given } });
    return {
      ...person,
      token,
      use,
      // Somebody else has the address by now.
      useWrongly: async () => {
        const taken = await app.database.query('select from identifiers where value = $1', [newEmail]);
        if (taken.length === 0) await makePerson(app, { email: newEmail });
        return use(token);
      },
      issueAnother: async () => {
        this.#waitAMinute();
        return ask();
      },
    };
  }

  async #signInLink(): Promise<Facts> {
    const person = await this.#person();
    const token = (await this.#world.signInLink(person.email)) ?? '';
    const input = { linkToken: token, code: '123456', delivery: 'BODY' } as const;
    return {
      ...person,
      token,
      use: (given) => this.#world.useSignInLink(given),
      useWrongly: () => this.#anonymous.send(VerifySignInCodeDocument, { input }),
      issueAnother: async () => {
        this.#waitAMinute();
        return this.#world.signInLink(person.email);
      },
    };
  }

  async #mfa(): Promise<Facts> {
    const { app } = this.#world;
    const person = await this.#person();
    const { secret } = await enrol(app, await signIn(app, person.email));
    const issueAnother = () => this.#world.tryPassword(person.email);
    const token = (await issueAnother())?.challenge?.token ?? '';
    const answer = (challengeToken: string, code: string) =>
      this.#anonymous.send(CompleteMfaDocument, { input: { challengeToken, code } });
    return {
      ...person,
      token,
      use: (given) => answer(given, nextCode(app, secret)),
      useWrongly: () => answer(token, wrongCode(app, secret)),
      issueAnother,
    };
  }

  async #registration(): Promise<Facts> {
    const person = await this.#person();
    const ask = () => askForRegistration(person.session, PASSWORD);
    const { options, challengeToken } = await ask();
    const answer = (token: string, lies = {}) =>
      person.session.send(CompletePasskeyRegistrationDocument, {
        input: { challengeToken: token, response: { ...new SoftwarePasskey().register(options, lies) }, name: 'Key' },
      });
    return {
      ...person,
      token: challengeToken,
      use: (given) => answer(given),
      useWrongly: () => answer(challengeToken, { origin: 'https://evil.example' }),
      issueAnother: ask,
    };
  }

  async #assertion(): Promise<Facts> {
    const { app } = this.#world;
    const person = await this.#person();
    const key = new SoftwarePasskey();
    await registerPasskey(await signIn(app, person.email), key);
    const ask = () => askForSignIn(this.#anonymous, person.email);
    const { options, challengeToken } = await ask();
    const answer = (token: string, lies = {}) => {
      const passkey = { challengeToken: token, response: { ...key.authenticate(options, lies) } };
      return this.#anonymous.send(CompletePasskeySignInDocument, { input: { passkey, delivery: 'BODY' } });
    };
    return {
      ...person,
      token: challengeToken,
      use: (given) => answer(given),
      useWrongly: () => answer(challengeToken, { key: new SoftwarePasskey().privateKey }),
      issueAnother: ask,
    };
  }

  async #redirect(): Promise<Facts> {
    const round = this.#round();
    const begun = await round.begin();
    return {
      token: begun.state,
      userId: null,
      session: null,
      use: (state) => round.comeBack({ ...begun, state }),
      useWrongly: () => round.comeBack(begun, 'CODE_REFUSED'),
      issueAnother: () => round.begin(begun.browser),
    };
  }
}
