import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { hasCode } from './embedded-postgres-error.ts';

const HOST = '127.0.0.1';

/** Takes and gives back a port of the loopback address: 0 for any. Answers the port, null when it is taken. */
const tryPort = (port: number): Promise<number | null> =>
  new Promise((resolve, fail) => {
    const server = createServer();
    server.once('error', (error) => {
      if (hasCode(error, 'EADDRINUSE', 'EACCES')) {
        resolve(null);
      } else {
        fail(error);
      }
    });
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });

export const isFree = async (port: number): Promise<boolean> => (await tryPort(port)) !== null;

const fileIn = (home: string): string => join(home, 'postgres.port');

/** The port of the last run when it is free, so that open database tools keep working; else any free one. */
export const choosePort = async (home: string): Promise<number> => {
  const text = await readFile(fileIn(home), 'utf8').catch(() => '');
  const last = /^\d{4,5}$/.test(text.trim()) ? Number(text) : 0;
  const kept = last >= 1024 && last <= 65_535 ? await tryPort(last) : null;
  const port = kept ?? (await tryPort(0));
  if (port === null) {
    throw new Error('The system has no free port on the loopback address.');
  }
  return port;
};

export const rememberPort = (home: string, port: number): Promise<void> =>
  writeFile(fileIn(home), `${port}\n`, { mode: 0o600 });
