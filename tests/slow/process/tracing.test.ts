import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { build, Place } from './server-process.ts';

let place: Place;
let receiver: OtlpReceiver;
beforeAll(build);
beforeEach(async () => {
  place = new Place();
  receiver = await startOtlpReceiver();
});
afterEach(async () => {
  await place.remove();
  await receiver.close();
});

/** Writes down every module that the process loads. */
const HOOK = `import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED_FILES, url + '\\n'); return next(url, context); } });
`;

/** Something that every module of OpenTelemetry's SDK, bundled or not, holds or is named after. Its bare API comes with prom-client. */
const SIGNS = /@opentelemetry\/(?!api)|BatchSpanProcessor|OTLPTraceExporter/;

const started = async (settings: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const hook = join(place.directory, 'hook.mjs');
  const loaded = join(place.directory, 'loaded.txt');
  writeFileSync(hook, HOOK);
  const server = await place.start({
    NODE_OPTIONS: `--import=${pathToFileURL(hook).href}`,
    LOADED_FILES: loaded,
    ...settings,
  });
  await server.ready();
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'query FromProcess { signInOptions { setupRequired } }' }),
  });
  expect(answer.status).toBe(200);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  const files = readFileSync(loaded, 'utf8').trim().split('\n');
  expect(files.length).toBeGreaterThan(3);
  return files.filter((url) => {
    if (SIGNS.test(url)) return true;
    const path = url.startsWith('file:') ? fileURLToPath(url) : '';
    return existsSync(path) && path.includes('/dist/') && SIGNS.test(readFileSync(path, 'utf8'));
  });
};

test('without an endpoint no module of OpenTelemetry is loaded', async () => {
  expect(await started({})).toEqual([]);
});

test('with one, spans arrive at the collector, the last ones while the process stops; the log is in files as well', async () => {
  const logs = join(place.directory, 'logs');
  mkdirSync(logs, { mode: 0o777 });
  expect(
    await started({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, LOG_FILE: join(logs, 'gatehouse.log') }),
  ).not.toEqual([]);
  expect(receiver.spans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['POST /graphql', 'query FromProcess']),
  );
  const [file = '', ...more] = readdirSync(logs);
  expect([file, more]).toEqual(['gatehouse.1.log', []]);
  const lines = readFileSync(join(logs, file), 'utf8').trim().split('\n');
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(expect.arrayContaining(['ready', 'request completed', 'stopping', 'stopped']));
});
