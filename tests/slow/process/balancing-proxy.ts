import { Agent, createServer, request as send, type ServerResponse, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Target {
  url: string;
  healthy: boolean;
  served: number;
}

/** A reverse proxy as people put one in front: keeps connections, asks /readyz, and never sends a request a second time. */
export interface BalancingProxy {
  readonly url: string;
  /** Failures between the proxy and a server, in words. */
  readonly failures: readonly string[];
  /** How many requests each server answered. */
  served(): readonly number[];
  isHealthy(index: number): boolean;
  close(): Promise<void>;
}

const PROBE_MS = 100;

const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
};

interface Way {
  readonly target: Target;
  readonly agent: Agent;
  readonly failed: (reason: string) => void;
}

const pass = (from: IncomingMessage, to: ServerResponse, { target, agent, failed }: Way): void => {
  const { hostname, port } = new URL(target.url);
  const { connection: _ours, ...headers } = from.headers;
  const forwarded = { ...headers, 'x-forwarded-for': from.socket.remoteAddress ?? '', 'x-forwarded-proto': 'https' };
  const passed = send({ hostname, port, method: from.method, path: from.url, headers: forwarded, agent }, (answer) => {
    target.served += 1;
    const { connection: _theirs, 'keep-alive': _time, ...own } = answer.headers;
    to.writeHead(answer.statusCode ?? 502, own);
    answer.pipe(to);
    answer.once('error', (error) => {
      failed(`${target.url} broke off its answer: ${error.message}`);
      to.destroy();
    });
  });
  passed.once('error', (error) => {
    failed(`${target.url}: ${error.message}`);
    if (!to.headersSent) to.writeHead(502).end();
  });
  from.pipe(passed);
};

export const startBalancingProxy = async (urls: readonly string[]): Promise<BalancingProxy> => {
  const targets: Target[] = urls.map((url) => ({ url, healthy: false, served: 0 }));
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const ready = targets.filter(({ healthy }) => healthy);
    const target = ready[(turn += 1) % Math.max(1, ready.length)];
    if (target !== undefined) {
      pass(incoming, outgoing, { target, agent, failed: (reason) => failures.push(reason) });
      return;
    }
    failures.push('no server is ready');
    outgoing.writeHead(503).end();
  });
  const look = async (): Promise<void> => {
    await Promise.all(targets.map(async (target) => (target.healthy = await isReady(target.url))));
  };
  await look();
  const probe = setInterval(() => void look(), PROBE_MS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failures,
    served: () => targets.map(({ served }) => served),
    isHealthy: (index) => targets[index]?.healthy === true,
    close: async () => {
      clearInterval(probe);
      agent.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
