import type { Config } from '../config/config.ts';
import { CaptchaService } from '../limits/captcha-service.ts';
import { CaptchaGate } from '../limits/captcha.ts';
import { NetworkLimits } from '../limits/network-limits.ts';
import { CodeIssuing } from '../services/code-issuing.ts';
import { DeviceRecognition } from '../services/device-recognition.ts';
import { MfaChanges } from '../services/mfa-changes.ts';
import { OwnProof } from '../services/own-proof.ts';
import { PasskeyChallenges } from '../services/passkey-challenges.ts';
import { PasskeyProofService } from '../services/passkey-proof.service.ts';
import { SecondFactorService } from '../services/second-factor.service.ts';
import { SecondStep } from '../services/second-step.ts';
import { SignInFlow } from '../services/sign-in-flow.ts';
import { SignUpCodes } from '../services/sign-up-codes.ts';
import { VerificationService } from '../services/verification.service.ts';
import { WebAuthn } from '../services/webauthn.ts';
import type { Base } from './base.ts';

export type Proofs = ReturnType<typeof createProofs>;

/** How identities are proved, and the one way from a proof to a session; with the limits that stand around it. */
export const createProofs = (base: Base) => {
  const { clock, config, messages, recorder } = base;
  const secondFactors = new SecondFactorService(base);
  const webauthn = new WebAuthn(base);
  const challenges = new PasskeyChallenges(base);
  const passkeyProofs = new PasskeyProofService({ ...base, webauthn, challenges });
  const secondStep = new SecondStep({ ...base, secondFactors, passkeys: passkeyProofs });
  const devices = new DeviceRecognition(base);
  const issuing = new CodeIssuing(base);
  const networkLimits = new NetworkLimits(base);
  return {
    secondFactors,
    webauthn,
    challenges,
    passkeyProofs,
    signInFlow: new SignInFlow({ ...base, devices, secondStep }),
    verifications: new VerificationService({ ...base, issuing }),
    signUpCodes: new SignUpCodes({ issuing }),
    mfaChanges: new MfaChanges({ recorder, messages, clock }),
    proof: new OwnProof(base),
    networkLimits,
    captcha: new CaptchaGate({
      ...base,
      limits: networkLimits,
      provider: base.captchaProvider ?? captchaServiceOf(config),
    }),
  };
};

const captchaServiceOf = ({ captcha: { url, secret } }: Config): CaptchaService | null =>
  url === null || secret === null ? null : new CaptchaService({ url, secret });
