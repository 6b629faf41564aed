/** What can happen, and what makes it happen: an operation of the schema, a route, a job, or time. */
export interface FlowEvent {
  readonly by: string;
  readonly what: string;
  /** It is there to be refused: no row names it, in no state does it change anything. */
  readonly inert?: true;
}

/** From each of these states an event leads to another one; what is not listed leaves the state as it is. */
export interface Transition<State extends string, Event extends string, Circumstance extends string> {
  readonly from: readonly State[];
  readonly on: Event;
  /** Only in one of these circumstances; such a row goes before one that asks for none. */
  readonly when?: readonly Circumstance[];
  readonly to: State;
  readonly why: string;
}

/**
 * How something lives, as data: docs/flows is written from it, and tests do every event in every state of the running server
 * and compare. A pair of state and event without a row is a promise too: nothing changes.
 */
export interface Flow<
  State extends string = string,
  Event extends string = string,
  Circumstance extends string = string,
> {
  /** File name of its page. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly initial: State;
  readonly states: Readonly<Record<State, string>>;
  readonly events: Readonly<Record<Event, FlowEvent>>;
  /** Facts beside the state that decide where an event leads. */
  readonly circumstances: Readonly<Record<Circumstance, string>>;
  readonly transitions: readonly Transition<State, Event, Circumstance>[];
}

/** Takes the names from the keys, so that a row with a name that does not exist does not compile. */
export const flow = <State extends string, Event extends string, Circumstance extends string = never>(facts: {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly initial: NoInfer<State>;
  readonly states: Readonly<Record<State, string>>;
  readonly events: Readonly<Record<Event, FlowEvent>>;
  readonly circumstances?: Readonly<Record<Circumstance, string>>;
  readonly transitions: readonly Transition<NoInfer<State>, NoInfer<Event>, NoInfer<Circumstance>>[];
}): Flow<State, Event, Circumstance> => ({
  ...facts,
  circumstances: facts.circumstances ?? ({} as Readonly<Record<Circumstance, string>>),
});
