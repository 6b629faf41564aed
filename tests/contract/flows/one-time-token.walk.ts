import {
  AcceptInvitationDocument,
  ChangePasswordDocument,
  CompleteMfaDocument,
  CompletePasskeyRegistrationDocument,
  CompletePasskeySignInDocument,
  ConfirmEmailChangeDocument,
  RefreshSessionDocument,
  SetPasswordWithTokenDocument,
  SetUpFirstAdminDocument,
  TokenStatusDocument,
  VerifySignInCodeDocument,
  VerifySignUpDocument,
} from '../../../generated/client/graphql.ts';
import { parseToken, type TokenKind } from '../../../src/crypto/opaque-token.ts';
import { instantOf } from '../../../src/database/sql.ts';
import { oneTimeTokenFlow } from '../../../src/flows/one-time-token.ts';
import { OneTimeTokenKind } from '../../../src/vocabulary.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld, otherPassword } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';
import { TokenKinds, type TokenSubject } from './one-time-token.kinds.ts';
import { RedirectRound } from './redirect-round.ts';

type State = keyof typeof oneTimeTokenFlow.states;

let app: TestApp;
let provider: LyingProvider;
let round: RedirectRound;
const world = new FlowWorld(() => app);
const kinds = new TokenKinds(world, () => round);

const PREFIXES: readonly TokenKind[] = ['setup', 'invite', 'reset', 'challenge', 'emailChange', 'mailedSignIn'];

interface Row {
  readonly expires_at: string;
  readonly used_at: string | null;
  readonly attempts: number;
}

const rowOf = async ({ kind, token }: TokenSubject): Promise<Row> => {
  const selectors = PREFIXES.flatMap((prefix) => parseToken(prefix, token)?.selector ?? []);
  const [row] = await app.database.query<Row>(
    'select expires_at, used_at, attempts from one_time_tokens where selector = any($1) and kind = $2',
    [selectors, kind],
  );
  if (row === undefined) throw new Error(`There is no token of the kind ${kind}.`);
  return row;
};

const stateOf = async (subject: TokenSubject): Promise<State> => {
  const row = await rowOf(subject);
  if (row.used_at !== null) return 'USED';
  if (instantOf(row.expires_at) <= app.clock.now()) return 'EXPIRED';
  return row.attempts >= app.config.lockout.maximumFailures ? 'EXHAUSTED' : 'VALID';
};

const lifeEnds = async (subject: TokenSubject): Promise<void> => {
  const left = instantOf((await rowOf(subject)).expires_at).getTime() - app.clock.now().getTime();
  if (left > 0) app.clock.advance(left / 1000);
};

const use = (subject: TokenSubject) => subject.use(subject.token);
const useWronglyFiveTimes = async (subject: TokenSubject): Promise<void> => {
  for (let time = 0; time < 5; time += 1) await subject.useWrongly();
};

/** Every place that takes a token, with something beside it that could be right. */
const places = (token: string): Readonly<Record<OneTimeTokenKind | 'OTHER', readonly (() => Promise<unknown>)[]>> => {
  const anybody = app.anonymous();
  const asserted = new SoftwarePasskey().authenticate({ challenge: 'bm90aGluZw', rpId: 'localhost' });
  const passkey = { challengeToken: token, response: { ...asserted } };
  const setPassword = () =>
    anybody.send(SetPasswordWithTokenDocument, { input: { token, newPassword: otherPassword(), delivery: 'BODY' } });
  const accept = () =>
    anybody.send(AcceptInvitationDocument, { input: { token, password: otherPassword(), delivery: 'BODY' } });
  const first = { email: `${unique('first')}@flow.example`, displayName: 'First', password: PASSWORD };
  return {
    SETUP: [
      () =>
        kinds.withoutAdministrator(() =>
          anybody.send(SetUpFirstAdminDocument, { input: { setupToken: token, ...first, delivery: 'BODY' } }),
        ),
    ],
    INVITE: [setPassword],
    ORGANIZATION_INVITE: [accept],
    RESET: [setPassword],
    PASSWORD_CHANGE: [setPassword],
    EMAIL_CHANGE: [() => anybody.send(ConfirmEmailChangeDocument, { input: { token } })],
    SIGN_IN_LINK: [() => world.useSignInLink(token)],
    MFA: [() => anybody.send(CompleteMfaDocument, { input: { challengeToken: token, code: '123456' } })],
    PASSKEY_REGISTRATION: [
      async () =>
        (await world.admin()).send(CompletePasskeyRegistrationDocument, { input: { ...passkey, name: 'Key' } }),
    ],
    PASSKEY_ASSERTION: [() => anybody.send(CompletePasskeySignInDocument, { input: { passkey, delivery: 'BODY' } })],
    PROVIDER_SIGN_IN: [async () => round.comeBack({ ...(await round.begin()), state: token })],
    OTHER: [
      () => anybody.send(RefreshSessionDocument, { input: { refreshToken: token } }),
      () => anybody.send(VerifySignUpDocument, { input: { verificationToken: token, code: '123456' } }),
      () =>
        anybody.send(VerifySignInCodeDocument, {
          input: { verificationToken: token, code: '123456', delivery: 'BODY' },
        }),
    ],
  };
};

/** Kinds that one operation takes alike. */
const SET_PASSWORD: ReadonlySet<OneTimeTokenKind> = new Set(['INVITE', 'RESET', 'PASSWORD_CHANGE']);
const ACCEPT: ReadonlySet<OneTimeTokenKind> = new Set(['INVITE', 'ORGANIZATION_INVITE']);

const useForAnotherPurpose = async ({ kind, token }: TokenSubject): Promise<void> => {
  for (const [other, tries] of Object.entries(places(token))) {
    const isOwn = [SET_PASSWORD, ACCEPT].some((alike) => alike.has(kind) && alike.has(other as OneTimeTokenKind));
    if (!isOwn && other !== kind) for (const one of tries) await one();
  }
};

type Setups = Readonly<Record<OneTimeTokenKind, () => Promise<TokenSubject>>>;

/** A token of each kind, and what happened to it. */
const eachKind = (step: (subject: TokenSubject) => Promise<unknown> = async () => undefined): Setups =>
  Object.fromEntries(
    Object.values(OneTimeTokenKind).map((kind) => [
      kind,
      async () => {
        const subject = await kinds.make(kind);
        await step(subject);
        return subject;
      },
    ]),
  ) as unknown as Setups;

/** Tokens of every purpose. */
export const oneTimeTokenWalk: Walk<
  State,
  keyof typeof oneTimeTokenFlow.events,
  keyof typeof oneTimeTokenFlow.circumstances,
  TokenSubject
> = {
  flow: oneTimeTokenFlow,
  log: () => app.log,
  begin: async () => {
    provider = await startLyingProvider();
    provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
    app = await startTestApp({
      settings: issuers(issuerEntry(provider.issuer, { redirect: true, jitUsers: true })),
    });
    round = new RedirectRound(app, provider);
  },
  end: async () => {
    await app.close();
    await provider.close();
  },
  stateOf,
  setups: {
    VALID: eachKind(),
    USED: eachKind(use),
    EXHAUSTED: { MFA: eachKind(useWronglyFiveTimes).MFA },
    EXPIRED: eachKind(lifeEnds),
  },
  events: {
    use,
    useWrongly: (subject) => subject.useWrongly(),
    useWronglyFiveTimes,
    issueAnother: (subject) => subject.issueAnother(),
    changePassword: async ({ session }) =>
      (session ?? app.anonymous()).send(ChangePasswordDocument, {
        input: { currentPassword: PASSWORD, newPassword: otherPassword() },
      }),
    disable: async ({ userId }) => (userId === null ? null : world.disable(userId)),
    lifeEnds,
    useForAnotherPurpose,
    useTruncated: (subject) => subject.use(subject.token.slice(0, -1)),
    look: ({ token }) => app.anonymous().send(TokenStatusDocument, { token }),
  },
};
