import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { playgroundPlugin } from '../../../src/http/playground.ts';
import { securityHeaders } from '../../../src/http/security-headers.ts';

const home = mkdtempSync(join(tmpdir(), 'gatehouse-playground-'));
const directory = join(home, 'playground');
const script = 'console.log("gate");'.repeat(50);
let app: FastifyInstance;

const serve = async (folder: string): Promise<FastifyInstance> => {
  app = fastify();
  securityHeaders(app);
  await app.register(playgroundPlugin, { directory: folder });
  app.get('/elsewhere', async () => 'elsewhere');
  return app;
};

beforeAll(() => {
  mkdirSync(join(directory, 'assets'), { recursive: true });
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Gatehouse playground</title>');
  writeFileSync(join(directory, 'assets', 'index-abc123.js'), script);
  writeFileSync(join(directory, 'assets', 'index-abc123.js.gz'), gzipSync(script));
  writeFileSync(join(directory, '.env'), 'FORBIDDEN FRUIT');
  writeFileSync(join(home, 'outside.txt'), 'FORBIDDEN FRUIT');
});
afterEach(async () => app.close());
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the playground is served', () => {
  test('with and without the trailing slash, never from a cache without asking', async () => {
    const server = await serve(directory);
    for (const url of ['/playground', '/playground/']) {
      const answer = await server.inject({ url });
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toContain('text/html');
      expect(answer.headers['cache-control']).toBe('no-cache');
      expect(answer.body).toContain('Gatehouse playground');
    }
  });

  test('with its assets immutable and already compressed', async () => {
    const server = await serve(directory);
    const plain = await server.inject({ url: '/playground/assets/index-abc123.js' });
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(plain.body).toBe(script);
    const packed = await server.inject({
      url: '/playground/assets/index-abc123.js',
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers['content-type']).toContain('application/javascript');
    expect(packed.headers['vary']).toMatch(/accept-encoding/i);
    expect(packed.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(packed.rawPayload.length).toBeLessThan(script.length);
  });

  test('under its own content security policy, also beside the policy of the other routes', async () => {
    const server = await serve(directory);
    const policies = await Promise.all(
      ['/playground', '/playground/assets/index-abc123.js', '/playground/nothing', '/elsewhere'].map(
        async (url) => (await server.inject({ url })).headers['content-security-policy'],
      ),
    );
    expect(new Set(policies.slice(0, 3)).size).toBe(1);
    expect(policies[0]).toBe(
      "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; " +
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(policies[3]).not.toBe(policies[0]);
  });
});

describe('whatever else is asked for', () => {
  test.each([
    '/playground/nothing.js',
    '/playground/assets/',
    '/playground/assets',
    '/playground/.env',
    '/playground/%2e%2e/outside.txt',
    '/playground/..%2foutside.txt',
    '/playground/assets/..%2f..%2f..%2foutside.txt',
    '/playground/assets%5c..%5c..%5c..%5coutside.txt',
    '/playground//etc/passwd',
    '/playground/%00',
    '/playground/%ff',
  ])('%s gives a client error without a file', async (url) => {
    const server = await serve(directory);
    const answer = await server.inject({ url });
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.body).not.toMatch(/FORBIDDEN FRUIT|root:/);
  });

  test('a name longer than any file system allows is a missing file', async () => {
    const server = await serve(directory);
    expect((await server.inject({ url: `/playground/${'a'.repeat(5000)}` })).statusCode).toBe(404);
  });

  test('a missing file answers with its code', async () => {
    const server = await serve(directory);
    const answer = await server.inject({ url: '/playground/nothing.js' });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({
      errors: [{ message: 'The playground has no such file.', extensions: { code: 'NOT_FOUND' } }],
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('a change is refused as an unknown address', async () => {
    const server = await serve(directory);
    const answer = await server.inject({ method: 'POST', url: '/playground', payload: {} });
    expect(answer.statusCode).toBe(404);
  });
});

describe('without a build', () => {
  test('every address says what to do, and works as soon as the build is there', async () => {
    const later = join(home, 'later');
    const server = await serve(later);
    for (const url of ['/playground', '/playground/', '/playground/assets/index-abc123.js']) {
      const answer = await server.inject({ url });
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toEqual({
        errors: [
          {
            message: 'The playground is not built. Run `npm run build` and load this page again.',
            extensions: { code: 'SERVICE_UNAVAILABLE' },
          },
        ],
      });
    }
    mkdirSync(later);
    writeFileSync(join(later, 'index.html'), 'built');
    expect((await server.inject({ url: '/playground' })).body).toBe('built');
  });

  test('the default folder is that of the installation', async () => {
    app = fastify();
    await app.register(playgroundPlugin);
    const built = existsSync(join(import.meta.dirname, '../../../dist/playground/index.html'));
    expect((await app.inject({ url: '/playground' })).statusCode).toBe(built ? 200 : 503);
  });
});
