import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { ConnectedCallers } from '../auth/connected-callers.ts';
import type { CapturedInbox } from '../messages/captured-inbox.ts';
import type { HealthService } from '../services/health.service.ts';
import type { ExportService } from '../services/export.service.ts';
import type { NetworkLimits } from '../limits/network-limits.ts';
import type { ProviderSignInService } from '../services/provider-sign-in.service.ts';
import type { TokenIntrospection } from '../services/token-introspection.ts';
import type { SigningKeyService } from '../services/signing-key.service.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ErrorTracker } from '../telemetry/error-tracker.ts';
import type { ContextParts } from './context-factory.ts';
import type { CostTable } from './limits/cost-declaration.ts';
import type { Metrics } from './metrics.ts';
import type { ProtocolParts } from './subscriptions/protocol.ts';
import type { Overload } from './overload.ts';
import type { RequestTelemetry } from './request-telemetry.ts';
import type { DocumentParts } from './trusted-documents.ts';

/** Everything that the HTTP layer is given; it makes nothing of its own. */
export interface ServerParts
  extends Omit<ContextParts, 'servesAdministration'>, DocumentParts, Pick<ProtocolParts, 'liveEvents' | 'liveStats'> {
  readonly instruments: Instruments;
  readonly connected: ConnectedCallers;
  readonly schema: GraphQLSchema;
  readonly health: HealthService;
  readonly signingKeys: SigningKeyService;
  readonly providerSignIn: ProviderSignInService;
  readonly exports: ExportService;
  readonly networkLimits: NetworkLimits;
  readonly introspection: TokenIntrospection;
  readonly metrics: Metrics;
  readonly errors: ErrorTracker;
  readonly requestTelemetry: RequestTelemetry;
  readonly overload: Overload;
  readonly logger: Logger;
  /** Shown at `/dev/mail`; null: nothing is captured, or nobody may look. */
  readonly capturedInbox: CapturedInbox | null;
  readonly credentialFields: readonly string[];
  readonly costs: CostTable;
  readonly isPublicMutation: (field: string) => boolean;
}

/** With what the server itself knows: who may administrate where. */
export type RoutedParts = ServerParts & ContextParts;
