import {
  ConfirmIdentityDocument,
  RequestSignInCodeDocument,
  ResendCodeDocument,
  SignUpDocument,
  VerifySignInCodeDocument,
} from '../../../generated/client/graphql.ts';
import { parseToken } from '../../../src/crypto/opaque-token.ts';
import { instantOf } from '../../../src/database/sql.ts';
import { oneTimeCodeFlow } from '../../../src/flows/one-time-code.ts';
import { VerificationPurpose } from '../../../src/vocabulary.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { beginSession } from '../../support/sessions.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

interface Subject {
  readonly purpose: VerificationPurpose;
  readonly token: string;
  readonly email: string;
  readonly userId: string;
  readonly session: TestClient;
}

let app: TestApp;
const world = new FlowWorld(() => app);

const askForStepUp = async (session: TestClient): Promise<string> => {
  const { data } = await session.send(RequestSignInCodeDocument, { input: { purpose: 'STEP_UP' } });
  return data.requestSignInCode?.verification?.token ?? '';
};

const make: Readonly<Record<VerificationPurpose, () => Promise<Omit<Subject, 'purpose'>>>> = {
  SIGN_UP: async () => {
    const email = `${unique('applicant')}@flow.example`;
    const { id, token } = await world.signUp(email);
    return { token, email, userId: id, session: app.anonymous() };
  },
  SIGN_IN: async () => {
    const { email, id } = await world.person();
    return { token: await askForCode(app, email), email, userId: id, session: app.anonymous() };
  },
  STEP_UP: async () => {
    const { email, id } = await world.person();
    const { client: session } = await beginSession(app, email, { delivery: 'COOKIE' });
    return { token: await askForStepUp(session), email, userId: id, session };
  },
};

interface Row {
  readonly expires_at: string;
  readonly used_at: string | null;
  readonly attempts: number;
}

const rowOf = async ({ token }: Subject): Promise<Row | undefined> => {
  const parsed = parseToken('verification', token);
  const [row] = await app.database.query<Row>(
    'select expires_at, used_at, attempts from verifications where selector = $1 and secret_hash = $2::bytea',
    [parsed?.selector ?? '', parsed?.secretHash ?? null],
  );
  return row;
};

const stateOf = async (subject: Subject): Promise<keyof typeof oneTimeCodeFlow.states> => {
  const row = await rowOf(subject);
  if (row === undefined) throw new Error('The row of the code is gone.');
  if (row.used_at !== null) return 'USED';
  if (instantOf(row.expires_at) <= app.clock.now()) return 'EXPIRED';
  return row.attempts >= app.config.codes.maximumTries ? 'ATTEMPTS_EXCEEDED' : 'OPEN';
};

/** Gives a code for a purpose. */
const give: Readonly<Record<VerificationPurpose, (subject: Subject, code: string) => Promise<unknown>>> = {
  SIGN_UP: ({ token }, code) => world.verifySignUp(token, code),
  SIGN_IN: ({ token: verificationToken }, code) =>
    app.anonymous().send(VerifySignInCodeDocument, { input: { verificationToken, code, delivery: 'BODY' } }),
  STEP_UP: ({ token: verificationToken, session }, code) =>
    session.send(ConfirmIdentityDocument, { input: { verificationToken, code } }),
};

const sentTo = async ({ email, userId }: Subject): Promise<string> =>
  (await world.newestCode(email, userId)) ?? '123456';

const rightCode = async (subject: Subject) => give[subject.purpose](subject, await sentTo(subject));
const wrongCode = async (subject: Subject) => give[subject.purpose](subject, otherCode(await sentTo(subject)));
const fiveWrongCodes = async (subject: Subject): Promise<void> => {
  for (let time = 0; time < 5; time += 1) await wrongCode(subject);
};
const resend = ({ token: verificationToken }: Subject) =>
  app.anonymous().send(ResendCodeDocument, { input: { verificationToken } });

const askAnew = async ({ purpose, email, session }: Subject) => {
  app.clock.advance(61);
  if (purpose === 'STEP_UP') return askForStepUp(session);
  if (purpose === 'SIGN_IN') return askForCode(app, email);
  return app.anonymous().send(SignUpDocument, { input: { email, password: PASSWORD, delivery: 'BODY' } });
};

const lifeEnds = async (subject: Subject): Promise<void> => {
  const row = await rowOf(subject);
  const left = row === undefined ? 0 : instantOf(row.expires_at).getTime() - app.clock.now().getTime();
  if (left > 0) app.clock.advance(left / 1000);
};

type Setups = Readonly<Record<VerificationPurpose, () => Promise<Subject>>>;

const eachPurpose = (step: (subject: Subject) => Promise<unknown> = async () => undefined): Setups =>
  Object.fromEntries(
    Object.values(VerificationPurpose).map((purpose) => [
      purpose,
      async () => {
        const subject = { purpose, ...(await make[purpose]()) };
        await step(subject);
        return subject;
      },
    ]),
  ) as unknown as Setups;

/** Codes of every purpose. */
export const oneTimeCodeWalk: Walk<
  keyof typeof oneTimeCodeFlow.states,
  keyof typeof oneTimeCodeFlow.events,
  keyof typeof oneTimeCodeFlow.circumstances,
  Subject
> = {
  flow: oneTimeCodeFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp({ settings: { 'signUp.mode': 'OPEN' } });
  },
  end: () => app.close(),
  stateOf,
  setups: {
    OPEN: eachPurpose(),
    ATTEMPTS_EXCEEDED: eachPurpose(fiveWrongCodes),
    EXPIRED: eachPurpose(lifeEnds),
    USED: eachPurpose(rightCode),
  },
  events: {
    rightCode,
    wrongCode,
    fiveWrongCodes,
    rightCodeElsewhere: async (subject) => {
      const code = await sentTo(subject);
      for (const purpose of Object.values(VerificationPurpose)) {
        if (purpose !== subject.purpose) await give[purpose](subject, code);
      }
    },
    resend: (subject) => {
      app.clock.advance(61);
      return resend(subject);
    },
    askAnew,
    lifeEnds,
  },
};
