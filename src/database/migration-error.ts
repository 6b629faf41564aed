/** The schema cannot be changed, or is not what this release needs. The message is one line and says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
