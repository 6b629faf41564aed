import type { CreateServiceAccountInput } from '../schema/api-key.schema.ts';
import type { EraseUserInput } from '../schema/export.schema.ts';
import type { ResetUserMfaInput } from '../schema/mfa.schema.ts';
import type { RotateSigningKeyInput } from '../schema/operations.schema.ts';
import type { ErasureService } from '../services/erasure.service.ts';
import type { MfaResetService } from '../services/mfa-reset.service.ts';
import type { ServiceAccountService } from '../services/service-account.service.ts';
import type { SigningKeyService } from '../services/signing-key.service.ts';
import { originOf } from '../services/caller.ts';
import { change, ofNobody, ofUser } from './access-change.ts';

export interface ProtectedParts {
  readonly serviceAccounts: ServiceAccountService;
  readonly erasure: ErasureService;
  readonly mfaReset: MfaResetService;
  readonly signingKeys: SigningKeyService;
}

/** Uses of protected permissions that can need a second person, and service accounts. */
export const ofProtectedMutations = ({ serviceAccounts, erasure, mfaReset, signingKeys }: ProtectedParts) => ({
  createServiceAccount: change<CreateServiceAccountInput>({
    affected: ofNobody,
    carryOut: async (caller, { name, groupIds, organizationId, idempotencyKey }) => ({
      user: await serviceAccounts.create(caller, {
        name,
        groupIds,
        organizationId: organizationId ?? null,
        idempotencyKey: idempotencyKey ?? null,
      }),
    }),
  }),
  eraseUser: change<EraseUserInput>({
    affected: ofUser,
    permission: 'erase:users',
    carryOut: async (caller, { userId, reason }) => ({ erasedUserId: await erasure.erase(caller, { userId, reason }) }),
  }),
  resetUserMfa: change<ResetUserMfaInput>({
    affected: ofUser,
    permission: 'reset-mfa:users',
    carryOut: async (caller, input) => ({ user: await mfaReset.reset(caller, input) }),
  }),
  rotateSigningKey: change<RotateSigningKeyInput>({
    affected: ofNobody,
    permission: 'rotate:signing-keys',
    carryOut: (caller, { algorithm, overlapSeconds }) =>
      signingKeys.rotate(originOf(caller), { algorithm: algorithm ?? null, overlapSeconds: overlapSeconds ?? null }),
  }),
});
