import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Flow } from '../../src/flows/flow.ts';

type Setup<Subject> = () => Promise<Subject>;

/** How a flow is walked on the running server. */
export interface Walk<State extends string, Event extends string, Circumstance extends string, Subject> {
  readonly flow: Flow<State, Event, Circumstance>;
  /** Starts the server, and whatever else it needs. */
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
  /** Everything that the server logged. */
  readonly log: () => readonly string[];
  /** Brings something into each state; `PLAIN` in none of the circumstances. */
  readonly setups: Readonly<Record<State, { readonly [Name in Circumstance | 'PLAIN']?: Setup<Subject> }>>;
  /** Does what the event says, whatever the state: with what a caller has in hand, or could make up. */
  readonly events: Readonly<Record<Event, (subject: Subject) => Promise<unknown>>>;
  /** Reads the state from the database or the API. */
  readonly stateOf: (subject: Subject) => Promise<State>;
  /** Holds after each event, with what it answered. */
  readonly afterwards?: (subject: Subject, answer: unknown) => Promise<void> | void;
}

const rowOf = <State extends string, Event extends string, Circumstance extends string>(
  { transitions }: Flow<State, Event, Circumstance>,
  state: State,
  event: Event,
  circumstance: string,
) => {
  const rows = transitions.filter((row) => row.on === event && row.from.includes(state));
  const asked = rows.find((row) => row.when?.some((one) => one === circumstance) === true);
  return asked ?? rows.find((row) => row.when === undefined);
};

/**
 * Does events in states, in all circumstances that the setups bring about, and compares where they lead with the table: the listed
 * state, or the same one where nothing is listed. `ROWS` does each row once from each of its states, `ALL` every event in every state and circumstance.
 */
export const walk = <State extends string, Event extends string, Circumstance extends string, Subject>(
  walked: Walk<State, Event, Circumstance, Subject>,
  pairs: 'ROWS' | 'ALL',
): void => {
  const { flow, setups, events, stateOf } = walked;
  beforeAll(walked.begin);
  afterAll(walked.end);
  const stateNames = Object.keys(flow.states) as State[];
  const eventNames = Object.keys(flow.events) as Event[];
  const placesOf = (state: State) =>
    Object.entries<Setup<Subject> | undefined>(setups[state]).flatMap(([circumstance, setup]) =>
      setup === undefined ? [] : [{ circumstance, setup }],
    );

  test(`every row of ${flow.name} is walked`, () => {
    const reached = new Set(
      stateNames.flatMap((state) =>
        placesOf(state).flatMap(({ circumstance }) =>
          eventNames.map((event) => {
            const row = rowOf(flow, state, event, circumstance);
            return row === undefined
              ? ''
              : `${flow.transitions.indexOf(row)} ${state} ${row.when === undefined ? '' : circumstance}`;
          }),
        ),
      ),
    );
    const listed = flow.transitions.flatMap((row, index) =>
      row.from.flatMap((state) => (row.when ?? ['']).map((circumstance) => `${index} ${state} ${circumstance}`)),
    );
    expect(listed.filter((one) => !reached.has(one))).toEqual([]);
  });

  const done = new Set<string>();
  const casesOf = (state: State) =>
    placesOf(state).flatMap(({ circumstance, setup }) =>
      eventNames.flatMap((event) => {
        const row = rowOf(flow, state, event, circumstance);
        const key = row === undefined ? '' : `${flow.transitions.indexOf(row)} ${state}`;
        if (pairs === 'ROWS' && (key === '' || done.has(key))) return [];
        done.add(key);
        const to = row?.to ?? state;
        const where = circumstance === 'PLAIN' ? '' : `${circumstance}, `;
        return [{ title: `${where}${event}: ${to === state ? 'stays' : to}`, event, setup, to }];
      }),
    );

  for (const state of stateNames) {
    const cases = casesOf(state);
    if (cases.length === 0) continue;
    describe(`${flow.name}: ${state}`, () => {
      test.each(cases)('$title', async ({ event, setup, to }) => {
        const subject = await setup();
        expect(await stateOf(subject), 'before').toBe(state);
        const answer = await events[event](subject);
        expect(await stateOf(subject), 'after').toBe(to);
        await walked.afterwards?.(subject, answer);
      });
    });
  }
  // A request that broke down would leave the state as it is, too.
  test(`${flow.name}: no event breaks the server`, () => {
    expect(walked.log().length).toBeGreaterThan(0);
    expect(walked.log().filter((line) => line.includes('"level":50'))).toEqual([]);
  });
};
