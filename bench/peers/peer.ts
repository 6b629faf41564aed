import { Agent } from 'node:http';
import type { BenchDatabase } from '../database.ts';
import { type Answer, type Lane, type Request, send } from '../load.ts';
import type { RunningServer } from '../server-process.ts';

/** What is asked of everybody: signing in by password, who one is, and a page of 100 users. */
export interface Workload {
  readonly signIn: () => Lane;
  readonly session: () => Lane;
  readonly list: () => Lane;
}

export const PARTS = ['signIn', 'session', 'list'] as const;

/** Where another server is installed, and what it has to do with. */
export interface Place {
  /** Of `npm install`. */
  readonly folder: string;
  /** For logs. */
  readonly work: string;
  readonly bench: BenchDatabase;
  readonly users: number;
}

/** Another server that does the same. It is not among our dependencies. */
export interface Peer {
  /** Its package at npm. */
  readonly name: string;
  /** Starts it on a database of its own, full of users with the password of all. */
  start(place: Place): Promise<RunningServer>;
  workload(server: RunningServer, users: number): Promise<Workload>;
}

export const request = (method: 'GET' | 'POST', path: string, headers: Request['headers'], body?: object): Request => ({
  method,
  path,
  headers,
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

/** Throws for an answer without that text: the figure of a wrong answer would be worth nothing. */
export const lane = (next: () => Request, holds: string): Lane => ({
  next,
  took: ({ status, text }: Answer) => {
    if (status !== 200 || !text.includes(holds)) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
  },
});

/** One request on a connection of its own. */
export const ask = async (server: RunningServer, one: Request): Promise<Answer> => {
  const agent = new Agent();
  try {
    return await send(agent, server.url, one);
  } finally {
    agent.destroy();
  }
};

/** A database of that name beside ours. */
export const databaseBeside = async ({ bench }: Place, name: string): Promise<string> => {
  await bench.database.query(`create database ${name}`);
  const url = new URL(bench.url);
  url.pathname = `/${name}`;
  return url.href;
};
