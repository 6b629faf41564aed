import { sql } from '../../src/database/sql.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { saveNewUser, readIdentifiers } from '../../src/services/new-user.ts';
import type { GroupId, UserId } from '../../src/ids.ts';
import { newId, parseId } from '../../src/ids.ts';
import * as seeded from '../../src/permissions/seeded-groups.ts';
import { SignInDocument } from '../../generated/client/graphql.ts';
import type { ProvedFactor } from '../../src/factors.ts';
import { jwtParts } from './records.ts';
import type { TestApp } from './test-app.ts';
import { TestClient } from './test-client.ts';
import type { ScopeMode } from '../../src/vocabulary.ts';

export const PASSWORD = 'correct horse battery staple';

/** A person of a test: signed in over HTTP, with a bearer token. */
export class Actor extends TestClient {
  readonly id: UserId;
  readonly email: string;
  readonly accessToken: string;
  readonly refreshToken: string;

  constructor(url: string, facts: { id: UserId; email: string; accessToken: string; refreshToken: string }) {
    super(url, { authorization: `Bearer ${facts.accessToken}` });
    this.id = facts.id;
    this.email = facts.email;
    this.accessToken = facts.accessToken;
    this.refreshToken = facts.refreshToken;
  }
}

/** One of each seeded group, and the first administrator, who is a Key Master too. */
export interface Cast {
  readonly admin: Actor;
  readonly member: Actor;
  readonly support: Actor;
  readonly reader: Actor;
  readonly auditor: Actor;
  readonly impersonator: Actor;
  readonly keyMaster: Actor;
  readonly dataOfficer: Actor;
  readonly anonymous: TestClient;
}

const GROUPS = {
  admin: [seeded.ADMINISTRATORS_GROUP_ID, seeded.KEY_MASTERS_GROUP_ID],
  member: [seeded.MEMBERS_GROUP_ID],
  support: [seeded.SUPPORT_GROUP_ID],
  reader: [seeded.READ_ONLY_GROUP_ID],
  auditor: [seeded.AUDITORS_GROUP_ID],
  impersonator: [seeded.IMPERSONATORS_GROUP_ID],
  keyMaster: [seeded.KEY_MASTERS_GROUP_ID],
  dataOfficer: [seeded.DATA_OFFICERS_GROUP_ID],
} as const satisfies Record<Exclude<keyof Cast, 'anonymous'>, readonly GroupId[]>;

/** Holders of permissions that ask for two factors: their sessions have them. */
const STRONG: ReadonlySet<string> = new Set<keyof Cast>(['admin', 'keyMaster', 'impersonator', 'dataOfficer']);

/** Makes (once per database) and signs in the people of a test. */
export const createCast = async (app: TestApp): Promise<Cast> => {
  const entries = Object.entries(GROUPS).map(async ([name, groupIds]) => {
    const email = `${name.toLowerCase()}@cast.example`;
    const known = await app.database.query<{ user_id: UserId }>('select user_id from identifiers where value = $1', [
      email,
    ]);
    if (known.length === 0) await makePerson(app, { email, displayName: `The ${name}`, groupIds });
    const actor = await signIn(app, email);
    return [name, STRONG.has(name) ? await raiseToAal2(app, actor) : actor] as const;
  });
  const actors = Object.fromEntries(await Promise.all(entries)) as unknown as Omit<Cast, 'anonymous'>;
  await app.database.query(
    'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, now())',
  );
  return { ...actors, anonymous: app.anonymous() };
};

/**
 * Writes a proved second factor into the present session of somebody, without an enrolment: for tests of what such a session
 * may do. The way there is in tests/api/mfa.
 */
export const raiseToAal2 = async <Somebody extends Actor>(app: TestApp, actor: Somebody): Promise<Somebody> => {
  const factor: ProvedFactor = { method: 'TOTP', credentialId: null, at: app.clock.now().toISOString() };
  await app.database.query(
    `update sessions set factors = factors || $2::jsonb, assurance_level = 'AAL2' where id = $1`,
    [jwtParts(actor.accessToken).claims['sid'], JSON.stringify([factor])],
  );
  return actor;
};

/** Makes an active person directly, with the password `PASSWORD`. */
export const makePerson = async (
  app: TestApp,
  person: { email: string; displayName?: string; groupIds?: readonly GroupId[]; password?: string },
): Promise<UserId> => {
  const passwordHash = await app.services.hasher.hash(new Secret(person.password ?? PASSWORD));
  const user = await app.database.transaction((em) =>
    saveNewUser(em, {
      displayName: person.displayName ?? 'Somebody',
      locale: 'en',
      status: 'ACTIVE',
      identifiers: readIdentifiers({ email: person.email }).identifiers,
      verifiedAt: app.clock.now(),
      passwordHash,
      passwordChangeRequired: false,
      groupIds: person.groupIds ?? [seeded.MEMBERS_GROUP_ID],
      addedById: null,
      now: app.clock.now(),
    }),
  );
  return user.id;
};

/** Makes a group with these grants, as `action:resource`, directly; it reaches everything, or with LISTED nothing yet. */
export const makeGroup = async (
  app: TestApp,
  name: string,
  permissions: readonly string[],
  scope: ScopeMode = 'ALL',
): Promise<GroupId> => {
  const id = newId<GroupId>();
  await app.database.transaction(async (em) => {
    const [row] = await sql<{ epoch: string }>(
      em,
      'update permission_epoch set epoch = epoch + 1 returning epoch::text as epoch',
    );
    await sql(
      em,
      `insert into groups (id, version, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
       values ($1, 1, $2, lower($2), '', false, $5, $3, $4, $4)`,
      [id, name, row?.epoch ?? '1', app.clock.now().toISOString(), scope],
    );
    for (const [position, permission] of permissions.entries()) {
      const [action, resource] = permission.split(':');
      await sql(
        em,
        `insert into group_grants (group_id, position, action, resource, constraints) values ($1, $2, $3, $4, '[]')`,
        [id, position, action, resource],
      );
    }
  });
  return id;
};

/** Signs a person in over HTTP with BODY delivery. */
export const signIn = async (app: TestApp, identifier: string, password = PASSWORD): Promise<Actor> => {
  const { data, errors } = await app
    .anonymous()
    .send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } });
  const payload = data?.signIn;
  const id = parseId<UserId>(payload?.user?.id ?? '');
  const { accessToken, refreshToken } = payload?.tokens ?? {};
  if (id === null || accessToken == null || refreshToken == null) {
    throw new Error(`${identifier} could not sign in: ${JSON.stringify([payload?.errors, errors])}`);
  }
  return new Actor(`${app.url}/graphql`, { id, email: identifier, accessToken, refreshToken });
};
