import { generateSync } from 'otplib';
import { ConfirmTotpEnrollmentDocument, StartTotpEnrollmentDocument } from '../../generated/client/graphql.ts';
import { type Actor, makePerson, PASSWORD, signIn } from './cast.ts';
import { unique } from './holder.ts';
import type { TestApp } from './test-app.ts';

/** The code that an authenticator shows at the time of the test, so many steps of 30 s later (negative: earlier). */
export const totpCode = (app: TestApp, secret: string, steps = 0): string =>
  generateSync({ secret, epoch: Math.floor(app.clock.now().getTime() / 1000) + steps * 30 });

/** A code that the server would accept now under no circumstance but chance: of a step far away. */
export const wrongCode = (app: TestApp, secret: string): string => {
  const near = new Set([-1, 0, 1].map((steps) => totpCode(app, secret, steps)));
  const codes = Array.from({ length: 10 }, (_, index) => totpCode(app, secret, 1000 + index));
  return codes.find((code) => !near.has(code)) ?? '';
};

/** A code of a time step that was not used yet: half a minute passes. */
export const nextCode = (app: TestApp, secret: string): string => {
  app.clock.advance(30);
  return totpCode(app, secret);
};

export interface Enrolled {
  readonly actor: Actor;
  readonly email: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/** Switches TOTP on for somebody who is signed in, as they would. */
export const enrol = async (app: TestApp, actor: Actor, password = PASSWORD): Promise<Enrolled> => {
  const begun = await actor.send(StartTotpEnrollmentDocument, { input: { password } });
  const secret = begun.data.startTotpEnrollment?.secret ?? '';
  const done = await actor.send(ConfirmTotpEnrollmentDocument, { input: { code: totpCode(app, secret) } });
  const recoveryCodes = done.data.confirmTotpEnrollment?.recoveryCodes;
  if (recoveryCodes == null) throw new Error(`No TOTP: ${JSON.stringify([begun, done])}`);
  return { actor, email: actor.email, secret, recoveryCodes };
};

/** Somebody new, signed in, with TOTP on. */
export const enrolled = async (app: TestApp): Promise<Enrolled> => {
  const email = `${unique('enrolled')}@example.com`;
  await makePerson(app, { email });
  return enrol(app, await signIn(app, email));
};
