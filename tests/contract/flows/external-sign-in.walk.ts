import { ExchangeTokenDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { parseToken } from '../../../src/crypto/opaque-token.ts';
import { externalSignInFlow } from '../../../src/flows/external-sign-in.ts';
import { CookieJar, type Page } from '../../support/browser.ts';
import { Actor, PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { unique } from '../../support/holder.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { issuerEntry, issuers } from '../../api/providers/provider-settings.ts';
import { type BegunRound, RedirectRound } from './redirect-round.ts';

/** Somebody whom the provider knows, and how far their browser is. */
interface Subject {
  readonly subject: string;
  readonly browser: CookieJar;
  begun: BegunRound | null;
  /** Where the last page of the callback led; null before. */
  target: string | null;
}

let app: TestApp;
let provider: LyingProvider;
let round: RedirectRound;
const world = new FlowWorld(() => app);

const strangerAt = async (): Promise<Subject> => ({
  subject: unique('redirected'),
  browser: new CookieJar(),
  begun: null,
  target: null,
});

/** Somebody who has an account by this provider. */
const known = async (): Promise<Subject & { readonly userId: string; readonly actor: Actor }> => {
  const person = await strangerAt();
  const email = `${person.subject}@flow.example`;
  const claims = { sub: person.subject, email, email_verified: true, name: 'Ada' };
  const input = {
    issuer: provider.issuer,
    subjectToken: await provider.accessToken(claims),
    delivery: 'BODY',
  } as const;
  const { data } = await app.anonymous().send(ExchangeTokenDocument, { input });
  const { user, tokens } = data.exchangeToken ?? {};
  const actor = new Actor(`${app.url}/graphql`, {
    id: user?.id as Actor['id'],
    email,
    accessToken: tokens?.accessToken ?? '',
    refreshToken: tokens?.refreshToken ?? '',
  });
  return { ...person, userId: actor.id, actor };
};

const begin = async (subject: Subject): Promise<void> => {
  // A second tab leaves the first one as it is.
  const begun = await round.begin(subject.browser, subject.subject);
  subject.begun ??= begun;
};

const never = (subject: Subject): BegunRound => ({
  browser: subject.browser,
  subject: subject.subject,
  state: 'none',
  nonce: 'none',
});

const comeBack =
  (outcome?: Parameters<RedirectRound['comeBack']>[1]) =>
  async (subject: Subject): Promise<Page> => {
    const begun = subject.begun ?? never(subject);
    const page = await round.comeBack(begun, outcome);
    if (subject.begun !== null && !String(page.location).includes('TOKEN_USED')) subject.target ??= page.location;
    return page;
  };

const tenMinutesPass = async () => app.clock.advance(601);

const after =
  (start: () => Promise<Subject>, ...steps: readonly ((subject: Subject) => Promise<unknown>)[]) =>
  async (): Promise<Subject> => {
    const subject = await start();
    for (const step of steps) await step(subject);
    return subject;
  };

const withSecondFactor = async (): Promise<Subject> => {
  const { userId, ...person } = await known();
  // The way there is the flow of TOTP, which asks for a password that this account does not have.
  await app.database.query('update users set mfa_enabled_at = now() where id = $1', [userId]);
  return person;
};

const locked = async (): Promise<Subject> => {
  const person = await known();
  await world.failFiveTimes(person.actor.email);
  return person;
};

const disabled = async (): Promise<Subject> => {
  const person = await known();
  await world.disable(person.userId);
  return person;
};

const isSignedIn = async ({ browser }: Subject): Promise<boolean> =>
  (await app.anonymous({ cookie: browser.header(app.url) }).send(ViewerDocument, {})).data.viewer != null;

const challengeIn = (target: string | null): string | null =>
  target === null ? null : new URLSearchParams(new URL(target).hash.slice(1)).get('challenge');

const stateOf = async (subject: Subject): Promise<keyof typeof externalSignInFlow.states> => {
  if (subject.begun === null) return 'START';
  if (await isSignedIn(subject)) return 'COMPLETE';
  const open = async (token: string, kind: string): Promise<boolean> => {
    const values = [parseToken('challenge', token)?.selector ?? '', kind, app.clock.now().toISOString()];
    const rows = await app.database.query(
      `select from one_time_tokens where selector = $1 and kind = $2 and used_at is null
         and ($2 = 'MFA' or expires_at > $3::timestamptz)`,
      values,
    );
    return rows.length > 0;
  };
  const challenge = challengeIn(subject.target);
  if (challenge !== null && (await open(challenge, 'MFA'))) return 'MFA_REQUIRED';
  return (await open(subject.begun.state, 'PROVIDER_SIGN_IN')) ? 'AT_PROVIDER' : 'REFUSED';
};

/** Browsers that go to a provider. */
export const externalSignInWalk: Walk<
  keyof typeof externalSignInFlow.states,
  keyof typeof externalSignInFlow.events,
  keyof typeof externalSignInFlow.circumstances,
  Subject
> = {
  flow: externalSignInFlow,
  log: () => app.log,
  begin: async () => {
    provider = await startLyingProvider();
    provider.now = () => Math.floor(app.clock.now().getTime() / 1000);
    const trusting = issuerEntry(provider.issuer, { redirect: true, jitUsers: true, trustEmail: true });
    app = await startTestApp({ settings: issuers(trusting) });
    round = new RedirectRound(app, provider);
  },
  end: async () => {
    await app.close();
    await provider.close();
  },
  stateOf,
  setups: {
    START: { PLAIN: strangerAt },
    AT_PROVIDER: {
      PLAIN: after(strangerAt, begin),
      SECOND_FACTOR: after(withSecondFactor, begin),
      LOCKED: after(locked, begin),
      DISABLED: after(disabled, begin),
    },
    COMPLETE: { PLAIN: after(strangerAt, begin, comeBack()) },
    MFA_REQUIRED: { PLAIN: after(withSecondFactor, begin, comeBack()) },
    REFUSED: { PLAIN: after(strangerAt, begin, comeBack('ACCESS_DENIED')) },
  },
  events: {
    begin,
    beginForForeignTarget: async ({ browser }) => {
      const query = new URLSearchParams({ issuer: provider.issuer, redirect: 'https://evil.example/' });
      return browser.get(`${app.url}/auth/external/start?${query.toString()}`);
    },
    comeBack: comeBack(),
    comeBackElsewhere: (subject) => round.comeBack(subject.begun ?? never(subject), 'SIGNED_IN', new CookieJar()),
    comeBackWithOtherState: (subject) => round.comeBack({ ...(subject.begun ?? never(subject)), state: PASSWORD }),
    sayNo: comeBack('ACCESS_DENIED'),
    comeBackWithForeignCode: comeBack('CODE_REFUSED'),
    comeBackWithForeignToken: comeBack('OTHER_NONCE'),
    tenMinutesPass,
  },
};
