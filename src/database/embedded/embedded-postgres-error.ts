/** The embedded database cannot be used. The message is one line and says what to do; it never holds the password. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

const TAIL_LINES = 3;
const TAIL_LENGTH = 600;

/** The lines that explain a failure, as one line: what PostgreSQL marks as a problem, else simply the last ones. */
export const tailOf = (lines: readonly string[]): string => {
  const spoken = lines.map((line) => line.trim()).filter((line) => line !== '');
  const problems = spoken.filter((line) => /\b(?:error|fatal|panic|hint|could not|invalid|no space)\b/i.test(line));
  return (problems.length > 0 ? problems : spoken).slice(-TAIL_LINES).join(' / ').slice(-TAIL_LENGTH) || 'no output';
};

/** What a person can do about the commonest troubles; the general way out otherwise. */
export const adviceFor = (text: string): string => {
  if (/no space left on device|ENOSPC|disk quota|EDQUOT/i.test(text)) {
    return 'The disk is full: free some space and start again.';
  }
  if (/could not look up effective user/i.test(text)) {
    return 'The user it has to run as is not in /etc/passwd: add it, or set DATABASE_URL to a PostgreSQL server.';
  }
  if (/could not create shared memory|could not open shared memory/i.test(text)) {
    return 'There is no room for shared memory: enlarge /dev/shm, or set DATABASE_URL to a PostgreSQL server.';
  }
  return 'Correct that and start again, or set DATABASE_URL to a PostgreSQL server.';
};

/** True for an error of the operating system with one of these codes. */
export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);

/** Gives errors of the file system that no step foresaw the same form as all others; leaves programming errors alone. */
export const explainFileError = (error: unknown, directory: string): unknown => {
  if (error instanceof EmbeddedPostgresError || !(error instanceof Error) || !('code' in error)) {
    return error;
  }
  const text = error.message.replaceAll('\n', ' ');
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST')) {
    return new EmbeddedPostgresError(
      `The embedded PostgreSQL cannot use ${directory} (${text}): set DATA_DIR to a directory that this user may write, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL in ${directory} cannot start (${text}). ${adviceFor(text)}`,
    {
      cause: error,
    },
  );
};
