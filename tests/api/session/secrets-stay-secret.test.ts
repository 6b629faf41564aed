import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  CreateUserDocument,
  RefreshSessionDocument,
  RequestPasswordResetDocument,
  RequirePasswordChangeDocument,
  SetPasswordWithTokenDocument,
  SetUpFirstAdminDocument,
  SignInDocument,
  SignOutDocument,
  TokenStatusDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { cookieOf } from '../../support/records.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const PASSWORDS = {
  admin: 'violet harbour lantern seven',
  wrong: 'copper meadow whistle eleven',
  weak: 'tulip-9',
  typedAsName: 'marble thicket compass nine',
  invited: 'silver orchard beacon twelve',
  changed: 'golden estuary signal thirteen',
  recovered: 'purple glacier anthem fourteen',
} as const;

/** Runs every way of signing in, right and wrong, and gives each secret that was sent or handed out. */
class Journey {
  readonly secrets = new Set<string>(Object.values(PASSWORDS));
  readonly #app: TestApp;

  constructor(app: TestApp) {
    this.#app = app;
  }

  #keep(...texts: readonly (string | null | undefined)[]): void {
    for (const text of texts) if (text != null && text !== '') this.secrets.add(text);
  }

  async setUp(): Promise<string> {
    const token = (await this.#app.services.setup.issueToken())?.token.reveal() ?? '';
    const input = { setupToken: token, email: 'ada@secret.example', displayName: 'Ada', delivery: 'BODY' as const };
    const send = (password: string) =>
      this.#app.anonymous().send(SetUpFirstAdminDocument, { input: { ...input, password } });
    await send(PASSWORDS.weak);
    const { data } = await send(PASSWORDS.admin);
    const tokens = data.setUpFirstAdmin?.tokens;
    this.#keep(token, tokens?.accessToken, tokens?.refreshToken);
    return tokens?.accessToken ?? '';
  }

  async signIn(): Promise<void> {
    const send = (identifier: string, password: string, delivery: 'BODY' | 'COOKIE') =>
      this.#app.anonymous().send(SignInDocument, { input: { identifier, password, delivery } });
    await send('ada@secret.example', PASSWORDS.wrong, 'BODY');
    await send(PASSWORDS.typedAsName, PASSWORDS.wrong, 'BODY');
    const browser = await send('ada@secret.example', PASSWORDS.admin, 'COOKIE');
    const cookie = cookieOf(browser);
    const csrf = browser.data.signIn?.tokens?.csrfToken ?? '';
    this.#keep(cookie.value, csrf);
    const client = this.#app.anonymous({ cookie: cookie.pair });
    await client.send(ViewerDocument, {});
    await client.send(SignOutDocument, { input: {} });
    const protectedClient = client.with({ 'x-csrf-token': csrf });
    await protectedClient.send(ConfirmIdentityDocument, { input: { password: PASSWORDS.wrong } });
    await protectedClient.send(ConfirmIdentityDocument, { input: { password: PASSWORDS.admin } });
    await protectedClient.send(SignOutDocument, { input: {} });
    const body = (await send('ada@secret.example', PASSWORDS.admin, 'BODY')).data.signIn?.tokens;
    this.#keep(body?.accessToken, body?.refreshToken);
    await this.#refresh(body?.refreshToken ?? '');
  }

  async #refresh(refreshToken: string): Promise<void> {
    const send = () => this.#app.anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
    // In the same instant it would be the same access token.
    this.#app.clock.advance(1);
    const rotated = (await send()).data.refreshSession?.tokens;
    this.#keep(rotated?.accessToken, rotated?.refreshToken);
    await this.#app.anonymous({ authorization: `Bearer ${rotated?.accessToken}x` }).send(ViewerDocument, {});
    this.#app.clock.advance(60);
    await send();
    await this.#app.anonymous({ authorization: `Bearer ${rotated?.accessToken}` }).send(ViewerDocument, {});
  }

  async invite(adminToken: string): Promise<void> {
    const admin = this.#app.anonymous({ authorization: `Bearer ${adminToken}` });
    const { data } = await admin.send(CreateUserDocument, {
      input: { email: 'guest@secret.example', displayName: 'Guest', groupIds: [MEMBERS_GROUP_ID] },
    });
    const token = await linkTokenOf(this.#app, 'guest@secret.example', 'invite');
    this.#keep(token);
    await this.#setPassword(token, PASSWORDS.weak);
    await this.#setPassword(token, PASSWORDS.invited);
    await this.#setPassword(token, PASSWORDS.changed);
    await this.#app.anonymous().send(TokenStatusDocument, { token });
    const query = encodeURIComponent(`{ tokenStatus(token: "${token}") { state } }`);
    await fetch(`${this.#app.url}/graphql?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
    const ids = [data.createUser?.user?.id ?? ''];
    await admin.send(RequirePasswordChangeDocument, { input: { ids } });
    const begun = await this.#app
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'guest@secret.example', password: PASSWORDS.invited } });
    const challenge = begun.data.signIn?.challenge?.token ?? '';
    this.#keep(challenge);
    const done = await this.#setPassword(challenge, PASSWORDS.changed);
    this.#keep(cookieOf(done).value, done.data.setPasswordWithToken?.tokens?.csrfToken);
  }

  async recover(): Promise<void> {
    const email = 'guest@secret.example';
    await this.#app.anonymous().send(RequestPasswordResetDocument, { input: { email } });
    await this.#app.services.resetRequests.run();
    await this.#app.services.messageWorker.run();
    const token = await linkTokenOf(this.#app, email, 'reset');
    this.#keep(token);
    await this.#app.anonymous().send(TokenStatusDocument, { token });
    await this.#setPassword(token, PASSWORDS.weak);
    await this.#setPassword(token, PASSWORDS.recovered);
    await this.#setPassword(token, PASSWORDS.changed);
    await fetch(`${this.#app.url}/account/reset`, { headers: { 'accept-language': 'de' } });
  }

  #setPassword(token: string, newPassword: string) {
    return this.#app.anonymous().send(SetPasswordWithTokenDocument, { input: { token, newPassword } });
  }

  /** Requests that fail before, or beside, what they are for. */
  async stumble(): Promise<void> {
    const text = `mutation { signIn(input: { identifier: "a", password: "${PASSWORDS.wrong}" `;
    const client = this.#app.anonymous();
    await client.run(text);
    await client.run(`${text}, nothing: 1 }) { step } }`);
    await client.post(`{"query": "${PASSWORDS.wrong}`);
    await client.send(SignInDocument, { input: { identifier: 'a', password: [PASSWORDS.wrong] } as never });
    await this.#app.database.query('alter table credentials rename to credentials_away');
    await client.send(SignInDocument, { input: { identifier: 'ada@secret.example', password: PASSWORDS.admin } });
    await this.#app.database.query('alter table credentials_away rename to credentials');
  }
}

describe('after every way of signing in, right and wrong', () => {
  test('no password, token, cookie or hash stands in the log, the audit log, the outbox or, in clear, in any table', async () => {
    const app = await startTestApp({ settings: { 'log.requests': 'true' } });
    const journey = new Journey(app);
    const adminToken = await journey.setUp();
    await journey.signIn();
    await journey.invite(adminToken);
    app.clock.advance(61);
    await journey.recover();
    await journey.stumble();
    const credentials = await app.database.query<{ secret: string }>('select secret from credentials');
    const secrets = [...journey.secrets];
    expect(secrets).toHaveLength(21);
    expect(credentials).toHaveLength(4); // two present passwords and two earlier ones
    const tables = await app.database.query<{ name: string }>(
      `select relname as name from pg_class where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace`,
    );
    const written: [string, string][] = [['the log', app.log.join('\n')]];
    for (const { name } of tables) {
      const [row] = await app.database.query<{ text: string | null }>(
        `select string_agg(t::text, chr(10)) as text from "${name}" t`,
      );
      written.push([name, row?.text ?? '']);
    }
    expect(written.map(([place]) => place)).toEqual(
      expect.arrayContaining(['sessions', 'outbox_events', 'one_time_tokens', 'audit_personal_values']),
    );
    expect(app.log.length).toBeGreaterThan(20);
    const leaks = written.flatMap(([place, text]) => [
      ...secrets.filter((secret) => text.includes(secret)).map((secret) => `${place}: ${secret}`),
      ...credentials
        .filter(({ secret }) => place !== 'credentials' && text.includes(secret))
        .map(() => `${place}: a password hash`),
    ]);
    expect(leaks).toEqual([]);
    await app.close();
  });
});
