import type { Clock } from '../clock.ts';
import type { Config, ConfigSources } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log.ts';
import type { AuditVerification } from '../services/audit-verification.ts';
import type { ErasureService } from '../services/erasure.service.ts';
import type { PersonalDataService } from '../services/personal-data.service.ts';
import type { EventReplay } from '../services/event-replay.ts';
import type { OutboxReader } from '../services/outbox-reader.ts';
import type { ResealService } from '../services/reseal.service.ts';
import type { SeedService } from '../services/seed.service.ts';
import type { SetupService } from '../services/setup.service.ts';
import type { UserExportService } from '../services/user-export.service.ts';
import type { TrustedDocumentReader } from '../services/trusted-document-reader.ts';
import type { TrustedDocumentService } from '../services/trusted-document.service.ts';
import type { SigningKeyService } from '../services/signing-key.service.ts';
import type { UserImportService } from '../services/user-import.service.ts';
import type { Terminal } from './terminal.ts';

/** A database that is open until `close`, which also stops an embedded server that was started for it. */
export interface OpenDatabase {
  readonly database: Database;
  readonly close: () => Promise<void>;
}

/** The services that commands need. */
export interface CommandServices {
  readonly setup: Pick<SetupService, 'createAdministrator'>;
  readonly seed: Pick<SeedService, 'seed'>;
  readonly userImport: Pick<UserImportService, 'begin' | 'finish' | 'importBatch' | 'interrupted' | 'judgeBatch'>;
  readonly userExport: Pick<UserExportService, 'begin' | 'pages'>;
  readonly personalData: Pick<PersonalDataService, 'find' | 'lines'>;
  readonly erasure: Pick<ErasureService, 'eraseByServer'>;
  readonly reseal: Pick<ResealService, 'reseal'>;
  readonly signingKeys: Pick<SigningKeyService, 'look' | 'rotate' | 'retire' | 'isMounted'>;
  readonly auditVerification: Pick<AuditVerification, 'verify'>;
  readonly outboxReader: Pick<OutboxReader, 'status'>;
  readonly eventReplay: Pick<EventReplay, 'replay'>;
  readonly trustedDocuments: Pick<TrustedDocumentService, 'registerAny' | 'disable'>;
  readonly trustedDocumentReader: Pick<TrustedDocumentReader, 'page'>;
  /** Builds the schema that the server serves, for what is judged by it: most commands need none. */
  readonly learnSchema: () => Promise<void>;
}

/** What a command is given by the process that runs it. */
export interface Host {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readConfig(flags: Pick<ConfigSources, 'argv' | 'assignments' | 'evenIfRefused'>): Config;
  /** Starts the embedded server when the settings name no other. */
  openDatabase(config: Config, log: Log): Promise<OpenDatabase>;
  openServices(config: Config, database: Database, log: Log): Promise<CommandServices>;
}
