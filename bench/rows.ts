import { Agent } from 'node:http';
import { ADMIN, emailOf } from './dataset.ts';
import { type Lane, measure, middle, type Request, type Sample, send } from './load.ts';
import { median } from './machine.ts';
import type { Options, Part } from './options.ts';
import type { RunningServer } from './server-process.ts';
import { apollo, floor, gatehouse, type Tokens, tokensIn } from './workloads.ts';

/** The servers of one run, all on one database. */
export interface Servers {
  readonly gatehouse: RunningServer;
  readonly gatehousePortable: RunningServer;
  readonly floor: RunningServer;
  readonly apollo: RunningServer;
}

/** One server at one workload. */
export interface Subject {
  readonly label: string;
  readonly server: RunningServer;
  readonly lanes: readonly Lane[];
  /** SQL statements of one request; null: to be counted by the server's own metrics. */
  readonly statements: number | null;
}

export interface Row {
  readonly part: Part;
  readonly subjects: readonly Subject[];
}

export interface Measured extends Sample {
  readonly label: string;
  readonly statements: number;
}

export interface MeasuredRow {
  readonly part: Part;
  readonly subjects: readonly Measured[];
}

/** Sends one request on a connection of its own. */
const once = async (server: RunningServer, request: Request): Promise<string> => {
  const agent = new Agent();
  try {
    return (await send(agent, server.url, request)).text;
  } finally {
    agent.destroy();
  }
};

const signInAll = async (
  server: RunningServer,
  emails: readonly string[],
  request: (email: string) => Request,
): Promise<readonly Tokens[]> => {
  const tokens: Tokens[] = [];
  for (const email of emails) tokens.push(tokensIn(await once(server, request(email))));
  return tokens;
};

/** Who the lanes are: one user for each, and the administrator. */
export interface People {
  readonly gatehouse: readonly Tokens[];
  readonly gatehouseAdmin: Tokens;
  readonly floor: readonly Tokens[];
  readonly floorAdmin: Tokens;
}

export const signInPeople = async (servers: Servers, connections: number): Promise<People> => {
  const emails = Array.from({ length: connections }, (_, index) => emailOf(index));
  const adminAt = async (server: RunningServer, request: (email: string) => Request): Promise<Tokens> =>
    tokensIn(await once(server, request(ADMIN)));
  return {
    gatehouse: await signInAll(servers.gatehouse, emails, gatehouse.signInRequest),
    gatehouseAdmin: await adminAt(servers.gatehouse, gatehouse.signInRequest),
    floor: await signInAll(servers.floor, emails, floor.signInRequest),
    floorAdmin: await adminAt(servers.floor, floor.signInRequest),
  };
};

/** What is measured, row by row. */
export const makeRows = (servers: Servers, people: People, { users, connections }: Options): readonly Row[] => {
  const many = <T>(make: (index: number) => T): readonly T[] => Array.from({ length: connections }, (_, index) => make(index));
  const ours = (lanes: readonly Lane[]): Subject => ({
    label: 'gatehouse',
    server: servers.gatehouse,
    lanes,
    statements: null,
  });
  const floors = (label: string, lanes: readonly Lane[], statements: number): Subject => ({
    label,
    server: servers.floor,
    lanes,
    statements,
  });
  const apollos = (label: string, lanes: readonly Lane[], statements: number): Subject => ({
    label,
    server: servers.apollo,
    lanes,
    statements,
  });
  const [gatehouseAdmin, floorAdmin] = [people.gatehouseAdmin.accessToken, people.floorAdmin.accessToken];
  return [
    {
      part: 'sign-in',
      subjects: [
        floors('floor', many(() => floor.signIn(users)), 2),
        ours(many(() => gatehouse.signIn(users))),
        {
          ...ours(many(() => gatehouse.signIn(users))),
          label: 'gatehouse, portable hash',
          server: servers.gatehousePortable,
        },
      ],
    },
    {
      part: 'refresh',
      subjects: [
        floors('floor', people.floor.map(floor.refresh), 1),
        ours(people.gatehouse.map(gatehouse.refresh)),
      ],
    },
    {
      part: 'viewer',
      subjects: [
        floors('floor', people.floor.map(({ accessToken }) => floor.viewer(accessToken)), 1),
        apollos('lean Apollo', people.floor.map(({ accessToken }) => apollo.viewer(accessToken)), 1),
        ours(people.gatehouse.map(({ accessToken }) => gatehouse.viewer(accessToken))),
        floors('floor, tokens remembered', people.floor.map(({ accessToken }) => floor.viewerRemembered(accessToken)), 1),
        apollos('lean Apollo, tokens remembered', people.floor.map(({ accessToken }) => apollo.viewerRemembered(accessToken)), 1),
      ],
    },
    {
      part: 'list',
      subjects: [
        floors('floor', many(() => floor.list(floorAdmin)), 1),
        apollos('lean Apollo', many(() => apollo.list(floorAdmin)), 3),
        ours(many(() => gatehouse.list(gatehouseAdmin))),
      ],
    },
    {
      part: 'create-user',
      subjects: [
        floors('floor', many(() => floor.createUser(floorAdmin)), 1),
        floors('floor, tokens remembered', many(() => floor.createUserRemembered(floorAdmin)), 1),
        ours(many(() => gatehouse.createUser(gatehouseAdmin))),
      ],
    },
  ];
};

const statementsSoFar = async (server: RunningServer): Promise<number> => {
  const text = await once(server, { method: 'GET', path: '/metrics', headers: {} });
  const found = /^gatehouse_sql_statements (\d+)/m.exec(text);
  if (found === null) throw new Error('The server does not count its SQL statements.');
  return Number(found[1]);
};

/** One request at a time, the fewest statements of several: now and then a statement of the background falls in between. */
const countStatements = async ({ server, lanes, statements }: Subject): Promise<number> => {
  const [lane] = lanes;
  if (statements !== null || lane === undefined) return statements ?? 0;
  const counts: number[] = [];
  const agent = new Agent({ keepAlive: true });
  for (let time = 0; time < 5; time += 1) {
    const before = await statementsSoFar(server);
    lane.took(await send(agent, server.url, lane.next()));
    counts.push((await statementsSoFar(server)) - before);
  }
  agent.destroy();
  return Math.min(...counts);
};

/** Warms every subject up, then measures all of them in turn, round by round. */
export const measureRow = async ({ part, subjects }: Row, { rounds, seconds }: Options): Promise<MeasuredRow> => {
  const all = subjects.map((subject): { subject: Subject; samples: Sample[] } => ({ subject, samples: [] }));
  for (const { subject } of all) await measure(subject.server, subject.lanes, seconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const { subject, samples } of all) samples.push(await measure(subject.server, subject.lanes, seconds));
  }
  const measured: Measured[] = [];
  for (const { subject, samples } of all) {
    measured.push({ label: subject.label, statements: await countStatements(subject), ...middle(samples) });
  }
  return { part, subjects: measured };
};

export interface Bystander {
  readonly quietP50: number;
  readonly busyP50: number;
  readonly ratio: number;
}

/** The p50 of `viewer` on one connection, alone and while 16 others sign in. */
export const measureBystander = async (servers: Servers, people: People, options: Options): Promise<Bystander> => {
  const server = servers.gatehouse;
  const watcher = [gatehouse.viewer(people.gatehouse[0]?.accessToken ?? '')];
  const quiet: number[] = [];
  const busy: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    quiet.push((await measure(server, watcher, options.seconds)).p50);
    const crowd = Array.from({ length: 16 }, () => gatehouse.signIn(options.users));
    const [watched] = await Promise.all([
      measure(server, watcher, options.seconds),
      measure(server, crowd, options.seconds),
    ]);
    busy.push(watched.p50);
  }
  const [quietP50, busyP50] = [median(quiet), median(busy)];
  return { quietP50, busyP50, ratio: busyP50 / quietP50 };
};


