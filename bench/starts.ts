import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { median, pssOf } from './machine.ts';
import { answers, type ServerSpec, startServer } from './server-process.ts';
import { root, type Specs } from './targets.ts';

/** Milliseconds from the start of a process to its first good answer, and the memory of a server that nobody uses. */
export interface Starts {
  readonly gatehouse: number;
  readonly apollo: number;
  readonly floor: number;
  /** `npm start` in an empty data directory, and again in the same one. */
  readonly npmCold: number;
  readonly npmWarm: number;
  /** MiB. */
  readonly idlePss: { readonly gatehouse: number; readonly apollo: number; readonly floor: number };
}

const SETTLE_MS = 3000;
const NPM_RUNS = 3;

const startedIn = async (spec: ServerSpec, work: string): Promise<number> => {
  const server = await startServer(spec, work);
  await server.stop();
  return server.startedIn;
};

const idlePssOf = async (spec: ServerSpec, work: string): Promise<number> => {
  const server = await startServer(spec, work);
  await pause(SETTLE_MS);
  const pss = pssOf(server.pid);
  await server.stop();
  return pss;
};

const firstQuery = { query: '{ signInOptions { setupRequired } }' };

const npmSpec = (dataDirectory: string): ServerSpec => ({
  name: 'npm start',
  command: ['npm', 'start'],
  cwd: root,
  env: { DATA_DIR: dataDirectory },
  group: true,
  probe: (url) => answers(`${url}/graphql`, firstQuery),
});

/** npm ends before the server that it started; the next start must not meet that one. */
const untilGone = async (url: string): Promise<void> => {
  while (await answers(`${url}/healthz`)) await pause(50);
  await pause(500);
};

const measureNpm = async (work: string): Promise<{ cold: number; warm: number }> => {
  const data = mkdtempSync(join(work, 'npm-'));
  const times: number[] = [];
  for (let time = 0; time < 2; time += 1) {
    const server = await startServer(npmSpec(data), work);
    times.push(server.startedIn);
    await server.stop();
    await untilGone(server.url);
  }
  rmSync(data, { recursive: true, force: true });
  return { cold: times[0] ?? Number.NaN, warm: times[1] ?? Number.NaN };
};

/** Starts everything again and again, in turn. */
export const measureStarts = async (specs: Specs, work: string, rounds: number): Promise<Starts> => {
  const times = { gatehouse: [] as number[], apollo: [] as number[], floor: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    times.gatehouse.push(await startedIn(specs.gatehouse, work));
    times.apollo.push(await startedIn(specs.apollo, work));
    times.floor.push(await startedIn(specs.floor, work));
  }
  const npm: { cold: number; warm: number }[] = [];
  for (let round = 0; round < NPM_RUNS; round += 1) npm.push(await measureNpm(work));
  return {
    gatehouse: median(times.gatehouse),
    apollo: median(times.apollo),
    floor: median(times.floor),
    npmCold: median(npm.map((one) => one.cold)),
    npmWarm: median(npm.map((one) => one.warm)),
    idlePss: {
      gatehouse: await idlePssOf(specs.gatehouse, work),
      apollo: await idlePssOf(specs.apollo, work),
      floor: await idlePssOf(specs.floor, work),
    },
  };
};
