import {
  ConfirmTotpEnrollmentDocument,
  DisableTotpDocument,
  StartTotpEnrollmentDocument,
} from '../../../generated/client/graphql.ts';
import { instantOf } from '../../../src/database/sql.ts';
import { totpFlow } from '../../../src/flows/totp.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { Walk } from '../../support/flow-driver.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { nextCode, totpCode, wrongCode } from '../../support/mfa.ts';
import { beginSession } from '../../support/sessions.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

interface Subject {
  readonly email: string;
  readonly userId: string;
  readonly session: TestClient;
  /** As the app has it. */
  secret: string;
  recoveryCode: string;
}

let app: TestApp;
const world = new FlowWorld(() => app);

const off = async (proved = true): Promise<Subject> => {
  const { email, id } = proved ? await world.person() : await world.unproved();
  const { client: session } = await beginSession(app, email, { delivery: 'COOKIE' });
  const nothing = { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', recoveryCode: 'AAAA-AAAA-AAAA-AAAA' };
  return { email, userId: id, session, ...nothing };
};

const start = async (subject: Subject): Promise<void> => {
  const { data } = await subject.session.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } });
  subject.secret = data.startTotpEnrollment?.secret ?? subject.secret;
};

const confirm = async (subject: Subject): Promise<void> => {
  const code = totpCode(app, subject.secret);
  const { data } = await subject.session.send(ConfirmTotpEnrollmentDocument, { input: { code } });
  subject.recoveryCode = data.confirmTotpEnrollment?.recoveryCodes?.[0] ?? subject.recoveryCode;
};

const confirmWrongly = ({ session, secret }: Subject) =>
  session.send(ConfirmTotpEnrollmentDocument, { input: { code: wrongCode(app, secret) } });

const confirmWronglyFiveTimes = async (subject: Subject): Promise<void> => {
  for (let time = 0; time < 5; time += 1) await confirmWrongly(subject);
};

const disable = ({ session }: Subject, given: { code?: string; recoveryCode?: string }, password = PASSWORD) =>
  session.send(DisableTotpDocument, { input: { password, ...given } });

const after =
  (proved: boolean, ...steps: readonly ((subject: Subject) => Promise<unknown>)[]) =>
  async (): Promise<Subject> => {
    const subject = await off(proved);
    for (const step of steps) await step(subject);
    return subject;
  };

interface Row {
  readonly type: string;
  readonly expires_at: string | null;
  readonly counter: string;
  readonly is_on: boolean;
}

const stateOf = async ({ userId }: Subject): Promise<keyof typeof totpFlow.states> => {
  const [row] = await app.database.query<Row>(
    `select c.type, c.expires_at, c.counter::text, u.mfa_enabled_at is not null as is_on
     from users u left join credentials c on c.user_id = u.id and c.type in ('TOTP', 'TOTP_PENDING') where u.id = $1`,
    [userId],
  );
  if (row === undefined) throw new Error('The person is gone.');
  if ((row.type === 'TOTP') !== row.is_on) throw new Error('The mark of the account is not what its credentials say.');
  if (row.type === 'TOTP') return 'ON';
  if (row.expires_at === null) return 'OFF';
  return instantOf(row.expires_at) <= app.clock.now() || Number(row.counter) >= 5 ? 'VOID' : 'PENDING';
};

/** People who switch TOTP on and off. */
export const totpWalk: Walk<
  keyof typeof totpFlow.states,
  keyof typeof totpFlow.events,
  keyof typeof totpFlow.circumstances,
  Subject
> = {
  flow: totpFlow,
  log: () => app.log,
  begin: async () => {
    app = await startTestApp();
  },
  end: () => app.close(),
  stateOf,
  setups: {
    OFF: { PLAIN: after(true) },
    PENDING: { PLAIN: after(true, start), ADDRESS_NOT_PROVED: after(false, start) },
    VOID: {
      PLAIN: after(true, start, confirmWronglyFiveTimes),
      ADDRESS_NOT_PROVED: after(false, start, async () => app.clock.advance(601)),
    },
    ON: { PLAIN: after(true, start, confirm), ADDRESS_NOT_PROVED: after(false, start, confirm) },
  },
  events: {
    start,
    startWithWrongPassword: ({ session }) =>
      session.send(StartTotpEnrollmentDocument, { input: { password: 'not the password at all' } }),
    confirm,
    confirmWrongly,
    confirmWronglyFiveTimes,
    tenMinutesPass: async () => app.clock.advance(601),
    disable: (subject) => disable(subject, { code: nextCode(app, subject.secret) }),
    disableByRecoveryCode: (subject) => disable(subject, { recoveryCode: subject.recoveryCode }),
    disableWithWrongPassword: (subject) =>
      disable(subject, { code: nextCode(app, subject.secret) }, 'not the password at all'),
    disableWithWrongCode: (subject) => disable(subject, { code: wrongCode(app, subject.secret) }),
    resetByAdministrator: ({ userId }) => world.resetMfa(userId),
    proveAddress: ({ email }) => world.signInByLink(email),
    resetPassword: async ({ email }) => {
      await world.requestReset(email);
      return world.setPassword((await world.newestLink(email, 'reset')) ?? 'none');
    },
  },
};
