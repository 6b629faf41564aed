import { availableParallelism } from 'node:os';
import { Caches } from '../cache/caches.ts';
import type { RedisConnection } from '../cache/redis-connection.ts';
import { RedisHealth } from '../cache/redis-health.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { PasswordGuesses } from '../crypto/password-guesses.ts';
import { PasswordHasher } from '../crypto/password-hasher.ts';
import { pepperOf } from '../crypto/password-pepper.ts';
import type { Database } from '../database/database.ts';
import { DatabaseReplica } from '../database/database-replica.ts';
import { listsOfPrimary } from '../database/list-reads.ts';
import { ReplicaReads } from '../database/replica-reads.ts';
import type { EventSink } from '../events/event-sink.ts';
import { Recorder } from '../events/recorder.ts';
import type { CaptchaProvider } from '../limits/captcha.ts';
import { type CounterOf, RateLimiter } from '../limits/rate-limiter.ts';
import type { Log } from '../log.ts';
import type { AddressResolver } from '../providers/address-resolver.ts';
import { createMessaging } from '../messages/messaging.ts';
import { AccessGuard } from '../services/access-guard.ts';
import { UserSearches } from '../services/user-searches.ts';
import { UserAttributes } from '../services/attributes.ts';
import { DnsDomainResolver, type DomainResolver } from '../services/domain-resolver.ts';
import { GroupDirectory } from '../services/group-directory.ts';
import { IdempotencyService } from '../services/idempotency.service.ts';
import { OrganizationLevels } from '../services/organization-levels.ts';
import { OneTimeTokenService } from '../services/one-time-token.service.ts';
import { PasswordService } from '../services/passwords.ts';
import { SchemaKnowledge } from '../services/schema-knowledge.ts';
import { SessionTokenIssuer } from '../services/session-tokens.ts';
import { SessionService } from '../services/session.service.ts';
import { SigningKeyService } from '../services/signing-key.service.ts';
import { BackgroundWork } from '../telemetry/background-work.ts';
import { ErrorTracker } from '../telemetry/error-tracker.ts';
import { Instruments } from '../telemetry/instruments.ts';
import { StatementWatch } from '../telemetry/statement-watch.ts';

/** What everything is built of; tests bring their own. */
export interface Foundation {
  readonly config: Config;
  readonly database: Database;
  /** A standby that follows the database; absent = there is none. */
  readonly replicaDatabase?: Database;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly log: Log;
  /** What limits and caches of all replicas share; absent = each process has its own. */
  readonly redis?: RedisConnection;
  /** Where limits are counted; absent = in the memory of this process. */
  readonly counterOf?: CounterOf;
  /** Absent = the service of the settings, if there is one. */
  readonly captchaProvider?: CaptchaProvider;
  /** Absent = the name servers of the machine. */
  readonly domainResolver?: DomainResolver;
  /** Where events go; absent = as the settings say. */
  readonly eventSinks?: readonly EventSink[];
  /** Where the addresses of webhooks are looked up; absent = the name servers of the machine. */
  readonly addressResolver?: AddressResolver;
}

export type Base = ReturnType<typeof createBase>;

/** What nearly every service needs: the log of what happened, passwords, tokens, sessions, messages and the guard of access. */
export const createBase = (given: Foundation) => {
  const telemetry = createTelemetry(given);
  const foundation = { ...given, log: telemetry.log };
  const { config, database, clock } = foundation;
  const { instruments } = telemetry;
  const databaseReplica = createReplica(foundation, telemetry);
  const recorder = new Recorder(clock, (happening) => instruments.happened(happening));
  const messaging = createMessaging({ ...foundation, ...telemetry });
  const levels = new OrganizationLevels(config);
  const redis = foundation.redis ?? null;
  const caches = new Caches({ ...foundation, redis });
  const directory = new GroupDirectory({ database, levels, counters: caches.counters });
  const hasher = createHasher(foundation, instruments);
  const signingKeys = new SigningKeyService({ ...foundation, recorder });
  const issuer = new SessionTokenIssuer({ ...foundation, signingKeys });
  return {
    ...foundation,
    ...telemetry,
    domainResolver: foundation.domainResolver ?? new DnsDomainResolver(),
    databaseReplica,
    lists: databaseReplica ?? listsOfPrimary(database),
    caches,
    redisHealth: new RedisHealth(redis),
    messaging,
    messages: messaging.messages,
    messageWorker: messaging.messageWorker,
    recorder,
    directory,
    levels,
    hasher,
    signingKeys,
    issuer,
    passwords: new PasswordService({ ...foundation, hasher, guesses: new PasswordGuesses() }),
    sessions: new SessionService({ ...foundation, recorder, issuer, directory }),
    limiter: new RateLimiter(foundation.counterOf, (budget) => instruments.rateLimited.add(budget)),
    guard: new AccessGuard({ directory, clock, config }),
    oneTimeTokens: new OneTimeTokenService(foundation),
    idempotency: new IdempotencyService(clock),
    attributes: new UserAttributes(config.users.attributes),
    schemaKnowledge: new SchemaKnowledge(),
    userSearches: new UserSearches({ clock, caches }),
  };
};

/** What counts, times and tracks; everything else is built around it. */
const createTelemetry = ({ config, database, clock, log }: Foundation) => {
  const instruments = new Instruments();
  const errors = new ErrorTracker(clock);
  const statementWatch = new StatementWatch({ log, slowMs: config.log.slowStatementMs });
  database.statements.observe(statementWatch);
  const tracked = tracking(log, errors);
  return { instruments, errors, statementWatch, log: tracked, background: new BackgroundWork({ clock, log: tracked }) };
};

/** What lists may be read from; null = the primary alone. It is asked for the first time when the background starts. */
const createReplica = (
  { config, database, replicaDatabase, log }: Foundation,
  { statementWatch }: ReturnType<typeof createTelemetry>,
): ReplicaReads | null => {
  if (replicaDatabase === undefined) return null;
  replicaDatabase.statements.observe(statementWatch);
  const { replicaStatementTimeoutSeconds, pooler } = config.database;
  const replica = new DatabaseReplica({
    database: replicaDatabase,
    statementMs: replicaStatementTimeoutSeconds * 1000,
    isPooled: pooler === 'transaction',
  });
  return new ReplicaReads({ primary: database, replica, log });
};

/** An error that is logged outside of a request is tracked as well. */
const tracking =
  (log: Log, errors: ErrorTracker): Log =>
  (level, message, details) => {
    const kind = level === 'error' && details?.['err'] !== undefined ? errors.track(details['err']) : null;
    log(level, message, kind === null ? details : { ...details, fingerprint: kind.fingerprint });
  };

const createHasher = ({ config, masterKeys }: Foundation, instruments: Instruments): PasswordHasher => {
  const { memoryKib, iterations, parallelism, implementation, maximumBytes, pepper, queueLength } = config.passwords;
  return new PasswordHasher({
    parameters: { memoryKib, iterations, parallelism },
    implementation,
    maximumBytes,
    pepper: pepperOf(masterKeys, pepper),
    concurrency: availableParallelism(),
    limit: queueLength,
    watch: {
      waited: (seconds) => instruments.hashWait.record(seconds),
      refused: () => instruments.hashesRefused.add(),
      compute: (job) => instruments.hash(job),
    },
  });
};
