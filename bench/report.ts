import type { HashFigures } from './hashes.ts';
import type { Part } from './options.ts';
import type { Bystander, Measured, MeasuredRow } from './rows.ts';
import type { Starts } from './starts.ts';
import type { TreeFigures } from './tree.ts';

/** Everything that a run found. Times in milliseconds, memory in MiB. */
export interface Results {
  readonly at: string;
  readonly machine: string;
  readonly postgres: string;
  readonly users: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly rows: readonly MeasuredRow[];
  readonly starts: Starts | null;
  readonly hashes: readonly HashFigures[] | null;
  readonly tree: TreeFigures | null;
  readonly bystander: Bystander | null;
  readonly peakRss: Readonly<Record<string, number>> | null;
}

/** One figure that a release must keep. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly atMost: number;
  readonly unit: string;
}

const find = (results: Results, part: Part, label: string): Measured | undefined =>
  results.rows.find((row) => row.part === part)?.subjects.find((subject) => subject.label === label);

const OURS = 'gatehouse';

const ratios: readonly {
  readonly name: string;
  readonly part: Part;
  /** What is compared; absent = Gatehouse itself. */
  readonly ours?: string;
  readonly against: string;
  readonly atMost: number;
}[] = [
  { name: 'sign-in, against the floor with the portable hash', part: 'sign-in', against: 'floor', atMost: 0.6 },
  { name: 'viewer with group names, against the floor', part: 'viewer', against: 'floor', atMost: 4.5 },
  { name: 'viewer with group names, against lean Apollo', part: 'viewer', against: 'lean Apollo', atMost: 2.2 },
  { name: 'viewer by API key, against bearer', part: 'viewer', ours: 'gatehouse, API key', against: OURS, atMost: 1.1 },
  { name: 'list of 100, against lean Apollo', part: 'list', against: 'lean Apollo', atMost: 1.2 },
  { name: 'refresh, against the floor', part: 'refresh', against: 'floor', atMost: 6 },
  { name: 'create user, against the floor', part: 'create-user', against: 'floor', atMost: 7 },
];

const statements: readonly { readonly part: Part; readonly atMost: number }[] = [
  { part: 'viewer', atMost: 1 },
  { part: 'list', atMost: 4 },
  { part: 'sign-in', atMost: 6 },
  { part: 'refresh', atMost: 3 },
  { part: 'create-user', atMost: 8 },
];

const figuresOfRows = (results: Results): readonly Figure[] => [
  ...ratios.flatMap(({ name, part, ours: subject = OURS, against, atMost }) => {
    const [ours, other] = [find(results, part, subject), find(results, part, against)];
    return ours === undefined || other === undefined
      ? []
      : [{ name: `CPU of ${name}`, value: ours.cpu / other.cpu, atMost, unit: 'times' }];
  }),
  ...['sign-in' as const].flatMap((part) => {
    const ours = find(results, part, OURS);
    return ours === undefined
      ? []
      : [{ name: 'CPU of sign-in outside the hash', value: ours.cpuOutsidePool, atMost: 3, unit: 'ms' }];
  }),
  ...statements.flatMap(({ part, atMost }) => {
    const ours = find(results, part, OURS);
    return ours === undefined ? [] : [{ name: `SQL statements of ${part}`, value: ours.statements, atMost, unit: '' }];
  }),
];

const figuresOfStarts = ({ starts }: Results): readonly Figure[] =>
  starts === null
    ? []
    : [
        { name: 'npm start to first answer, cold', value: starts.npmCold, atMost: 4000, unit: 'ms' },
        { name: 'npm start to first answer, warm', value: starts.npmWarm, atMost: 2500, unit: 'ms' },
        { name: 'built server, process start to ready', value: starts.gatehouse, atMost: 900, unit: 'ms' },
        { name: 'the same, against lean Apollo', value: starts.gatehouse / starts.apollo, atMost: 2, unit: 'times' },
        { name: 'idle PSS', value: starts.idlePss.gatehouse, atMost: 110, unit: 'MiB' },
      ];

/** The figures that were measured, each with what it must not exceed. */
const figuresOf = (results: Results): readonly Figure[] => [
  ...figuresOfRows(results),
  ...figuresOfStarts(results),
  ...(results.peakRss === null
    ? []
    : [{ name: 'peak RSS under load', value: results.peakRss[OURS] ?? Number.NaN, atMost: 400, unit: 'MiB' }]),
  ...(results.tree === null
    ? []
    : [{ name: 'permission tree on the list', value: results.tree.overhead * 100, atMost: 5, unit: '% more' }]),
  ...(results.bystander === null
    ? []
    : [
        {
          name: 'p50 of viewer while 16 sign in, against quiet',
          value: results.bystander.ratio,
          atMost: 2,
          unit: 'times',
        },
      ]),
];

const fixed = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

const tableOf = (headings: readonly string[], lines: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const rowTable = ({ part, subjects }: MeasuredRow): string => {
  const ours = subjects.find((subject) => subject.label === OURS);
  const headings = [part, 'CPU ms', 'outside the pool', 'requests/s', 'p50 ms', 'p99 ms', 'SQL', 'gatehouse is'];
  return tableOf(
    headings,
    subjects.map((one) => [
      one.label,
      one.cpu.toFixed(3),
      one.cpuOutsidePool.toFixed(3),
      one.perSecond.toFixed(0),
      fixed(one.p50),
      fixed(one.p99),
      String(one.statements),
      ours === undefined || one === ours ? '' : `${(ours.cpu / one.cpu).toFixed(2)} times`,
    ]),
  );
};

/** The whole run as Markdown, targets first. */
export const reportOf = (results: Results): string => {
  const { starts, hashes, tree, bystander, peakRss } = results;
  const facts = [
    ...(hashes ?? []).map(
      ({ library, perSecond, cpu }) =>
        `Raw verifications, ${library}: ${perSecond.toFixed(1)}/s, ${cpu.toFixed(1)} ms CPU each.`,
    ),
    ...(starts === null
      ? []
      : [
          `Process start to ready: gatehouse ${starts.gatehouse.toFixed(0)} ms, lean Apollo ${starts.apollo.toFixed(0)} ms, floor ${starts.floor.toFixed(0)} ms.`,
          `Idle PSS: gatehouse ${fixed(starts.idlePss.gatehouse)} MiB, lean Apollo ${fixed(starts.idlePss.apollo)} MiB, floor ${fixed(starts.idlePss.floor)} MiB.`,
        ]),
    ...(tree === null
      ? []
      : [
          `The list, execute() alone: guarded ${tree.guarded.toFixed(2)} ms, unguarded ${tree.unguarded.toFixed(2)} ms.`,
        ]),
    ...(bystander === null
      ? []
      : [`p50 of viewer: quiet ${fixed(bystander.quietP50)} ms, while 16 sign in ${fixed(bystander.busyP50)} ms.`]),
    ...(peakRss === null
      ? []
      : [
          `Peak RSS: ${Object.entries(peakRss)
            .map(([name, value]) => `${name} ${fixed(value)} MiB`)
            .join(', ')}.`,
        ]),
  ];
  const targets = tableOf(
    ['figure', 'measured', 'at most', ''],
    figuresOf(results).map(({ name, value, atMost, unit }) => [
      name,
      `${fixed(value)} ${unit}`.trim(),
      `${atMost} ${unit}`.trim(),
      value <= atMost ? 'PASS' : 'MISS',
    ]),
  );
  const about = `${results.at}, ${results.machine}, PostgreSQL ${results.postgres}, ${results.users} users, ${results.rounds} rounds of ${results.seconds} s, ${results.connections} connections`;
  return [
    about,
    targets,
    ...results.rows.map(rowTable),
    ...(facts.length === 0 ? [] : [facts.map((fact) => `- ${fact}`).join('\n')]),
  ].join('\n\n');
};
