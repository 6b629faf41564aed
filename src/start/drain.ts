import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import type { Server } from '../http/server.ts';

/**
 * Stops answering without failing anybody. First only `/readyz` says so and every answer closes its connection, while requests go
 * on being answered: whoever distributes them has `shutdownDelaySeconds` to notice and to send new ones elsewhere. Then nothing new is
 * accepted, and what is in flight may finish within `shutdownGraceSeconds`; what takes longer is cut off.
 */
export const drain = async (server: Server, { server: settings }: Pick<Config, 'server'>): Promise<void> => {
  server.stopAccepting();
  await sleep(settings.shutdownDelaySeconds * 1000);
  const cut = setTimeout(() => server.closeAllConnections(), settings.shutdownGraceSeconds * 1000);
  await server.app.close();
  clearTimeout(cut);
};
