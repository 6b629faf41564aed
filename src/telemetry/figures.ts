/** One sample of a figure, in the form that the registry of Prometheus figures prints. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly metricName?: string;
}

/** Something that is counted or measured, under a name that dashboards and alerts know. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  get(): Promise<{ name: string; help: string; type: string; values: readonly Sample[]; aggregator: string }>;
}

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Most combinations of labels; further ones are counted together as `other`. */
  readonly maximumSeries?: number;
}

const MAXIMUM_SERIES = 500;
/** Cannot stand in a label of ours. */
const SEPARATOR = '\u0000';

/** Name, help and the series by their labels. The hot path is one look into a map: no object is made per observation. */
abstract class Series<State> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly #maximum: number;
  readonly #series = new Map<string, State>();

  constructor({ name, help, labels = [], maximumSeries = MAXIMUM_SERIES }: Description) {
    this.name = name;
    this.help = help;
    this.labelNames = labels;
    this.#maximum = maximumSeries;
  }

  protected abstract make(): State;

  protected of(values: readonly string[]): State {
    const key = values.length === 1 ? (values[0] ?? '') : values.join(SEPARATOR);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const isFull = this.#series.size >= this.#maximum;
    const own = isFull ? this.labelNames.map(() => 'other').join(SEPARATOR) : key;
    const state = this.#series.get(own) ?? this.make();
    this.#series.set(own, state);
    return state;
  }

  protected *entries(): Generator<readonly [Readonly<Record<string, string>>, State]> {
    for (const [key, state] of this.#series) {
      const values = key.split(SEPARATOR);
      yield [Object.fromEntries(this.labelNames.map((label, index) => [label, values[index] ?? ''])), state];
    }
  }
}

/** Only grows. Labels are given in the order in which they were declared. */
export class Count extends Series<{ value: number }> implements Figure {
  readonly type = 'counter';

  /** `zeros`: labels of the series whose first increase somebody waits for. */
  constructor({ zeros = [], ...description }: Description & { readonly zeros?: readonly (readonly string[])[] }) {
    super(description);
    // Prometheus sees no increase in a series that begins with 1, so these say 0 before they count; without labels it is the only one.
    for (const labels of this.labelNames.length === 0 ? [[]] : zeros) this.of(labels);
  }

  protected make(): { value: number } {
    return { value: 0 };
  }

  add(...labels: readonly string[]): void {
    this.of(labels).value += 1;
  }

  async get() {
    const values = [...this.entries()].map(([labels, { value }]) => ({ labels, value }));
    return { name: this.name, help: this.help, type: this.type, values, aggregator: 'sum' };
  }
}

interface Spread {
  readonly counts: Float64Array;
  sum: number;
  count: number;
}

/** From half a millisecond to ten seconds. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

/** How often what lasted how long: a histogram of seconds. */
export class Durations extends Series<Spread> implements Figure {
  readonly type = 'histogram';
  readonly #bounds: readonly number[];

  constructor({ bounds = SECONDS, ...description }: Description & { readonly bounds?: readonly number[] }) {
    super(description);
    this.#bounds = bounds;
    if (this.labelNames.length === 0) this.of([]);
  }

  protected make(): Spread {
    return { counts: new Float64Array(this.#bounds.length), sum: 0, count: 0 };
  }

  record(seconds: number, ...labels: readonly string[]): void {
    const spread = this.of(labels);
    spread.sum += seconds;
    spread.count += 1;
    const index = this.#bounds.findIndex((bound) => seconds <= bound);
    if (index >= 0) spread.counts[index] = (spread.counts[index] ?? 0) + 1;
  }

  async get() {
    const values = [...this.entries()].flatMap(([labels, spread]) => this.#samples(labels, spread));
    return { name: this.name, help: this.help, type: this.type, values, aggregator: 'sum' };
  }

  #samples(labels: Readonly<Record<string, string>>, { counts, sum, count }: Spread): readonly Sample[] {
    const metricName = `${this.name}_bucket`;
    let below = 0;
    const buckets = this.#bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      return { metricName, labels: { ...labels, le: String(bound) }, value: below };
    });
    return [
      ...buckets,
      { metricName, labels: { ...labels, le: '+Inf' }, value: count },
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}

/** One number, one for each value of its only label, or samples with labels of their own. */
type Reading = number | Readonly<Record<string, number>> | readonly Sample[];

const isList = (reading: Exclude<Reading, number>): reading is readonly Sample[] => Array.isArray(reading);

const samplesOf = (reading: Reading, label: string): readonly Sample[] => {
  if (typeof reading === 'number') return [{ labels: {}, value: reading }];
  if (isList(reading)) return reading;
  return Object.entries(reading).map(([name, value]) => ({ labels: { [label]: name }, value }));
};

/** Read when somebody asks. A counter that lives elsewhere is read in the same way. */
export class Gauge implements Figure {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly type: 'counter' | 'gauge';
  readonly #read: () => Reading | Promise<Reading>;

  constructor(
    { name, help, labels = [] }: Description,
    read: () => Reading | Promise<Reading>,
    type: 'counter' | 'gauge' = 'gauge',
  ) {
    this.name = name;
    this.help = help;
    this.labelNames = labels;
    this.type = type;
    this.#read = read;
  }

  async get() {
    const reading = await this.#read();
    const [label = ''] = this.labelNames;
    const values = samplesOf(reading, label);
    return { name: this.name, help: this.help, type: this.type, values, aggregator: 'sum' };
  }
}
