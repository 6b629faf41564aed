/** The package brings no types: the part of it that is used. */
declare module 'pino-roll' {
  interface RollingFile {
    write(line: string): void;
    flushSync(): void;
    end(): void;
    reopen(): void;
    on(event: 'error', listener: (error: Error) => void): void;
    once(event: 'close', listener: () => void): void;
  }

  const roll: (options: {
    readonly file: string;
    readonly extension: string;
    readonly size: string;
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
    readonly mode: number;
  }) => Promise<RollingFile>;
  export default roll;
}
