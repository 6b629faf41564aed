import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { insertSession } from '../entities/session.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import type { GroupId, UserId } from '../ids.ts';
import { ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf } from './caller.ts';
import { readIdentifiers, refusingTakenIdentifiers, saveNewUser } from './new-user.ts';
import type { IssuedToken, OneTimeTokenService } from './one-time-token.service.ts';
import { requireStrongPassword } from './passwords.ts';
import type { ClientFacts, SessionService, StartedSession } from './session.service.ts';
import { sessionStarted, userReference } from './sign-in.service.ts';
import { Reading } from './text.ts';

const SETUP_TOKEN_SECONDS = 24 * 60 * 60;
/** Everything, and the power to hand out what `admin:*` does not cover. */
const FIRST_ADMINISTRATOR_GROUPS: readonly GroupId[] = [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID];

export interface NewAdministrator {
  readonly email: string;
  readonly displayName: string;
  readonly password: Secret<string>;
}

/** Makes administrators where nobody exists who could: the first one by a printed token, later ones from the command line. */
export class SetupService {
  readonly #database: Database;
  readonly #hasher: PasswordHasher;
  readonly #sessions: SessionService;
  readonly #tokens: OneTimeTokenService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    hasher: PasswordHasher;
    sessions: SessionService;
    oneTimeTokens: OneTimeTokenService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#hasher = parts.hasher;
    this.#sessions = parts.sessions;
    this.#tokens = parts.oneTimeTokens;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /** Whether an administrator was ever made; set-up is possible only before. */
  async isDone(): Promise<boolean> {
    const [row] = await this.#database.query<{ done: boolean }>(
      'select first_administrator_at is not null as done from permission_epoch',
    );
    return row?.done ?? false;
  }

  /** A token to print at start; null when set-up is done. Several replicas may print one each: the first that is used wins. */
  async issueToken(): Promise<(IssuedToken & { readonly link: string }) | null> {
    if (await this.isDone()) return null;
    const expiresAt = secondsAfter(this.#clock.now(), SETUP_TOKEN_SECONDS);
    const issued = await this.#database.transaction((em) =>
      this.#tokens.issue(em, { kind: 'SETUP', userId: null, expiresAt }, false),
    );
    return { ...issued, link: `${this.#config.server.baseUrl}/playground#setup=${issued.token.reveal()}` };
  }

  /**
   * Makes the first administrator and signs in. Of parallel calls exactly one succeeds.
   * Errors: SETUP_ALREADY_DONE, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, INVALID_EMAIL, EMAIL_IN_USE, WEAK_PASSWORD.
   */
  async setUpFirstAdmin(
    caller: Caller,
    input: NewAdministrator & { setupToken: string; delivery: TokenDelivery; client: ClientFacts },
  ): Promise<{ user: UserView; started: StartedSession }> {
    const token = await this.#tokens.find(this.#database.orm.em.fork(), input.setupToken, ['SETUP']);
    // Asked after the token was read: one that was used a moment ago is known to have done the set-up.
    if (await this.isDone()) reject('SETUP_ALREADY_DONE');
    if (token === null) return reject('TOKEN_INVALID', { field: ['setupToken'] });
    if (token.state !== 'VALID') return this.#tokens.refuse(token);
    const { user, created } = await this.#create(input, originOf(caller), async (em) => {
      await claimFirstAdministrator(em, this.#clock.now());
      await this.#tokens.consume(em, token);
      return (saved: UserView) =>
        this.#sessions.create(caller, {
          userId: saved.id,
          signInMethod: 'SIGN_UP',
          delivery: input.delivery,
          client: input.client,
        });
    });
    if (created === null) throw new Error('The first administrator has no session.');
    const [state] = await this.#database.query<{ epoch: string }>('select epoch::text as epoch from permission_epoch');
    const groups = { epoch: state?.epoch ?? '0', ids: FIRST_ADMINISTRATOR_GROUPS.toSorted() };
    return { user, started: await this.#sessions.handOver(created, user, groups) };
  }

  /** Makes an administrator from the command line, also when others exist. Errors as setUpFirstAdmin without the token's. */
  async createAdministrator(input: NewAdministrator, origin: Origin): Promise<UserView> {
    const { user } = await this.#create(input, origin, async (em) => {
      await sql(em, 'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, $1)', [
        this.#clock.now().toISOString(),
      ]);
      return null;
    });
    return user;
  }

  async #create(
    input: NewAdministrator,
    origin: Origin,
    claim: (em: EntityManager) => Promise<((user: UserView) => ReturnType<SessionService['create']>) | null>,
  ): Promise<{ user: UserView; created: ReturnType<SessionService['create']> | null }> {
    const { identifiers, displayName } = this.#read(input);
    const passwordHash = await this.#hasher.hash(input.password);
    const now = this.#clock.now();
    return refusingTakenIdentifiers(
      (text, values) => this.#database.query(text, values),
      identifiers,
      () =>
        this.#database.transaction(async (em) => {
          const session = await claim(em);
          const user = await saveNewUser(em, {
            displayName,
            locale: 'en',
            status: 'ACTIVE',
            identifiers,
            verifiedAt: now,
            passwordHash,
            passwordChangeRequired: false,
            groupIds: FIRST_ADMINISTRATOR_GROUPS,
            addedById: null,
            ...(session === null ? {} : { lastSignInAt: now }),
            now,
          });
          const created = session?.(user) ?? null;
          if (created !== null) await insertSession(em, created.session);
          const reference = userReference(user);
          await this.#recorder.record(em, origin, [
            {
              action: 'user.created',
              ...(created === null ? {} : { actor: reference }),
              target: reference,
              metadata: { administrator: true },
              event: { type: 'UserRegistered', payload: { userId: user.id, kind: 'PERSON' } },
            },
            ...(created === null ? [] : [sessionStarted(created.session.id, user, 'SIGN_UP')]),
          ]);
          return { user, created };
        }),
    );
  }

  #read(input: NewAdministrator) {
    const reading = new Reading();
    const displayName = reading.text(input.displayName, { field: ['displayName'], maximum: 100 });
    const { identifiers, problems } = readIdentifiers({ email: input.email });
    const all = [...reading.problems, ...problems];
    if (all.length > 0) throw new Rejection(all);
    const person = { displayName, email: input.email, phone: null, username: null };
    requireStrongPassword(input.password, person, { field: 'password', settings: this.#config.passwords });
    return { identifiers, displayName };
  }
}

/** Takes the one right to be first; whoever comes second waits for the first and is refused. */
const claimFirstAdministrator = async (em: EntityManager, now: Date): Promise<void> => {
  const claimed = await sql<{ id: UserId }>(
    em,
    'update permission_epoch set first_administrator_at = $1 where id = 1 and first_administrator_at is null returning id',
    [now.toISOString()],
  );
  if (claimed.length === 0) reject('SETUP_ALREADY_DONE');
};
