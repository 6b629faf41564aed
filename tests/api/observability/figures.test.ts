import { describe, expect, test } from 'vitest';
import { SignInDocument } from '../../../generated/client/graphql.ts';
import { toNumericDate } from '../../../src/clock.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { useTestApp } from '../../support/test-app.ts';
import { figuresOf } from '../../support/figures.ts';
import { getPath } from '../http/raw-requests.ts';

describe('/metrics', () => {
  const app = useTestApp({ settings: { 'rates.enabled': 'true', 'rates.failures': '5' } });

  test('count sign-ins by method and outcome, denials, authentications, hashes and limits', async () => {
    const email = 'counted@example.com';
    await makePerson(app(), { email });
    const member = await signIn(app(), email);
    const before = await figuresOf(app());
    const tries = async (password: string) =>
      app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: email, password } });
    await tries('wrong');
    await tries(PASSWORD);
    await app().anonymous().run('query { users { totalCount } }');
    await member.run('{ viewer { user { id } } }');
    await app().anonymous({ authorization: 'Bearer x.y.z' }).run('{ __typename }');
    for (let count = 0; count < 6; count += 1) await tries('wrong again');
    const after = await figuresOf(app());
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown('gatehouse_sign_ins_total{method="PASSWORD",outcome="SUCCESS"}')).toBe(1);
    expect(grown('gatehouse_sign_ins_total{method="PASSWORD",outcome="WRONG_PASSWORD"}')).toBe(5);
    expect(grown('gatehouse_audit_events_total{action="session.started",result="FAILURE"}')).toBe(5);
    expect(grown('gatehouse_rate_limited_total{budget="failures"}')).toBe(2);
    expect(grown('gatehouse_denials_total{coordinate="Query.users",code="UNAUTHENTICATED"}')).toBe(1);
    expect(grown('gatehouse_authentications_total{presented="bearer",outcome="accepted"}')).toBe(1);
    expect(grown('gatehouse_authentications_total{presented="bearer",outcome="refused"}')).toBe(1);
    expect(grown('gatehouse_password_hash_duration_seconds_count')).toBe(6);
    expect(grown('gatehouse_password_hash_wait_seconds_count')).toBe(6);
    expect(grown('gatehouse_sql_duration_seconds_count{kind="with"}')).toBeGreaterThan(0);
    expect(grown('gatehouse_graphql_request_duration_seconds_count{type="query",field="viewer"}')).toBe(1);
    expect(grown('gatehouse_http_requests_total{route="/graphql",method="POST",status="401"}')).toBe(1);
  });

  test('say how the parts do, what the pool and the queues hold, and which build it is', async () => {
    const before = app().database.statements.count - 1;
    const figures = await figuresOf(app());
    expect(figures.get('gatehouse_part_up{part="database"}')).toBe(1);
    expect(figures.get('gatehouse_part_up{part="migrations"}')).toBe(1);
    expect(figures.get('gatehouse_messages_queued')).toBeGreaterThanOrEqual(0);
    expect(figures.get('gatehouse_sql_pool_connections{state="waiting"}')).toBe(0);
    expect(figures.get('gatehouse_password_hashes_waiting')).toBe(0);
    expect([...figures.keys()].filter((name) => name.startsWith('gatehouse_build_info{version='))).toHaveLength(1);
    // Counting what waits is a statement, too.
    expect(figures.get('gatehouse_sql_statements_total')).toBeGreaterThan(before);
    expect(figures.get('gatehouse_sql_statements_total')).toBeLessThanOrEqual(app().database.statements.count);
  });

  test('tell of work beside the requests that fails, by its kind, and when it last worked', async () => {
    const { clock, database, log, services } = app();
    const failures = 'gatehouse_background_failures_total{work="audit_sealing"}';
    const lastSuccess = 'gatehouse_background_last_success_timestamp_seconds{work="audit_sealing"}';
    const before = await figuresOf(app());
    expect(before.get(failures)).toBe(0);
    expect(before.get(lastSuccess)).toBeLessThanOrEqual(toNumericDate(clock.now()));
    await database.query('alter table audit_chain rename to audit_chain_away');
    clock.advance(120);
    services.auditChain.start();
    await expect.poll(async () => (await figuresOf(app())).get(failures)).toBe(1);
    expect(log.filter((line) => line.includes('audit events could not be sealed'))).toEqual([
      expect.stringMatching(/^\{"level":40.*"failures":1,.*audit_chain/),
    ]);
    await database.query('alter table audit_chain_away rename to audit_chain');
    await services.auditChain.stop();
    const after = await figuresOf(app());
    expect(after.get(failures)).toBe(1);
    expect(after.get(lastSuccess)).toBe(toNumericDate(clock.now()));
  });

  test('count failed statements by the class of their SQLSTATE', async () => {
    await expect(app().database.query('select 1 / 0')).rejects.toThrow('division by zero');
    expect((await figuresOf(app())).get('gatehouse_sql_errors_total{class="22"}')).toBe(1);
  });

  test('no client makes a series of its own: routes, fields, names, methods', async () => {
    const invent = async (index: number): Promise<void> => {
      await getPath(app(), `/no/such/route/${index}`);
      await app().anonymous().run(`{ invented_${index} }`);
      await app().anonymous().run(`{ alias_${index}: __typename }`);
    };
    // What the server does by itself meanwhile makes series, too: those of statements and jobs.
    const ofRequests = async (): Promise<readonly string[]> =>
      [...(await figuresOf(app())).keys()].filter((name) => !/^(gatehouse_sql_|nodejs_|process_)/.test(name));
    await invent(0);
    const before = await ofRequests();
    for (let index = 1; index < 30; index += 1) await invent(index);
    expect(await ofRequests()).toEqual(before);
    expect(before.some((name) => name.includes('status="404"'))).toBe(true);
    expect(before.filter((name) => /such|invented|alias/.test(name))).toEqual([]);
  });

  test('are answered while the database is frozen', async () => {
    const { promise: gate, resolve: release } = Promise.withResolvers<void>();
    const held = Array.from({ length: 10 }, () => app().database.transaction(() => gate));
    try {
      app().clock.advance(2);
      const started = performance.now();
      const figures = await figuresOf(app());
      expect(figures.get('gatehouse_part_up{part="database"}')).toBe(0);
      expect(performance.now() - started).toBeLessThan(4000);
    } finally {
      release();
      await Promise.all(held);
    }
  });
});
