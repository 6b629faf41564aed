import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CompletePasskeyRegistrationDocument,
  ConfirmTotpEnrollmentDocument,
  CreateApiKeyDocument,
  CreateServiceAccountDocument,
  CreateUserDocument,
  DisableTotpDocument,
  LinkIdentityDocument,
  RegenerateRecoveryCodesDocument,
  RemovePasskeyDocument,
  RotateApiKeyDocument,
  StartTotpEnrollmentDocument,
  UnlinkIdentityDocument,
  UpdateApiKeyDocument,
} from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey, makeService } from '../../support/api-keys.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { type Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { holderOf, unique } from '../../support/holder.ts';
import { holdLock, overtaking, waitForLock } from '../../support/locks.ts';
import { enrol, nextCode, totpCode } from '../../support/mfa.ts';
import { startProvider, type TestProvider } from '../../support/oidc-provider.ts';
import { askForRegistration, registerPasskey } from '../../support/passkeys.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../providers/provider-settings.ts';

let provider: TestProvider;
let app: TestApp;

beforeAll(async () => {
  provider = await startProvider();
  app = await startTestApp({ settings: issuers(issuerEntry(provider.issuer)) });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const somebody = async (): Promise<Actor> => {
  const email = `${unique('change')}@example.com`;
  await makePerson(app, { email });
  return signIn(app, email);
};

/** Everything by which one can get into an account. */
const waysInto = async (userId: string) =>
  app.database.query(
    `select id::text, type, secret from credentials where user_id = $1
     union all select id::text, 'IDENTITY', subject from external_identities where user_id = $1
     union all select id::text, 'KEY', name || selector || all_my_permissions from api_keys where owner_id = $1 order by 1`,
    [userId],
  );

/** Does something in a session that is ended, by its owner elsewhere, after the request was let in. */
const lateIn = async <T>(actor: Actor, work: () => Promise<T>) => {
  const before = await waysInto(actor.id);
  const answer = await overtaking(app.database, actor.id, work, () =>
    app.database.query(`update sessions set ended_at = now(), end_reason = 'REVOKED' where user_id = $1`, [actor.id]),
  );
  expect(await waysInto(actor.id)).toEqual(before);
  return answer;
};

const REFUSED = [{ extensions: { code: 'UNAUTHENTICATED' } }];

const identityOf = async () => {
  const subject = unique('subject');
  provider.people.set(subject, { email: `${subject}@people.example`, emailVerified: true, name: 'Late' });
  const { accessToken: subjectToken } = await provider.tokensFor(subject);
  return { issuer: provider.issuer, subjectToken, subjectTokenType: 'ACCESS_TOKEN' } as const;
};

describe('a change of the ways in that is under way when its session is ended changes nothing', () => {
  test('beginning TOTP', async () => {
    const actor = await somebody();
    const late = await lateIn(actor, () => actor.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('switching TOTP on', async () => {
    const actor = await somebody();
    const begun = await actor.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } });
    const code = totpCode(app, begun.data.startTotpEnrollment?.secret ?? '');
    const late = await lateIn(actor, () => actor.send(ConfirmTotpEnrollmentDocument, { input: { code } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('switching TOTP off', async () => {
    const actor = await somebody();
    const { secret } = await enrol(app, actor);
    const code = nextCode(app, secret);
    const late = await lateIn(actor, () => actor.send(DisableTotpDocument, { input: { password: PASSWORD, code } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('making new recovery codes', async () => {
    const actor = await somebody();
    const { secret } = await enrol(app, actor);
    const totp = nextCode(app, secret);
    const late = await lateIn(actor, () => actor.send(RegenerateRecoveryCodesDocument, { input: { totpCode: totp } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('registering a passkey', async () => {
    const actor = await somebody();
    const asked = await askForRegistration(actor);
    const response = { ...new SoftwarePasskey().register(asked.options) };
    const { challengeToken } = asked;
    const late = await lateIn(actor, () =>
      actor.send(CompletePasskeyRegistrationDocument, { input: { challengeToken, response, name: 'Late' } }),
    );
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('removing a passkey', async () => {
    const actor = await somebody();
    const id = await registerPasskey(actor, new SoftwarePasskey());
    const late = await lateIn(actor, () => actor.send(RemovePasskeyDocument, { input: { id } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('linking an identity', async () => {
    const actor = await somebody();
    const input = await identityOf();
    const late = await lateIn(actor, () => actor.send(LinkIdentityDocument, { input }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('unlinking an identity', async () => {
    const actor = await somebody();
    const linked = await actor.send(LinkIdentityDocument, { input: await identityOf() });
    const id = linked.data.linkIdentity?.identity?.id ?? '';
    const late = await lateIn(actor, () => actor.send(UnlinkIdentityDocument, { input: { id } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('making an API key', async () => {
    const actor = await somebody();
    const input = { name: 'Late', allMyPermissions: true };
    const late = await lateIn(actor, () => actor.send(CreateApiKeyDocument, { input }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('renewing an API key', async () => {
    const actor = await somebody();
    const { keyId: id } = await makeKey(app, actor);
    const late = await lateIn(actor, () => actor.send(RotateApiKeyDocument, { input: { id, overlapSeconds: 0 } }));
    expect(late.errors).toMatchObject(REFUSED);
  });

  test('changing an API key', async () => {
    const actor = await somebody();
    const { keyId: id } = await makeKey(app, actor);
    const late = await lateIn(actor, () => actor.send(UpdateApiKeyDocument, { input: { id, name: 'Late' } }));
    expect(late.errors).toMatchObject(REFUSED);
  });
});

/*
 * Changes of access wait for each other. Whoever ended the session of a thief meanwhile has ended what waits in it, too.
 */
describe('a change of access that waits when its session is ended changes nothing', () => {
  const lateBehind = async <T>(actor: Actor, work: () => Promise<T>): Promise<T> => {
    const held = holdLock(
      app.database,
      `with epoch as (select epoch from permission_epoch for update)
       update sessions set ended_at = now(), end_reason = 'REVOKED' from epoch where user_id = $1`,
      [actor.id],
    );
    await held.begun;
    const late = work();
    try {
      await waitForLock(app.database);
    } finally {
      await held.release();
    }
    return late;
  };

  test('making an API key for a service account', async () => {
    const actor = await holderOf(app, ['create:api-keys', 'view:users', 'view:api-keys']);
    const ownerId = await makeService(app);
    const input = { name: 'Late', ownerId, allMyPermissions: true };
    const late = await lateBehind(actor, () => actor.send(CreateApiKeyDocument, { input }));
    expect(late.errors).toMatchObject(REFUSED);
    expect(await waysInto(ownerId)).toEqual([]);
  });

  const made = (email: string) => app.database.query('select from users where email = $1', [email]);

  test('making a user, who is made without that wait', async () => {
    const actor = await holderOf(app, ['create:users', 'view:users']);
    const input = { email: `${unique('late')}@example.com`, displayName: 'Late', groupIds: [MEMBERS_GROUP_ID] };
    const late = await lateIn(actor, () => actor.send(CreateUserDocument, { input: { ...input, password: PASSWORD } }));
    expect(late.errors).toMatchObject(REFUSED);
    expect(await made(input.email)).toEqual([]);
  });

  test('making a user, by a right that is taken away while the password is hashed', async () => {
    const actor = await holderOf(app, ['create:users', 'view:users']);
    const input = { email: `${unique('late')}@example.com`, displayName: 'Late', groupIds: [MEMBERS_GROUP_ID] };
    // What was answered under this key is over, so that the request goes on as soon as the row may be written.
    const held = holdLock(
      app.database,
      `insert into idempotency_keys (actor_id, mutation, key, input_hash, answer, created_at, expires_at)
       values ($1, 'createUser', 'late', '', '{}', '2020-01-01', '2020-01-02')`,
      [actor.id],
    );
    await held.begun;
    const late = actor.send(CreateUserDocument, { input: { ...input, idempotencyKey: 'late' } });
    try {
      await waitForLock(app.database);
      await app.database.query('delete from memberships where user_id = $1', [actor.id]);
    } finally {
      await held.release();
    }
    expect([(await late).code, await made(input.email)]).toEqual(['FORBIDDEN', []]);
  });

  test('making a service account', async () => {
    const actor = await holderOf(app, ['create:service-accounts', 'assign:groups']);
    const input = { name: unique('Late'), groupIds: [MEMBERS_GROUP_ID] };
    const late = await lateBehind(actor, () => actor.send(CreateServiceAccountDocument, { input }));
    expect(late.errors).toMatchObject(REFUSED);
    expect(await app.database.query('select from users where display_name = $1', [input.name])).toEqual([]);
  });
});
