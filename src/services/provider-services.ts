import type { Caches } from '../cache/caches.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import type { Recorder } from '../events/recorder.ts';
import type { Log } from '../log.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { IdentityProviders } from '../providers/identity-providers.ts';
import type { AccessGuard } from './access-guard.ts';
import { ExternalIdentityReader } from './external-identity-reader.ts';
import { ExternalIdentityService } from './external-identity.service.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import { DomainRouting } from './organization-domain-reader.ts';
import { ProviderAccounts } from './provider-accounts.ts';
import { ProviderGroups } from './provider-groups.ts';
import { ProviderSignInService } from './provider-sign-in.service.ts';
import type { SessionService } from './session.service.ts';
import type { SignInFlow } from './sign-in-flow.ts';

/** Builds what external identity providers need, once, for the composition root. */
export const createProviderServices = (parts: {
  readonly config: Config;
  readonly database: Database;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly caches: Caches;
  readonly log: Log;
  readonly recorder: Recorder;
  readonly directory: GroupDirectory;
  readonly guard: AccessGuard;
  readonly sessions: SessionService;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly signInFlow: SignInFlow;
  readonly messages: MessageOutbox;
}) => {
  const { log } = parts;
  const providers = new IdentityProviders({
    ...parts,
    onSilence: ({ host, fault }) =>
      log('warn', 'an identity provider could not be asked about a person; groups by that source stay', {
        host,
        fault,
      }),
  });
  const providerGroups = new ProviderGroups(parts);
  const providerAccounts = new ProviderAccounts({ ...parts, providerGroups });
  const externalIdentities = new ExternalIdentityService({ ...parts, providers, providerGroups, providerAccounts });
  return {
    providers,
    domainRouting: new DomainRouting({ ...parts, providers }),
    externalIdentities,
    providerSignIn: new ProviderSignInService({ ...parts, providers, externalIdentities }),
    externalIdentityReader: new ExternalIdentityReader(parts),
  };
};
