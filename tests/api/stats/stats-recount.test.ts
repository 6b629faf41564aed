import { beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../../src/database/sql.ts';
import { type Happening, type Origin, Recorder } from '../../../src/events/recorder.ts';
import { newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { type Actor, makePerson } from '../../support/cast.ts';
import { holderOf } from '../../support/holder.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { refreshStats, statsOf } from '../../support/stats.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const DAY_MS = 86_400_000;
const ROUNDS = 8;
const DAYS_OF_ROUND = 4;
const KINDS = ['signIns', 'failures', 'lockouts', 'impersonations', 'created'] as const;
type Kind = (typeof KINDS)[number];

/** Numbers from 0 to 1, the same in every run (mulberry32). */
const numbersFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const system: Origin = { actor: null, onBehalfOfId: null, ipAddress: null, userAgent: null, requestId: null };
const person = (id: UserId) => ({ type: 'User', id, label: null }) as const;
const session = () => ({ type: 'Session', id: newId(), label: null }) as const;

const happeningsOf: Readonly<Record<string, (id: UserId) => readonly Happening[]>> = {
  signIn: (id) => [
    { action: 'session.started', actor: person(id), target: session(), metadata: { method: 'PASSWORD' } },
  ],
  failure: (id) => [
    { action: 'session.started', result: 'FAILURE', target: person(id), metadata: { reason: 'WRONG_PASSWORD' } },
  ],
  unknown: () => [
    { action: 'session.started', result: 'FAILURE', metadata: { method: 'PASSWORD', reason: 'UNKNOWN_IDENTIFIER' } },
  ],
  locking: (id) => [{ action: 'session.started', result: 'FAILURE', target: person(id), metadata: { locked: true } }],
  lock: (id) => [{ action: 'user.locked', target: person(id), metadata: { reason: 'Test.' } }],
  impersonation: (id) => [
    { action: 'impersonation.started', metadata: { targetId: id } },
    { action: 'session.started', target: session(), metadata: { method: 'IMPERSONATION', userId: id } },
  ],
  creation: (id) => [{ action: 'user.created', target: person(id) }],
  signUp: (id) => [{ action: 'sign-up.completed', actor: person(id), target: person(id) }],
  invitedSignUp: (id) => [
    { action: 'sign-up.completed', actor: person(id), target: person(id), metadata: { invited: true } },
  ],
  noise: (id) => [{ action: 'user.unlocked', target: person(id) }],
};
const words = Object.keys(happeningsOf);

/** What a line of the log says, read by other code than that under test. */
interface Line {
  readonly at: number;
  readonly kinds: readonly Kind[];
  readonly person: string | null;
}

interface StoredLine {
  readonly micros: string;
  readonly action: string;
  readonly result: string;
  readonly actor_id: string | null;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const lineOf = (row: StoredLine): Line => {
  const target = row.target_type === 'User' ? row.target_id : null;
  const at = Math.floor(Number(row.micros) / 1000);
  const { method, locked, invited, targetId } = row.metadata;
  if (row.action === 'session.started' && row.result === 'SUCCESS') {
    return { at, kinds: method === 'IMPERSONATION' ? [] : ['signIns'], person: row.actor_id };
  }
  if (row.action === 'session.started')
    return { at, kinds: locked === true ? ['failures', 'lockouts'] : ['failures'], person: target };
  if (row.action === 'user.locked') return { at, kinds: ['lockouts'], person: target };
  if (row.action === 'impersonation.started') return { at, kinds: ['impersonations'], person: String(targetId) };
  const isMade = row.action === 'user.created' || (row.action === 'sign-up.completed' && invited !== true);
  return { at, kinds: isMade ? ['created'] : [], person: target };
};

describe('the figures, against a naive recount', () => {
  const app = useTestApp();
  const organizations: OrganizationId[] = [];
  const people: UserId[] = [];
  const random = numbersFrom(20_261_121);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  let reader: Actor;
  let replica: TestApp;
  /** Midnight of the first day of the history. */
  let beginning = 0;

  const write = (at: number, happenings: readonly Happening[]) =>
    new Recorder({ now: () => new Date(at) }).recordAlone(app().database, system, happenings);

  /** An instant in the days of a round, or up to a day before them. */
  const timeIn = (round: number): number =>
    beginning + (round * DAYS_OF_ROUND + random() * (DAYS_OF_ROUND + 1) - 1) * DAY_MS;

  beforeAll(async () => {
    const midnight = Math.floor(app().clock.now().getTime() / DAY_MS) * DAY_MS;
    beginning = midnight - ROUNDS * DAYS_OF_ROUND * DAY_MS;
    await app().database.query(`select ensure_audit_partitions($1::date, 4)`, [
      new Date(beginning - 31 * DAY_MS).toISOString(),
    ]);
    for (let made = 0; made < 7; made += 1) {
      const parentId = made === 0 || random() < 0.2 ? null : pick(organizations);
      organizations.push(await makeOrganization(app(), { parentId }));
    }
    for (let made = 0; made < 14; made += 1) {
      const id = await makePerson(app(), { email: `person-${made}@recount.example` });
      const places = new Set(Array.from({ length: Math.floor(random() * 4) }, () => pick(organizations)));
      for (const place of places) await joinOrganization(app(), id, place);
      people.push(id);
    }
    reader = await holderOf(app(), ['view:stats']);
    replica = await startTestApp({ beside: app() });
    return () => replica.close();
  });

  /** Writes of a round, ten at a time, while both replicas count; and a transaction that commits only after they did. */
  const liveThrough = async (round: number): Promise<void> => {
    const late = Math.min(timeIn(round + 1) - DAY_MS * 0.5, beginning + (round + 1) * DAYS_OF_ROUND * DAY_MS - 1);
    let commit = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const recorder = new Recorder({ now: () => new Date(late) });
    const slow = app().database.transaction(async (em) => {
      await recorder.record(em, system, happeningsOf['signIn']?.(pick(people)) ?? []);
      await sql(em, 'select 1');
      await held;
    });
    for (let batch = 0; batch < 3; batch += 1) {
      const writes = Array.from({ length: 10 }, () =>
        write(timeIn(round), happeningsOf[pick(words)]?.(pick(people)) ?? []),
      );
      const counting = [app(), replica].map(async ({ services }) => services.statsRefresh.run());
      await Promise.all([...writes, ...counting]);
    }
    commit();
    await slow;
    if (round % 3 === 0) await refreshStats(app());
  };

  const recounted = async () => {
    const rows = await app().database.query<StoredLine>(
      `select (extract(epoch from at) * 1000000)::bigint::text as micros, action, result, actor_id, target_type, target_id, metadata
       from audit_events`,
    );
    const pairs = await app().database.query<{ user_id: string; organization_id: string }>(
      `with recursive up as (
         select m.user_id, m.organization_id from organization_members m
         union select u.user_id, o.parent_id from up u join organizations o on o.id = u.organization_id where o.parent_id is not null)
       select * from up`,
    );
    const belongs = new Set(pairs.map((pair) => `${pair.user_id} ${pair.organization_id}`));
    const lines = rows.map(lineOf);
    return (organizationId: string | null): readonly Line[] =>
      lines.filter((line) => organizationId === null || belongs.has(`${line.person} ${organizationId}`));
  };

  const countIn = (lines: readonly Line[], kind: Kind, from: number, until: number): number =>
    lines.filter((line) => line.kinds.includes(kind) && line.at >= from && line.at < until).length;

  const ends: Readonly<Record<string, (start: Date) => number>> = {
    HOUR: (start) => start.getTime() + 3_600_000,
    DAY: (start) => start.getTime() + DAY_MS,
    WEEK: (start) => start.getTime() + 7 * DAY_MS,
    MONTH: (start) => new Date(start).setUTCMonth(start.getUTCMonth() + 1),
  };

  test('agree in every interval, for everybody and each organization, whatever ran at the same time', async () => {
    for (let round = 0; round < ROUNDS; round += 1) await liveThrough(round);
    await refreshStats(app());
    const linesOf = await recounted();
    let looked = 0;
    for (const organizationId of [null, ...organizations]) {
      const lines = linesOf(organizationId);
      for (const interval of ['HOUR', 'DAY', 'WEEK', 'MONTH'] as const) {
        const from = beginning + random() * 10 * DAY_MS;
        const until = from + DAY_MS + random() * 25 * DAY_MS;
        const range = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
        const answer = await statsOf(reader, { range, interval, organizationId });
        const starts = answer.signIns.map(({ start }) => new Date(start));
        const endOf = (start: Date): number => ends[interval]?.(start) ?? NaN;
        expect(starts[0]?.getTime()).toBeLessThanOrEqual(from);
        expect(endOf(starts.at(-1) ?? new Date(NaN))).toBeGreaterThanOrEqual(until);
        for (const kind of ['signIns', 'failures', 'lockouts', 'impersonations'] as const) {
          const expected = starts.map((start) => countIn(lines, kind, start.getTime(), endOf(start)));
          expect({ organizationId, interval, kind, counts: answer[kind].map(({ count }) => count) }).toEqual({
            organizationId,
            interval,
            kind,
            counts: expected,
          });
          looked += expected.reduce((sum, count) => sum + count, 0);
        }
        const [first = NaN, end] = [starts[0]?.getTime(), endOf(starts.at(-1) ?? new Date(NaN))];
        const days = [Math.floor(first / DAY_MS) * DAY_MS, Math.ceil(end / DAY_MS) * DAY_MS] as const;
        const active = lines.filter(({ kinds, at }) => kinds.includes('signIns') && at >= days[0] && at < days[1]);
        expect(answer.users).toMatchObject({
          signedInWithinRange: new Set(active.map((line) => line.person)).size,
          createdWithinRange: countIn(lines, 'created', first, end),
        });
      }
    }
    // The history was no empty one.
    expect(looked).toBeGreaterThan(500);
  });

  test('agree once more after a recount from the beginning', async () => {
    const before = await statsOf(reader, { interval: 'WEEK' });
    const tables = 'stats_hours, stats_returns, stats_presence';
    const stored = async () =>
      app().database.query(
        `select 'hours' as what, organization_id, kind as word, hour::text as at, null as previous, count from stats_hours
         union all select 'returns', organization_id, subject, day::text, previous_day::text, count from stats_returns where count <> 0
         order by 1, 2, 3, 4, 5`,
      );
    const rows = await stored();
    await app().database.query(`truncate ${tables}`);
    await app().database.query(`update stats_state set position = 0`);
    await refreshStats(app());
    expect(await stored()).toEqual(rows);
    expect({ ...(await statsOf(reader, { interval: 'WEEK' })), computedAt: before.computedAt }).toEqual(before);
  });
});
