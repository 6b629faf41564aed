import type { AuditChainService } from '../services/audit-chain.ts';
import { LiveStats } from '../services/live-stats.ts';
import { ReplicaRegistry } from '../services/replica-registry.ts';
import type { StatsCounter } from '../services/stats-counter.ts';
import { StatsReader } from '../services/stats-reader.ts';
import { StatsRefresh } from '../services/stats-refresh.ts';
import type { Base } from './base.ts';

/** Figures: counted in the background, read by the query. */
export const createStats = (parts: Base & { auditChain: AuditChainService; statsCounter: StatsCounter }) => {
  const statsReader = new StatsReader(parts);
  return {
    replicas: new ReplicaRegistry(parts),
    statsReader,
    statsRefresh: new StatsRefresh(parts),
    liveStats: new LiveStats({ ...parts, statsReader }),
  };
};
