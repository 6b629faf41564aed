import {
  ConfirmIdentityDocument,
  ConfirmTotpEnrollmentDocument,
  DisableTotpDocument,
  RequestSignInCodeDocument,
  StartTotpEnrollmentDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { sessionStrengthFlow } from '../../../src/flows/session-strength.ts';
import { instant } from '../../../src/clock.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD, signIn } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { enrol, nextCode, totpCode, wrongCode } from '../../support/mfa.ts';
import { askForSignIn, registerPasskey } from '../../support/passkeys.ts';
import { beginSession } from '../../support/sessions.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

interface Subject {
  readonly email: string;
  readonly client: TestClient;
  /** Another session of the same person. */
  readonly other: TestClient;
  readonly key: SoftwarePasskey;
  /** Of its TOTP, or one that nobody has. */
  readonly secret: string;
}

const NOBODYS_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

let app: TestApp;
let foreign: { readonly email: string; readonly key: SoftwarePasskey };
const world = new FlowWorld(() => app);

/** The session is in a cookie: an access token would run out meanwhile. */
const oneFactor = (totp: boolean) => async (): Promise<Subject> => {
  const { email } = await world.person();
  const { client } = await beginSession(app, email, { delivery: 'COOKIE' });
  const { client: other } = await beginSession(app, email, { delivery: 'COOKIE' });
  const elsewhere = await signIn(app, email);
  const key = new SoftwarePasskey();
  await registerPasskey(elsewhere, key);
  const secret = totp ? (await enrol(app, elsewhere)).secret : NOBODYS_SECRET;
  return { email, client, other, key, secret };
};

const confirm = (client: TestClient, input: Readonly<Record<string, unknown>>) =>
  client.send(ConfirmIdentityDocument, { input });

const confirmByTotp = ({ client, secret }: Subject) => confirm(client, { code: nextCode(app, secret) });
const confirmByKey = async (client: TestClient, key: SoftwarePasskey) => {
  const { options, challengeToken } = await askForSignIn(client);
  return confirm(client, { passkey: { challengeToken, response: { ...key.authenticate(options) } } });
};

/** Has a code sent for one session, and gives it in another. */
const confirmByCodeOf = async (asking: TestClient, email: string, giving: TestClient) => {
  app.clock.advance(61);
  const { data } = await asking.send(RequestSignInCodeDocument, { input: { purpose: 'STEP_UP' } });
  const verificationToken = data.requestSignInCode?.verification?.token;
  return confirm(giving, { verificationToken, code: await world.newestCode(email) });
};

const after =
  (begin: () => Promise<Subject>, ...steps: readonly ((subject: Subject) => Promise<unknown>)[]) =>
  async (): Promise<Subject> => {
    const subject = await begin();
    for (const step of steps) await step(subject);
    return subject;
  };

const timePasses = async () => app.clock.advance(11 * 60);

const enrolHere = async ({ client }: Subject) => {
  const { data } = await client.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } });
  const code = totpCode(app, data.startTotpEnrollment?.secret ?? NOBODYS_SECRET);
  return client.send(ConfirmTotpEnrollmentDocument, { input: { code } });
};

const stateOf = async ({ client }: Subject): Promise<keyof typeof sessionStrengthFlow.states> => {
  const { data } = await client.send(ViewerDocument, {});
  const { assuranceLevel, freshUntil } = data.viewer ?? {};
  if (assuranceLevel === undefined) throw new Error('The session is over.');
  const fresh = freshUntil != null && instant(freshUntil) > app.clock.now();
  return `${assuranceLevel}_${fresh ? 'FRESH' : 'STALE'}`;
};

/** Sessions of people with a password, a passkey and mostly TOTP. */
export const sessionStrengthWalk: Walk<
  keyof typeof sessionStrengthFlow.states,
  keyof typeof sessionStrengthFlow.events,
  keyof typeof sessionStrengthFlow.circumstances,
  Subject
> = {
  flow: sessionStrengthFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp();
    const key = new SoftwarePasskey();
    const { email } = await world.person();
    await registerPasskey(await signIn(app, email), key);
    foreign = { email, key };
  },
  end: () => app.close(),
  stateOf,
  setups: {
    AAL1_FRESH: { PLAIN: oneFactor(true), NO_TOTP: oneFactor(false) },
    AAL1_STALE: { PLAIN: after(oneFactor(true), timePasses), NO_TOTP: after(oneFactor(false), timePasses) },
    AAL2_FRESH: { PLAIN: after(oneFactor(true), confirmByTotp) },
    AAL2_STALE: { PLAIN: after(oneFactor(true), confirmByTotp, timePasses) },
  },
  events: {
    timePasses,
    confirmByPassword: ({ client }) => confirm(client, { password: PASSWORD }),
    confirmByCode: ({ client, email }) => confirmByCodeOf(client, email, client),
    confirmByTotp,
    confirmByPasskey: ({ client, key }) => confirmByKey(client, key),
    enrol: enrolHere,
    confirmByWrongPassword: ({ client }) => confirm(client, { password: 'not the password at all' }),
    confirmByWrongTotp: ({ client, secret }) => confirm(client, { code: wrongCode(app, secret) }),
    confirmByForeignPasskey: ({ client }) => confirmByKey(client, foreign.key),
    confirmByForeignCode: ({ client, other, email }) => confirmByCodeOf(other, email, client),
    disableTotp: ({ client, secret }) =>
      client.send(DisableTotpDocument, { input: { password: PASSWORD, code: nextCode(app, secret) } }),
  },
};
