/** A setting of the sources that is no setting here, and what answers it instead. */
export interface UnansweredSetting {
  readonly name: string;
  readonly row: string;
  /** Our nearest setting; null when there is none. */
  readonly twin: string | null;
  readonly answer: string;
}

const SHARED_SECRET =
  'no shared signing secret: access tokens are signed with a private key and checked with /.well-known/jwks.json; the one secret to keep is the master key under which keys are stored';
const EXTERNAL_PROVIDER = 'planned: external OIDC issuers are found by discovery and registered one by one';
const CLIENT_CREDENTIALS = 'planned: client credentials are kept per external issuer';
const REDIS = 'planned: Redis is an optional cache; PostgreSQL holds the truth and nothing needs Redis now';
const MAIL = 'planned: mail; until then the creator of a user is given the set-up link';
const OUTBOX = 'planned: events leave through the outbox, with Kafka as one of its sinks';
const LOG_FILES = 'logs go to standard output as JSON; rotation belongs to the service manager or container engine';

const unanswered = (names: readonly string[], row: string, answer: string, twin: string | null = null) =>
  names.map((name): UnansweredSetting => ({ name, row, twin, answer }));

export const unansweredSettings: readonly UnansweredSetting[] = [
  ...unanswered(['JWT_SECRET'], '0.2, 0.33, 1.13, 1.23, 3.12', SHARED_SECRET, 'MASTER_KEYS'),
  ...unanswered(['AUTH_TOKEN_SECRET'], '2.10', SHARED_SECRET, 'MASTER_KEYS'),
  ...unanswered(['TENANT_ID'], '0.3, 0.33', EXTERNAL_PROVIDER),
  ...unanswered(
    ['TENANT_DOMAIN'],
    '0.3, 0.33',
    'issuer, audience and key set address are derived from the base URL',
    'BASE_URL',
  ),
  ...unanswered(['BACKEND_APP_ID', 'BACKEND_APP_SECRET'], '0.4, 0.33', CLIENT_CREDENTIALS),
  ...unanswered(['REDIS_URL'], '0.33', REDIS),
  ...unanswered(['REDIS_HOST', 'REDIS_PORT'], '1.23', REDIS),
  ...unanswered(['CACHE_REDIS_HOST', 'CACHE_REDIS_PORT', 'CACHE_REDIS_PASSWORD', 'CACHE_REDIS_DB'], '2.10', REDIS),
  ...unanswered(
    ['SMTP_HOST', 'SMTP_PORT', 'SMTP_USERNAME', 'SMTP_PASSWORD', 'SMTP_FROM', 'SMTP_FROM_NAME', 'SMTP_TLS'],
    '0.33',
    MAIL,
  ),
  ...unanswered(['EMAIL_SERVICE_URL'], '1.25', MAIL),
  ...unanswered(['KAFKA_BROKERS'], '2.10', OUTBOX),
  ...unanswered(['LOG_PATH', 'LOG_ROTATION'], '2.10', LOG_FILES),
];
