import {
  CompleteMfaDocument,
  ConfirmTotpEnrollmentDocument,
  DisableTotpDocument,
  RegenerateRecoveryCodesDocument,
  StartTotpEnrollmentDocument,
} from '../../../generated/client/graphql.ts';
import { recoveryCodeHashes } from '../../../src/crypto/recovery-codes.ts';
import { recoveryCodeFlow } from '../../../src/flows/recovery-code.ts';
import type { UserId } from '../../../src/ids.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { nextCode, totpCode } from '../../support/mfa.ts';
import { beginSession } from '../../support/sessions.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { testMasterKeys } from '../../support/test-config.ts';
import type { TestClient } from '../../support/test-client.ts';

interface Subject {
  readonly email: string;
  readonly userId: UserId;
  readonly session: TestClient;
  secret: string;
  /** The one that is walked, and another one of the same list; none before there is a list. */
  codes: readonly [string, string] | null;
}

const NO_CODE = 'AAAA-AAAA-AAAA-AAAA';

let app: TestApp;
const world = new FlowWorld(() => app);

const none = async (): Promise<Subject> => {
  const { email, id } = await world.person();
  const { client: session } = await beginSession(app, email, { delivery: 'COOKIE' });
  return { email, userId: id, session, secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', codes: null };
};

const enrol = async (subject: Subject): Promise<void> => {
  const begun = await subject.session.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } });
  const secret = begun.data.startTotpEnrollment?.secret ?? null;
  if (secret === null) return;
  subject.secret = secret;
  const code = totpCode(app, secret);
  const { data } = await subject.session.send(ConfirmTotpEnrollmentDocument, { input: { code } });
  const [first = NO_CODE, second = NO_CODE] = data.confirmTotpEnrollment?.recoveryCodes ?? [];
  subject.codes ??= [first, second];
};

const own = ({ codes }: Subject): string => codes?.[0] ?? NO_CODE;

const answer = async ({ email }: Subject, recoveryCode: string) => {
  const challengeToken = (await world.tryPassword(email))?.challenge?.token ?? 'none';
  return app.anonymous().send(CompleteMfaDocument, { input: { challengeToken, recoveryCode } });
};

const signIn = (subject: Subject) => world.tryPassword(subject.email, PASSWORD, { mfaCode: own(subject) });

const disable = (subject: Subject, password: string) =>
  subject.session.send(DisableTotpDocument, { input: { password, recoveryCode: own(subject) } });

const regenerate = ({ session }: Subject, totp: string) =>
  session.send(RegenerateRecoveryCodesDocument, { input: { totpCode: totp } });

const stateOf = async ({ userId, codes }: Subject): Promise<keyof typeof recoveryCodeFlow.states> => {
  if (codes === null) return 'NONE';
  const known = await app.database.query(
    `select from credentials where user_id = $1 and type = 'RECOVERY_CODE' and secret = any($2::text[])`,
    [userId, recoveryCodeHashes(testMasterKeys(), userId, codes[0])],
  );
  return known.length > 0 ? 'GOOD' : 'GONE';
};

const good = async (): Promise<Subject> => {
  const subject = await none();
  await enrol(subject);
  return subject;
};

const gone = async (): Promise<Subject> => {
  const subject = await good();
  await signIn(subject);
  return subject;
};

/** The first recovery code of people with TOTP. */
export const recoveryCodeWalk: Walk<
  keyof typeof recoveryCodeFlow.states,
  keyof typeof recoveryCodeFlow.events,
  keyof typeof recoveryCodeFlow.circumstances,
  Subject
> = {
  flow: recoveryCodeFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp();
  },
  end: () => app.close(),
  stateOf,
  setups: { NONE: { PLAIN: none }, GOOD: { PLAIN: good }, GONE: { PLAIN: gone } },
  events: {
    enrol,
    answer: (subject) => answer(subject, own(subject)),
    signIn,
    giveWithWrongPassword: (subject) =>
      world.tryPassword(subject.email, 'not the password at all', { mfaCode: own(subject) }),
    disable: (subject) => disable(subject, PASSWORD),
    disableWithWrongPassword: (subject) => disable(subject, 'not the password at all'),
    useAnother: (subject) => answer(subject, subject.codes?.[1] ?? NO_CODE),
    regenerate: (subject) => regenerate(subject, nextCode(app, subject.secret)),
    regenerateByItself: (subject) => regenerate(subject, own(subject)),
    resetByAdministrator: ({ userId }) => world.resetMfa(userId),
  },
};
