import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const promtool = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'promtool'))
  .find((path) => existsSync(path));

/** A developer's machine may lack it; the build server must not pass without it. */
const isMissing = promtool === undefined && process.env['CI'] === undefined;

const run = promisify(execFile);
const file = join(import.meta.dirname, '../../deploy/prometheus/alerts.yml');

interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const { groups } = parse(readFileSync(file, 'utf8')) as { readonly groups: readonly { readonly rules: Rule[] }[] };
const rules = groups.flatMap(({ rules: own }) => own);

type Labels = Readonly<Record<string, string>>;
/** Name with labels, and a value each minute in the words of promtool: `0x5 1x30` is six times 0, then 1. */
type Series = Readonly<Record<string, string>>;

interface Case {
  readonly alert: string;
  readonly series: Series;
  /** Minutes at which nothing is raised yet, or any more. */
  readonly quietAt: readonly number[];
  readonly raisedAt: number;
  /** Beside the severity. */
  readonly labels: Labels;
}

const ONE = 'job="gatehouse",instance="a"';
const job = { job: 'gatehouse' };
const replica = { ...job, instance: 'a' };
const requests = 'gatehouse_graphql_requests_total';
const buckets = 'gatehouse_graphql_request_duration_seconds_bucket';

const cases: readonly Case[] = [
  {
    alert: 'GatehouseAway',
    series: { [`up{${ONE}}`]: '1x5 0x10' },
    quietAt: [5, 7],
    raisedAt: 9,
    labels: replica,
  },
  { alert: 'GatehouseAway', series: { 'up{job="another"}': '1x10' }, quietAt: [1], raisedAt: 3, labels: job },
  {
    alert: 'GatehousePartDown',
    series: { [`gatehouse_part_up{${ONE},part="database"}`]: '1x5 0x5 1x5' },
    quietAt: [5, 12],
    raisedAt: 8,
    labels: { ...replica, part: 'database' },
  },
  {
    alert: 'GatehousePartDegraded',
    series: { [`gatehouse_part_up{${ONE},part="mail"}`]: '1x5 0x20' },
    quietAt: [5, 14],
    raisedAt: 17,
    labels: { ...replica, part: 'mail' },
  },
  {
    alert: 'GatehouseErrors',
    series: {
      [`${requests}{${ONE},code="OK"}`]: '0+600x40',
      [`${requests}{${ONE},code="SERVICE_UNAVAILABLE"}`]: '0x10 0+20x29',
    },
    quietAt: [10, 13],
    raisedAt: 20,
    labels: job,
  },
  {
    alert: 'GatehouseUnforeseenError',
    series: { [`gatehouse_errors_total{${ONE},code="INTERNAL_SERVER_ERROR"}`]: '0x5 1x30' },
    quietAt: [5, 17],
    raisedAt: 7,
    labels: job,
  },
  {
    alert: 'GatehouseSlow',
    series: {
      [`${buckets}{${ONE},field="users",le="1"}`]: '0+90x30',
      [`${buckets}{${ONE},field="users",le="2.5"}`]: '0+100x30',
      [`${buckets}{${ONE},field="users",le="+Inf"}`]: '0+100x30',
    },
    quietAt: [5],
    raisedAt: 15,
    labels: job,
  },
  {
    alert: 'GatehouseSheds',
    series: { [`gatehouse_requests_shed_total{${ONE},reason="event-loop"}`]: '0x5 0+3x20' },
    quietAt: [5, 8],
    raisedAt: 15,
    labels: { ...job, reason: 'event-loop' },
  },
  {
    alert: 'GatehouseEventLoopLate',
    series: { [`gatehouse_event_loop_delay_seconds{${ONE}}`]: '0.01x5 0.3x15' },
    quietAt: [5, 10],
    raisedAt: 12,
    labels: replica,
  },
  {
    alert: 'GatehouseSignInsFail',
    series: {
      [`gatehouse_sign_ins_total{${ONE},outcome="SUCCESS",method="PASSWORD"}`]: '0+10x40',
      [`gatehouse_sign_ins_total{${ONE},outcome="WRONG_PASSWORD",method="PASSWORD"}`]: '0x5 0+120x34',
    },
    quietAt: [5, 14],
    raisedAt: 30,
    labels: job,
  },
  {
    alert: 'GatehouseTokenReuse',
    series: { [`gatehouse_audit_events_total{${ONE},action="refresh-token.reused"}`]: '0x5 5x30' },
    quietAt: [5, 22],
    raisedAt: 8,
    labels: job,
  },
  {
    alert: 'GatehouseHashesRefused',
    series: { [`gatehouse_password_hashes_refused_total{${ONE}}`]: '0x5 0+6x20' },
    quietAt: [5, 8],
    raisedAt: 15,
    labels: job,
  },
  {
    alert: 'GatehousePoolExhausted',
    series: { [`gatehouse_sql_pool_connections{${ONE},state="waiting"}`]: '0x5 4x10' },
    quietAt: [5, 8],
    raisedAt: 10,
    labels: { ...replica, state: 'waiting' },
  },
  {
    alert: 'GatehouseSlowStatements',
    series: { [`gatehouse_sql_slow_total{${ONE}}`]: '0+30x40' },
    quietAt: [5],
    raisedAt: 15,
    labels: job,
  },
  {
    alert: 'GatehouseReplicaUnused',
    series: {
      [`gatehouse_database_replica_up{${ONE}}`]: '1x5 0x20',
      'gatehouse_database_replica_up{job="gatehouse",instance="b"}': '0x25',
    },
    quietAt: [5, 15],
    raisedAt: 18,
    labels: job,
  },
  {
    alert: 'GatehouseBackgroundFails',
    series: { [`gatehouse_background_failures_total{${ONE},work="audit_sealing"}`]: '0x5 1+1x40' },
    quietAt: [5, 24],
    raisedAt: 28,
    labels: { ...job, work: 'audit_sealing' },
  },
  {
    // Nothing fails any more because nothing is tried: the last round that worked is the start of time.
    alert: 'GatehouseBackgroundFails',
    series: { [`gatehouse_background_last_success_timestamp_seconds{${ONE},work="statistics"}`]: '0x240' },
    quietAt: [179, 199],
    raisedAt: 202,
    labels: { ...job, work: 'statistics' },
  },
  {
    alert: 'GatehouseMailWaits',
    series: { [`gatehouse_messages_queued{${ONE}}`]: '2x5 150x20' },
    quietAt: [5, 20],
    raisedAt: 22,
    labels: job,
  },
  {
    alert: 'GatehouseMailGivenUp',
    series: { [`gatehouse_messages_total{${ONE},channel="EMAIL",outcome="FAILED"}`]: '0x5 1x90' },
    quietAt: [5, 70],
    raisedAt: 7,
    labels: { ...job, channel: 'EMAIL' },
  },
  {
    alert: 'GatehouseEventsWait',
    series: { [`gatehouse_outbox_lag_seconds{${ONE}}`]: '1x5 400x15' },
    quietAt: [5, 10],
    raisedAt: 12,
    labels: job,
  },
  {
    alert: 'GatehouseWebhookGivenUp',
    series: { [`gatehouse_webhook_deliveries_total{${ONE},outcome="dead"}`]: '0x5 1x90' },
    quietAt: [5, 70],
    raisedAt: 7,
    labels: job,
  },
];

/** What a busy installation without trouble looks like; slow sign-ins, a wrong password now and then and a mail that waits are none. */
const WELL: Series = {
  [`up{${ONE}}`]: '1x90',
  [`gatehouse_part_up{${ONE},part="database"}`]: '1x90',
  [`gatehouse_part_up{${ONE},part="mail"}`]: '1x90',
  [`${requests}{${ONE},code="OK"}`]: '0+6000x90',
  [`${requests}{${ONE},code="SERVICE_UNAVAILABLE"}`]: '0+1x90',
  [`${requests}{${ONE},code="FORBIDDEN"}`]: '0+900x90',
  [`gatehouse_errors_total{${ONE},code="INTERNAL_SERVER_ERROR"}`]: '3x90',
  [`${buckets}{${ONE},field="users",le="1"}`]: '0+1000x90',
  [`${buckets}{${ONE},field="users",le="+Inf"}`]: '0+1001x90',
  [`${buckets}{${ONE},field="signIn",le="1"}`]: '0x90',
  [`${buckets}{${ONE},field="signIn",le="+Inf"}`]: '0+100x90',
  [`gatehouse_event_loop_delay_seconds{${ONE}}`]: '0.01x40 0.5x2 0.01x50',
  [`gatehouse_sign_ins_total{${ONE},outcome="SUCCESS",method="PASSWORD"}`]: '0+300x90',
  [`gatehouse_sign_ins_total{${ONE},outcome="WRONG_PASSWORD",method="PASSWORD"}`]: '0+100x90',
  [`gatehouse_audit_events_total{${ONE},action="refresh-token.reused"}`]: '0x30 1x60',
  [`gatehouse_password_hashes_refused_total{${ONE}}`]: '0x90',
  [`gatehouse_sql_pool_connections{${ONE},state="waiting"}`]: '0x30 5x1 0x60',
  [`gatehouse_sql_slow_total{${ONE}}`]: '0+1x90',
  [`gatehouse_background_failures_total{${ONE},work="statistics"}`]: '0x30 1x60',
  [`gatehouse_background_last_success_timestamp_seconds{${ONE},work="statistics"}`]: '0+60x90',
  [`gatehouse_messages_queued{${ONE}}`]: '1x30 150x5 1x60',
  [`gatehouse_messages_total{${ONE},channel="EMAIL",outcome="FAILED"}`]: '2x90',
  [`gatehouse_outbox_lag_seconds{${ONE}}`]: '1x30 400x3 1x60',
  [`gatehouse_webhook_deliveries_total{${ONE},outcome="dead"}`]: '0x90',
};

const inputs = (series: Series): readonly object[] =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

const raised = ({ alert, labels: extra }: Pick<Case, 'alert' | 'labels'>): object => {
  const rule = rules.find((one) => one.alert === alert);
  const filled = Object.entries(rule?.annotations ?? {}).map(([name, text]) => [
    name,
    text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label: string) => extra[label] ?? ''),
  ]);
  return { exp_labels: { ...extra, ...rule?.labels }, exp_annotations: Object.fromEntries(filled) as object };
};

const testOf = (one: Case): object => ({
  name: `${one.alert} ${Object.keys(one.series)[0] ?? ''}`,
  interval: '1m',
  input_series: inputs(one.series),
  alert_rule_test: [
    ...one.quietAt.map((minute) => ({ eval_time: `${minute}m`, alertname: one.alert, exp_alerts: [] })),
    { eval_time: `${one.raisedAt}m`, alertname: one.alert, exp_alerts: [raised(one)] },
  ],
});

/** None of these at any of these minutes. */
const noneOf = (series: Series, alerts: readonly string[], minutes: readonly number[]): object => ({
  interval: '1m',
  input_series: inputs(series),
  alert_rule_test: minutes.flatMap((minute) =>
    alerts.map((alertname) => ({ eval_time: `${minute}m`, alertname, exp_alerts: [] })),
  ),
});

describe.skipIf(isMissing)('alert rules, by promtool', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-alerts-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** What promtool has to say against these tests; by release it tells that on standard output or standard error. */
  const complaints = async (tests: readonly object[]): Promise<string> => {
    const path = join(directory, 'tests.yml');
    writeFileSync(path, JSON.stringify({ rule_files: [file], evaluation_interval: '1m', tests }));
    return run(promtool ?? 'promtool', ['test', 'rules', path]).then(
      () => '',
      (error: Error & { readonly stdout?: string; readonly stderr?: string }) =>
        `${error.message}${error.stdout ?? ''}${error.stderr ?? ''}`,
    );
  };

  test('are rules of Prometheus, and each has its trouble below', async () => {
    await run(promtool ?? 'promtool', ['check', 'rules', file]);
    expect([...new Set(cases.map(({ alert }) => alert))]).toEqual(rules.map(({ alert }) => alert));
  });

  test('are raised by their trouble after their time, and not before', async () => {
    expect(await complaints(cases.map(testOf))).toBe('');
  });

  test('keep quiet where nothing is wrong, and over what passes', async () => {
    const names = rules.map(({ alert }) => alert);
    expect(await complaints([noneOf(WELL, names, [10, 31, 33, 42, 60, 90])])).toBe('');
  });

  test('say of a part without which nothing is answered only that', async () => {
    const series = { [`gatehouse_part_up{${ONE},part="database"}`]: '0x30' };
    expect(await complaints([noneOf(series, ['GatehousePartDegraded'], [5, 15, 30])])).toBe('');
  });
});
