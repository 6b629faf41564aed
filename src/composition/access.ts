import { AccessChanges } from '../services/access-changes.ts';
import { AccessPreviewer } from '../services/access-preview.ts';
import { ApprovalReader } from '../services/approval-reader.ts';
import { ApprovalRequestService } from '../services/approval-request.service.ts';
import { ApprovalService } from '../services/approval.service.ts';
import { accessChangeTable } from './access-changes.ts';
import type { Base } from './base.ts';

/** How changes of access are tried, approved and carried out. */
export const createAccess = (parts: Base & Parameters<typeof accessChangeTable>[0]) => {
  const accessChanges = new AccessChanges(accessChangeTable(parts), {
    ...parts,
    previewer: new AccessPreviewer(parts),
    approvalRequests: new ApprovalRequestService(parts),
  });
  return {
    accessChanges,
    approvals: new ApprovalService({ ...parts, accessChanges }),
    approvalReader: new ApprovalReader(parts),
  };
};
