import { type AddressInfo, createServer } from 'node:net';
import { type Config, readProcessConfig } from '../config/config.ts';
import type { ProcessFlags } from '../config/process-flags.ts';
import { originOf } from '../config/provenance.ts';
import { DEFAULT_ORIGIN } from '../config/resolve.ts';

const freePort = async (host: string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer().once('error', reject).listen(0, host, resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  return port;
};

/**
 * The settings of the process. Port 0 becomes a free one before anything reads it, unless the address is given by itself: links, issuer,
 * cookies and what the start prints follow from the address.
 */
export const readServerConfig = async (flags: ProcessFlags): Promise<Config> => {
  const config = readProcessConfig(flags);
  if (config.server.port !== 0 || originOf(config, 'server.baseUrl') !== DEFAULT_ORIGIN) return config;
  const port = await freePort(config.server.host);
  return readProcessConfig({ ...flags, assignments: [...flags.assignments, `server.port=${port}`] });
};
