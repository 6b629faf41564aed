import { Agent, request as httpRequest } from 'node:http';
import { cpuTimeOf, median, quantile } from './machine.ts';
import type { RunningServer } from './server-process.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One connection's worth of a workload: what it sends next, and what it learns of the answer. Throws for a bad answer. */
export interface Lane {
  next(): Request;
  took(answer: Answer): void;
}

/** What one measurement of one server gave. Times in milliseconds. */
export interface Sample {
  readonly requests: number;
  readonly perSecond: number;
  readonly cpu: number;
  /** CPU without the thread pool, which computes hashes. */
  readonly cpuOutsidePool: number;
  readonly p50: number;
  readonly p99: number;
}

const agentOf = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends one request on the agent's connection. */
export const send = (agent: Agent, base: string, { method, path, headers, body }: Request): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const content =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = httpRequest(
      `${base}${path}`,
      { agent, method, headers: { ...headers, ...content } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => void chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** Drives every lane on a connection of its own until the time is over; gives the latency of each request. */
const drive = async (base: string, lanes: readonly Lane[], seconds: number): Promise<readonly number[]> => {
  const until = performance.now() + seconds * 1000;
  const latencies: number[] = [];
  const run = async (lane: Lane): Promise<void> => {
    const agent = agentOf();
    try {
      while (performance.now() < until) {
        const from = performance.now();
        lane.took(await send(agent, base, lane.next()));
        latencies.push(performance.now() - from);
      }
    } finally {
      agent.destroy();
    }
  };
  await Promise.all(lanes.map(run));
  return latencies;
};

/** Loads a server and measures what it costs it. */
export const measure = async (server: RunningServer, lanes: readonly Lane[], seconds: number): Promise<Sample> => {
  const before = cpuTimeOf(server.pid);
  const from = performance.now();
  const latencies = await drive(server.url, lanes, seconds);
  const elapsed = (performance.now() - from) / 1000;
  const after = cpuTimeOf(server.pid);
  const total = after.total - before.total;
  const requests = latencies.length;
  return {
    requests,
    perSecond: requests / elapsed,
    cpu: total / requests,
    cpuOutsidePool: (total - (after.pool - before.pool)) / requests,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
};

/** The median of each figure over the rounds. */
export const middle = (samples: readonly Sample[]): Sample => {
  const of = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  return {
    requests: samples.reduce((sum, sample) => sum + sample.requests, 0),
    perSecond: of((sample) => sample.perSecond),
    cpu: of((sample) => sample.cpu),
    cpuOutsidePool: of((sample) => sample.cpuOutsidePool),
    p50: of((sample) => sample.p50),
    p99: of((sample) => sample.p99),
  };
};
