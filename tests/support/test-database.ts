import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { Database } from '../../src/database/database.ts';
import { TEMPLATE } from './global-setup.ts';

/** A database of its own for one test file: a clone of the migrated template, dropped at the end. */
export const createTestDatabase = async (): Promise<{ url: string; drop(): Promise<void> }> => {
  const adminUrl = inject('adminUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = await Database.connect({ url: adminUrl, poolSize: 1 });
  await admin.query(`create database ${name} template ${TEMPLATE} strategy file_copy`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await admin.query(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
};
