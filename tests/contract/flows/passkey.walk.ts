import {
  CompletePasskeyRegistrationDocument,
  RemovePasskeyDocument,
  RenamePasskeyDocument,
  StartPasskeyRegistrationDocument,
} from '../../../generated/client/graphql.ts';
import { createToken, parseToken } from '../../../src/crypto/opaque-token.ts';
import { passkeyFlow } from '../../../src/flows/passkey.ts';
import { newId } from '../../../src/ids.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD, signIn } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { enrol } from '../../support/mfa.ts';
import { beginSession } from '../../support/sessions.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

interface Subject {
  readonly email: string;
  readonly userId: string;
  readonly session: TestClient;
  readonly other: TestClient;
  readonly key: SoftwarePasskey;
  /** The newest question. */
  challengeToken: string;
  options: object;
}

/** What nobody was asked. */
const UNASKED = { challenge: 'bm90aGluZw', rp: { id: 'localhost' }, user: { id: 'bm9ib2R5' } };

let app: TestApp;
const world = new FlowWorld(() => app);

const none = async (proved = true): Promise<Subject> => {
  const { email, id } = proved ? await world.person() : await world.unproved();
  const { client: session } = await beginSession(app, email, { delivery: 'COOKIE' });
  const { client: other } = await beginSession(app, email, { delivery: 'COOKIE' });
  const unasked = { challengeToken: createToken('challenge').token.reveal(), options: UNASKED };
  return { email, userId: id, session, other, key: new SoftwarePasskey(), ...unasked };
};

const ask = async (subject: Subject): Promise<void> => {
  const { data } = await subject.session.send(StartPasskeyRegistrationDocument, { input: { password: PASSWORD } });
  const payload = data?.startPasskeyRegistration;
  if (payload?.challengeToken == null || payload.options == null) return;
  subject.challengeToken = payload.challengeToken;
  subject.options = payload.options;
};

const answer = (subject: Subject, by = subject.session, more: { name?: string; origin?: string } = {}) => {
  const { name = 'Laptop', origin } = more;
  const response = { ...subject.key.register(subject.options, origin === undefined ? {} : { origin }) };
  return by.send(CompletePasskeyRegistrationDocument, {
    input: { challengeToken: subject.challengeToken, response, name },
  });
};

/** Somebody else, who signed in a moment ago. */
const stranger = async (): Promise<TestClient> => signIn(app, (await world.person()).email);

const rowOf = async ({ userId, key }: Subject): Promise<{ readonly id: string } | undefined> =>
  (
    await app.database.query<{ id: string }>(
      `select id from credentials where user_id = $1 and type = 'PASSKEY' and external_id = $2`,
      [userId, key.id],
    )
  )[0];

const idOf = async (subject: Subject): Promise<string> => (await rowOf(subject))?.id ?? newId();

const stateOf = async (subject: Subject): Promise<keyof typeof passkeyFlow.states> => {
  if ((await rowOf(subject)) !== undefined) return 'REGISTERED';
  const open = await app.database.query(
    `select from one_time_tokens where selector = $1 and kind = 'PASSKEY_REGISTRATION' and used_at is null
       and expires_at > $2::timestamptz`,
    [parseToken('challenge', subject.challengeToken)?.selector ?? '', app.clock.now().toISOString()],
  );
  return open.length > 0 ? 'ASKED' : 'NONE';
};

const after =
  (proved: boolean, ...steps: readonly ((subject: Subject) => Promise<unknown>)[]) =>
  async (): Promise<Subject> => {
    const subject = await none(proved);
    for (const step of steps) await step(subject);
    return subject;
  };

const dropPassword = ({ userId }: Subject) =>
  app.database.query(`delete from credentials where user_id = $1 and type = 'PASSWORD'`, [userId]);

/** TOTP by another session: this one has one factor. */
const enrolElsewhere = async ({ email }: Subject) => enrol(app, await signIn(app, email));

/** One passkey of somebody in two sessions. */
export const passkeyWalk: Walk<
  keyof typeof passkeyFlow.states,
  keyof typeof passkeyFlow.events,
  keyof typeof passkeyFlow.circumstances,
  Subject
> = {
  flow: passkeyFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp();
  },
  end: () => app.close(),
  stateOf,
  setups: {
    NONE: { PLAIN: after(true), SECOND_FACTOR_MISSING: after(true, enrolElsewhere) },
    ASKED: { PLAIN: after(true, ask), ADDRESS_NOT_PROVED: after(false, ask) },
    REGISTERED: {
      PLAIN: after(true, ask, answer),
      LAST_WAY_IN: after(true, ask, answer, dropPassword),
      ADDRESS_NOT_PROVED: after(false, ask, answer),
    },
  },
  events: {
    ask,
    answer: (subject) => answer(subject),
    answerElsewhere: (subject) => answer(subject, subject.other),
    answerByAnother: async (subject) => answer(subject, await stranger()),
    answerWithoutName: (subject) => answer(subject, subject.session, { name: ' ' }),
    answerWrongly: (subject) => answer(subject, subject.session, { origin: 'https://evil.example' }),
    fiveMinutesPass: async () => app.clock.advance(301),
    rename: async (subject) =>
      subject.session.send(RenamePasskeyDocument, { input: { id: await idOf(subject), name: 'Desk' } }),
    remove: async (subject) => subject.session.send(RemovePasskeyDocument, { input: { id: await idOf(subject) } }),
    removeByAnother: async (subject) =>
      (await stranger()).send(RemovePasskeyDocument, { input: { id: await idOf(subject) } }),
    resetByAdministrator: ({ userId }) => world.resetMfa(userId),
    proveAddress: ({ email }) => world.signInByLink(email),
  },
};
