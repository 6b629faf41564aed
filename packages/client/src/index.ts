export { type AssuranceLevel, type Caller, TokenRefused } from './caller.ts';
export {
  CallerRefused,
  type Decision,
  DecisionClient,
  decisionDocuments,
  type DecisionClientOptions,
  type Decisions,
  DecisionUnavailable,
  type Question,
  type StepUp,
} from './decision-client.ts';
export { Denied, Guard } from './guard.ts';
export { TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';
export {
  verifyWebhook,
  type WebhookEvent,
  type WebhookFault,
  type WebhookRequest,
  type WebhookVerification,
  WebhookVerificationError,
} from './webhook-signature.ts';
