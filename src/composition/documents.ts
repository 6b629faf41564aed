import { TrustedDocumentDirectory } from '../services/trusted-document-directory.ts';
import { TrustedDocumentReader } from '../services/trusted-document-reader.ts';
import { TrustedDocumentUse } from '../services/trusted-document-use.ts';
import { TrustedDocumentService } from '../services/trusted-document.service.ts';
import type { Base } from './base.ts';

/** Trusted documents: what keeps them, and what finds and counts those that are run. */
export const createDocuments = (base: Base) => {
  const trustedDocumentDirectory = new TrustedDocumentDirectory({ ...base, counters: base.caches.counters });
  base.caches.onFlush(() => trustedDocumentDirectory.forget());
  return {
    trustedDocumentDirectory,
    trustedDocumentUse: new TrustedDocumentUse(base),
    trustedDocuments: new TrustedDocumentService({ ...base, trustedDocumentDirectory }),
    trustedDocumentReader: new TrustedDocumentReader(base),
  };
};
