import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { UserView } from '../entities/user.queries.ts';
import { Rejection, reject } from '../errors.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import type { GroupId, UserId } from '../ids.ts';
import { ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { readIdentifiers, refusingTakenIdentifiers, saveNewUser } from './new-user.ts';
import type { IssuedToken, OneTimeTokenService } from './one-time-token.service.ts';
import type { PasswordService } from './passwords.ts';
import type { ClientFacts } from './session-facts.ts';
import type { SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
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
  readonly #passwords: PasswordService;
  readonly #flow: SignInFlow;
  readonly #tokens: OneTimeTokenService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    passwords: PasswordService;
    signInFlow: SignInFlow;
    oneTimeTokens: OneTimeTokenService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#passwords = parts.passwords;
    this.#flow = parts.signInFlow;
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

  /**
   * A token to print at start, and a link to the playground with it where there is one; null when set-up is done. Several replicas
   * may print one each: the first that is used wins.
   */
  async issueToken(): Promise<(IssuedToken & { readonly link: string | null }) | null> {
    if (await this.isDone()) return null;
    const expiresAt = secondsAfter(this.#clock.now(), SETUP_TOKEN_SECONDS);
    const issued = await this.#database.transaction((em) =>
      this.#tokens.issue(em, { kind: 'SETUP', userId: null, expiresAt }, false),
    );
    const { baseUrl, playground } = this.#config.server;
    return { ...issued, link: playground ? `${baseUrl}/playground#setup=${issued.token.reveal()}` : null };
  }

  /**
   * Makes the first administrator and signs in. Of parallel calls exactly one succeeds.
   * Errors: SETUP_ALREADY_DONE, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, INVALID_EMAIL, EMAIL_IN_USE, WEAK_PASSWORD.
   */
  async setUpFirstAdmin(
    caller: Caller,
    input: NewAdministrator & { setupToken: string; delivery: TokenDelivery; client: ClientFacts },
  ): Promise<SignInOutcome> {
    const token = await this.#tokens.find(this.#database.orm.em.fork(), input.setupToken, ['SETUP']);
    // Asked after the token was read: one that was used a moment ago is known to have done the set-up.
    if (await this.isDone()) reject('SETUP_ALREADY_DONE');
    if (token === null) return reject('TOKEN_INVALID', { field: ['setupToken'] });
    if (token.state !== 'VALID') return this.#tokens.refuse(token);
    const user = await this.#create(input, originOf(caller), async (em) => {
      await claimFirstAdministrator(em, this.#clock.now());
      await this.#tokens.consume(em, token);
    });
    const factor = { method: 'PASSWORD', credentialId: null, at: this.#clock.now().toISOString() } as const;
    return this.#flow.proceed(caller, {
      userId: user.id,
      signInMethod: 'SIGN_UP',
      factors: [factor],
      delivery: input.delivery,
      client: input.client,
    });
  }

  /** Makes an administrator from the command line, also when others exist. Errors as setUpFirstAdmin without the token's. */
  async createAdministrator(input: NewAdministrator, origin: Origin): Promise<UserView> {
    return this.#create(input, origin, async (em) => {
      await sql(em, 'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, $1)', [
        this.#clock.now().toISOString(),
      ]);
    });
  }

  async #create(
    input: NewAdministrator,
    origin: Origin,
    claim: (em: EntityManager) => Promise<void>,
  ): Promise<UserView> {
    const { identifiers, displayName } = this.#read(input);
    const person = { displayName, email: input.email, phone: null, username: null };
    const password = await this.#passwords.prepare(person, input.password, { field: 'password' });
    const now = this.#clock.now();
    return refusingTakenIdentifiers(
      (text, values) => this.#database.query(text, values),
      identifiers,
      () =>
        this.#database.transaction(async (em) => {
          await claim(em);
          const user = await saveNewUser(em, {
            displayName,
            locale: 'en',
            status: 'ACTIVE',
            identifiers,
            verifiedAt: now,
            passwordHash: password.hash,
            passwordChangeRequired: false,
            groupIds: FIRST_ADMINISTRATOR_GROUPS,
            addedById: null,
            now,
          });
          const reference = userReference(user);
          await this.#recorder.record(em, origin, [
            {
              action: 'user.created',
              ...(origin.actor === null ? { actor: reference } : {}),
              target: reference,
              metadata: { administrator: true },
              event: { type: 'UserRegistered', payload: { userId: user.id, kind: 'PERSON' } },
            },
          ]);
          return user;
        }),
    );
  }

  #read(input: NewAdministrator) {
    const reading = new Reading();
    const displayName = reading.text(input.displayName, { field: ['displayName'], maximum: 100 });
    const { identifiers, problems } = readIdentifiers({ email: input.email });
    const all = [...reading.problems, ...problems];
    if (all.length > 0) throw new Rejection(all);
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
