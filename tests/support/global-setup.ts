import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import 'reflect-metadata';
import { systemClock } from '../../src/clock.ts';
import { Database } from '../../src/database/database.ts';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.ts';
import { SchemaMigrator } from '../../src/database/migrator.ts';
import { PostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database server to clone test databases on. */
    adminUrl: string;
  }
}

export const TEMPLATE = 'gatehouse_template';

// The script has no types of its own.
const buildScript = (await import(new URL('../../scripts/build-templates.mjs', import.meta.url).href)) as {
  ensureTemplates(): Promise<void>;
};

/**
 * Where the server keeps its files: in memory where there is room and nothing else is asked for, because each test file has a database
 * of its own, and a file system on disk takes a fifth of the whole time to make and remove their files.
 */
const roomyDirectory = (): string => {
  const memory = '/dev/shm';
  if (process.env['TMPDIR'] !== undefined || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= 2 * 1024 ** 3 ? memory : tmpdir();
};

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** The server that TEST_DATABASE_URL names, one of the release that TEST_POSTGRES brings, or the embedded one. */
const startServer = async (): Promise<Server> => {
  const external = process.env['TEST_DATABASE_URL'];
  if (external !== undefined) return { url: external, stop: () => Promise.resolve() };
  if (process.env['TEST_POSTGRES'] !== undefined) {
    const server = await PostgresServer.primary(roomyDirectory());
    return { url: server.url('postgres'), stop: () => server.stop() };
  }
  const directory = mkdtempSync(join(roomyDirectory(), 'gatehouse-test-'));
  const embedded = await startEmbeddedPostgres({ directory, durable: false, clock: systemClock, log: () => undefined });
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** One server for all test files, with a migrated template that each file clones. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  await buildScript.ensureTemplates();
  const server = await startServer();
  const adminUrl = server.url;
  const template = new URL(adminUrl);
  template.pathname = `/${TEMPLATE}`;
  const admin = await Database.connect({ url: adminUrl });
  await admin.query(`drop database if exists ${TEMPLATE}`);
  await admin.query(`create database ${TEMPLATE}`);
  await admin.close();
  const database = await Database.connect({ url: template.href });
  await new SchemaMigrator(database).up();
  await database.close();
  project.provide('adminUrl', adminUrl);
  return () => server.stop();
};
