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
const REDIS = 'given as one address; Redis is optional: PostgreSQL holds the truth';
const LOG_FILES =
  'logs go to standard output as JSON, and into files that are begun anew by their size where one is named';

const unanswered = (names: readonly string[], row: string, answer: string, twin: string | null = null) =>
  names.map((name): UnansweredSetting => ({ name, row, twin, answer }));

export const unansweredSettings: readonly UnansweredSetting[] = [
  ...unanswered(['JWT_SECRET'], '0.2, 0.33, 1.13, 1.23, 3.12', SHARED_SECRET, 'MASTER_KEYS'),
  ...unanswered(['AUTH_TOKEN_SECRET'], '2.10', SHARED_SECRET, 'MASTER_KEYS'),
  ...unanswered(['REDIS_HOST', 'REDIS_PORT'], '1.23', REDIS, 'REDIS_URL'),
  ...unanswered(
    ['CACHE_REDIS_HOST', 'CACHE_REDIS_PORT', 'CACHE_REDIS_PASSWORD', 'CACHE_REDIS_DB'],
    '2.10',
    REDIS,
    'REDIS_URL',
  ),
  ...unanswered(['LOG_PATH'], '2.10', LOG_FILES, 'LOG_FILE'),
  ...unanswered(['LOG_ROTATION'], '2.10', LOG_FILES, 'LOG_FILE_SIZE'),
];
