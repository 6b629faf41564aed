import { ApiKeyStatus, ApprovalState, AuditResult, ExportFormat, ExportKind, ExportState } from '../vocabulary.ts';
import { describe } from './described-enum.ts';

describe(ApiKeyStatus, 'ApiKeyStatus', 'Whether a key works.', {
  ACTIVE: 'It works.',
  EXPIRED: 'Past its life.',
  REVOKED: 'Revoked.',
  OWNER_INACTIVE: 'Its owner is locked, disabled or not active.',
});

describe(AuditResult, 'AuditResult', 'How an action ended.', {
  SUCCESS: 'It was done.',
  FAILURE: 'It was tried and failed.',
  DENIED: 'It was not allowed.',
});

describe(ExportKind, 'ExportKind', 'What is exported.', {
  AUDIT_EVENTS: 'Audit events.',
  USER_DATA: 'The personal data of one user.',
});

describe(ExportFormat, 'ExportFormat', 'Form of an export.', {
  NDJSON: 'One JSON object per line.',
  CSV: 'RFC 4180 with a heading; formula characters escaped.',
});

describe(ExportState, 'ExportState', 'Where an export stands.', {
  QUEUED: 'Not begun.',
  RUNNING: 'Being written.',
  DONE: 'The file can be fetched.',
  FAILED: 'Ended without a file.',
});

describe(ApprovalState, 'ApprovalState', 'Where a request stands.', {
  PENDING: 'Waits for a decision.',
  APPROVED: 'Approved and carried out.',
  REJECTED: 'Refused.',
  CANCELLED: 'Taken back by who asked.',
  EXPIRED: 'Not decided in time.',
});
