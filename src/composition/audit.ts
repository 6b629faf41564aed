import { AuditChainService } from '../services/audit-chain.ts';
import { AuditReader } from '../services/audit-reader.ts';
import { AuditRetention } from '../services/audit-retention.ts';
import { AuditVerification } from '../services/audit-verification.ts';
import { AuditTail } from '../services/audit-tail.ts';
import { DenialLog } from '../services/denial-log.ts';
import { ExportService } from '../services/export.service.ts';
import { ExportWorker } from '../services/export-worker.ts';
import { LeaseService } from '../services/lease.service.ts';
import { StatsCounter } from '../services/stats-counter.ts';
import { LiveEvents } from '../services/live-events.service.ts';
import { UserReader } from '../services/user-reader.ts';
import type { Base } from './base.ts';

/** The audit log: reading, sealing, verifying, keeping, taking away. */
export const createAudit = (base: Base) => {
  const auditChain = new AuditChainService({ ...base, leases: new LeaseService(base) });
  const statsCounter = new StatsCounter({ ...base, leases: new LeaseService(base) });
  const exportWorker = new ExportWorker(base);
  const auditTail = new AuditTail(base);
  return {
    auditReader: new AuditReader(base),
    auditChain,
    statsCounter,
    auditVerification: new AuditVerification(base),
    auditRetention: new AuditRetention({ ...base, chain: auditChain, statsCounter }),
    denialLog: new DenialLog(base),
    exportWorker,
    auditTail,
    liveEvents: new LiveEvents({ ...base, auditTail, userReader: new UserReader(base) }),
    exports: new ExportService({ ...base, exportWorker }),
  };
};
