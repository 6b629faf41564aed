import type { AuditChainService } from '../services/audit-chain.ts';
import { ReplicaRegistry } from '../services/replica-registry.ts';
import type { StatsCounter } from '../services/stats-counter.ts';
import { StatsReader } from '../services/stats-reader.ts';
import { StatsRefresh } from '../services/stats-refresh.ts';
import type { Base } from './base.ts';

/** Figures: counted in the background, read by the query. */
export const createStats = (parts: Base & { auditChain: AuditChainService; statsCounter: StatsCounter }) => ({
  replicas: new ReplicaRegistry(parts),
  statsReader: new StatsReader(parts),
  statsRefresh: new StatsRefresh(parts),
});
