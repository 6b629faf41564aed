import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decisionDocuments } from '../../../packages/client/src/index.ts';
import { documentNamed, hashOf } from '../../support/documents.ts';
import { type Cluster, type Ran, startCluster } from './cli-fixture.ts';

describe('documents', () => {
  let cluster: Cluster;
  let url = '';

  const run = (...args: readonly string[]): Promise<Ran> => cluster.run(['documents', ...args], { DATABASE_URL: url });
  const file = async (content: unknown): Promise<string> => {
    const path = join(cluster.directory, 'persisted-documents.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const manifest = (...texts: readonly string[]): Readonly<Record<string, string>> =>
    Object.fromEntries(texts.map((text) => [hashOf(text), text]));

  beforeAll(async () => {
    cluster = await startCluster();
    url = await cluster.newDatabase();
    await cluster.run(['migrate', 'up'], { DATABASE_URL: url });
  });
  afterAll(() => cluster.stop());

  test('registers a manifest, lists it, and disables what is named', async () => {
    const path = await file(manifest(documentNamed('First'), documentNamed('Second')));
    expect(await run('register', path, '--client', 'web')).toEqual({
      exitCode: 0,
      out: ['2 documents can be run, 2 new.'],
      notes: [],
    });
    expect((await run('register', path, '--client', 'web')).out).toEqual(['2 documents can be run, 0 new.']);
    const { out } = await run('list', '--search', 'second');
    expect(out).toEqual([
      expect.stringMatching(
        new RegExp(`^[0-9a-f-]{36} Second of web: never run, sha256:${hashOf(documentNamed('Second'))}$`),
      ),
    ]);
    const [id = ''] = (out[0] ?? '').split(' ');
    expect((await run('disable', id)).exitCode).toBe(0);
    expect((await run('list', '--disabled')).out).toEqual([expect.stringContaining(`${id} Second of web: disabled`)]);
    expect((await run('list', '--client', 'web', '--unused-since', '2026-01-31T09:00:00Z')).out).toHaveLength(2);
    const audit = await cluster.query<{ action: string; actor_type: string }>(
      url,
      `select action, actor_type from audit_events where action like 'document.%' order by id`,
    );
    expect(audit.map(({ action, actor_type: actor }) => `${action} by ${actor}`)).toEqual([
      'document.registered by System',
      'document.registered by System',
      'document.disabled by System',
    ]);
  });

  test("takes what codegen's persistedDocuments writes, and what the client sends", { timeout: 60_000 }, async () => {
    const { generate } = await import('@graphql-codegen/cli');
    const files = await generate(
      {
        schema: 'type Query { viewer: Viewer } type Viewer { user: User } type User { id: ID! displayName: String }',
        documents: ['query Mine { viewer { user { ...Named } } } fragment Named on User { id displayName }'],
        silent: true,
        generates: {
          './': { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } } },
        },
      },
      false,
    );
    const written = (files as { filename: string; content: string }[]).find(({ filename }) =>
      filename.endsWith('persisted-documents.json'),
    );
    expect((await run('register', await file(written?.content ?? ''))).out).toEqual(['1 document can be run, 1 new.']);
    expect((await run('register', await file(decisionDocuments))).exitCode).toBe(0);
    expect((await run('list', '--search', 'decide')).out).toHaveLength(1);
  });

  test('of a large manifest registers all', async () => {
    const texts = Array.from({ length: 501 }, (_, index) => documentNamed(`Large${index}`));
    const { out } = await run('register', await file(manifest(...texts)));
    expect(out).toEqual(['501 documents can be run, 501 new.']);
    expect((await run('list', '--search', 'Large')).out).toHaveLength(501);
  });

  test('lists what is wrong, and registers none of them', async () => {
    const sound = documentNamed('Sound');
    const path = await file({ ...manifest(sound, '{ everything }'), abc: sound });
    const { exitCode, notes } = await run('register', path);
    expect([exitCode, notes]).toEqual([
      1,
      [
        expect.stringContaining(`${hashOf('{ everything }')}: Cannot query field "everything"`),
        'abc: DOCUMENT_HASH_MISMATCH',
        'Refused, see above.',
      ],
    ]);
    expect((await run('list', '--search', 'Sound')).out).toEqual([]);
    const missing = '00000000-0000-7000-8000-000000000000';
    expect((await run('disable', missing)).notes).toEqual([`${missing}: TARGET_NOT_FOUND`, 'Refused, see above.']);
  });

  test('of a large manifest registers nothing when one document is wrong, and lists each that is', async () => {
    const texts = Array.from({ length: 1001 }, (_, index) => documentNamed(`Whole${index}`));
    const { exitCode, notes } = await run('register', await file({ ...manifest(...texts, '{ a }', '{ b }'), abc: '' }));
    expect([exitCode, notes]).toEqual([
      1,
      [
        expect.stringContaining(`${hashOf('{ a }')}: Cannot query field "a"`),
        expect.stringContaining(`${hashOf('{ b }')}: Cannot query field "b"`),
        'abc: DOCUMENT_HASH_MISMATCH',
        'Refused, see above.',
      ],
    ]);
    expect((await run('list', '--search', 'Whole')).out).toEqual([]);
  });

  test('of a large manifest registers nothing when the database fails half-way, and all when run again', async () => {
    const texts = Array.from({ length: 1001 }, (_, index) => documentNamed(`Broken${index}`));
    const path = await file(manifest(...texts));
    const began = new Date();
    await cluster.query(
      url,
      `alter table trusted_documents add constraint not_yet check (operation_name <> 'Broken800')`,
    );
    expect((await run('register', path)).exitCode).not.toBe(0);
    expect((await run('list', '--search', 'Broken')).out).toEqual([]);
    const lines = `select id from audit_events where action = 'document.registered' and at > '${began.toISOString()}'`;
    expect(await cluster.query(url, lines)).toEqual([]);
    await cluster.query(url, 'alter table trusted_documents drop constraint not_yet');
    expect((await run('register', path)).out).toEqual(['1001 documents can be run, 1001 new.']);
    expect(await cluster.query(url, lines)).toHaveLength(1001);
  });

  test.each([
    ['no JSON', '{'],
    ['a list', ['{ health { status } }']],
    ['a map of something else', { abc: { text: 'x' } }],
    ['nothing', {}],
  ])('takes no file that holds %s', async (_what, content) => {
    expect((await run('register', await file(content))).exitCode).toBe(2);
  });

  test('takes no file that is not there, and no time that is none', async () => {
    expect((await run('register', join(cluster.directory, 'missing.json'))).notes[0]).toContain('ENOENT');
    for (const time of ['yesterday', '2026-01-31T09:00:00']) {
      expect((await run('list', '--unused-since', time)).exitCode).toBe(2);
    }
  });
});
