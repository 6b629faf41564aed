import { accountFlow } from './account.ts';
import { externalSignInFlow } from './external-sign-in.ts';
import type { Flow } from './flow.ts';
import { invitationFlow } from './invitation.ts';
import { messageFlow } from './message.ts';
import { oneTimeCodeFlow } from './one-time-code.ts';
import { oneTimeTokenFlow } from './one-time-token.ts';
import { passkeyFlow } from './passkey.ts';
import { recoveryCodeFlow } from './recovery-code.ts';
import { sessionStrengthFlow } from './session-strength.ts';
import { sessionFlow } from './session.ts';
import { signInFlow } from './sign-in.ts';
import { totpFlow } from './totp.ts';

/** Everything in Gatehouse that has states, in the order in which it is read. */
export const flows: readonly Flow[] = [
  accountFlow,
  signInFlow,
  externalSignInFlow,
  sessionFlow,
  sessionStrengthFlow,
  oneTimeTokenFlow,
  oneTimeCodeFlow,
  totpFlow,
  recoveryCodeFlow,
  passkeyFlow,
  invitationFlow,
  messageFlow,
];
