import { Agent } from 'node:http';
import { ADMIN, emailOf, keyOf } from './dataset.ts';
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

const signInAdmin = async (server: RunningServer, request: (email: string) => Request): Promise<Tokens> =>
  tokensIn(await once(server, request(ADMIN)));

/** Who the lanes are: one user for each, and the administrator. */
export interface People {
  readonly gatehouse: readonly Tokens[];
  readonly gatehouseAdmin: Tokens;
  readonly floor: readonly Tokens[];
  readonly floorAdmin: Tokens;
}

export const signInPeople = async (servers: Servers, connections: number): Promise<People> => {
  const emails = Array.from({ length: connections }, (_, index) => emailOf(index));
  return {
    gatehouse: await signInAll(servers.gatehouse, emails, gatehouse.signInRequest),
    gatehouseAdmin: await signInAdmin(servers.gatehouse, gatehouse.signInRequest),
    floor: await signInAll(servers.floor, emails, floor.signInRequest),
    floorAdmin: await signInAdmin(servers.floor, floor.signInRequest),
  };
};

/** A server as a subject of a row; the statements of our own are counted by the server's own metrics. */
const subjectAt =
  (server: RunningServer) =>
  (label: string, lanes: readonly Lane[], statements: number | null): Subject => ({ label, server, lanes, statements });

const tokensOf = (people: readonly Tokens[]): readonly string[] => people.map(({ accessToken }) => accessToken);

const repeated = (times: number, make: () => Lane): readonly Lane[] => Array.from({ length: times }, make);

const sessionRows = (servers: Servers, people: People, { users, connections }: Options): readonly Row[] => [
  {
    part: 'sign-in',
    subjects: [
      subjectAt(servers.floor)(
        'floor',
        repeated(connections, () => floor.signIn(users)),
        2,
      ),
      subjectAt(servers.gatehouse)(
        'gatehouse',
        repeated(connections, () => gatehouse.signIn(users)),
        null,
      ),
      subjectAt(servers.gatehousePortable)(
        'gatehouse, portable hash',
        repeated(connections, () => gatehouse.signIn(users)),
        null,
      ),
    ],
  },
  {
    part: 'refresh',
    subjects: [
      subjectAt(servers.floor)('floor', people.floor.map(floor.refresh), 1),
      subjectAt(servers.gatehouse)('gatehouse', people.gatehouse.map(gatehouse.refresh), null),
    ],
  },
];

const viewerRow = (servers: Servers, people: People): Row => {
  const tokens = tokensOf(people.floor);
  const [atFloor, atApollo] = [subjectAt(servers.floor), subjectAt(servers.apollo)];
  const atGatehouse = subjectAt(servers.gatehouse);
  return {
    part: 'viewer',
    subjects: [
      atFloor('floor', tokens.map(floor.viewer), 1),
      atApollo('lean Apollo', tokens.map(apollo.viewer), 1),
      atGatehouse('gatehouse', tokensOf(people.gatehouse).map(gatehouse.viewer), null),
      atGatehouse(
        'gatehouse, API key',
        people.gatehouse.map((_, index) => gatehouse.viewer(keyOf(index))),
        null,
      ),
      atFloor('floor, tokens remembered', tokens.map(floor.viewerRemembered), 1),
      atApollo('lean Apollo, tokens remembered', tokens.map(apollo.viewerRemembered), 1),
    ],
  };
};

const administrationRows = (servers: Servers, people: People, { connections }: Options): readonly Row[] => {
  const [ours, theirs] = [people.gatehouseAdmin.accessToken, people.floorAdmin.accessToken];
  const lanes = (make: () => Lane): readonly Lane[] => repeated(connections, make);
  const [atFloor, atGatehouse] = [subjectAt(servers.floor), subjectAt(servers.gatehouse)];
  const listAtApollo = lanes(() => apollo.list(theirs));
  const createAtFloor = lanes(() => floor.createUser(theirs));
  const createRemembered = lanes(() => floor.createUserRemembered(theirs));
  const listAtFloor = lanes(() => floor.list(theirs));
  const listAtOurs = lanes(() => gatehouse.list(ours));
  const createAtOurs = lanes(() => gatehouse.createUser(ours));
  return [
    {
      part: 'list',
      subjects: [
        atFloor('floor', listAtFloor, 1),
        subjectAt(servers.apollo)('lean Apollo', listAtApollo, 3),
        atGatehouse('gatehouse', listAtOurs, null),
      ],
    },
    {
      part: 'create-user',
      subjects: [
        atFloor('floor', createAtFloor, 1),
        atFloor('floor, tokens remembered', createRemembered, 1),
        atGatehouse('gatehouse', createAtOurs, null),
      ],
    },
  ];
};

/** What is measured, row by row. */
export const makeRows = (servers: Servers, people: People, options: Options): readonly Row[] => [
  ...sessionRows(servers, people, options),
  viewerRow(servers, people),
  ...administrationRows(servers, people, options),
];

const statementsSoFar = async (server: RunningServer): Promise<number> => {
  const text = await once(server, { method: 'GET', path: '/metrics', headers: {} });
  const found = /^gatehouse_sql_statements_total (\d+)/m.exec(text);
  if (found === null) throw new Error('The server does not count its SQL statements.');
  return Number(found[1]);
};

/** What asking for the metrics itself costs in statements. */
const statementsOfAsking = async (server: RunningServer): Promise<number> => {
  const counts: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    const before = await statementsSoFar(server);
    counts.push((await statementsSoFar(server)) - before);
  }
  return Math.min(...counts);
};

/** One request at a time, the fewest statements of several: now and then a statement of the background falls in between. */
const countStatements = async ({ server, lanes, statements }: Subject): Promise<number> => {
  const [lane] = lanes;
  if (statements !== null || lane === undefined) return statements ?? 0;
  const counts: number[] = [];
  const asking = await statementsOfAsking(server);
  const agent = new Agent({ keepAlive: true });
  for (let time = 0; time < 5; time += 1) {
    const before = await statementsSoFar(server);
    lane.took(await send(agent, server.url, lane.next()));
    counts.push((await statementsSoFar(server)) - before - asking);
  }
  agent.destroy();
  return Math.min(...counts);
};

const WARM_UP_REQUESTS = 300;
const WARM_UP_AT_MOST_SECONDS = 12;

/** Until the code that runs has been compiled: sign-ins are slow enough to need longer than a round for that. */
const warmUp = async ({ server, lanes }: Subject, seconds: number): Promise<void> => {
  const until = performance.now() + WARM_UP_AT_MOST_SECONDS * 1000;
  let requests = 0;
  while (requests < WARM_UP_REQUESTS && performance.now() < until) {
    requests += (await measure(server, lanes, seconds)).requests;
  }
};

/** Warms every subject up, then measures all of them in turn, round by round. */
export const measureRow = async ({ part, subjects }: Row, { rounds, seconds }: Options): Promise<MeasuredRow> => {
  const all = subjects.map((subject): { subject: Subject; samples: Sample[] } => ({ subject, samples: [] }));
  for (const { subject } of all) await warmUp(subject, seconds);
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
