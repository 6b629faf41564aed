import { Registry, type Metric } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { Count, Durations, type Figure, Gauge } from '../../../src/telemetry/figures.ts';

const printed = async (figure: Figure): Promise<readonly string[]> => {
  const registry = new Registry();
  registry.registerMetric(figure as unknown as Metric);
  return (await registry.metrics()).trim().split('\n').slice(2);
};

describe('a count', () => {
  test('has one series for each combination of labels', async () => {
    const count = new Count({ name: 'n_total', help: 'h', labels: ['a', 'b'] });
    count.add('x', '1');
    count.add('x', '1');
    count.add('y', '1');
    expect(await printed(count)).toEqual(['n_total{a="x",b="1"} 2', 'n_total{a="y",b="1"} 1']);
  });

  test('says 0 before it counts, where it has no labels', async () => {
    expect(await printed(new Count({ name: 'n_total', help: 'h' }))).toEqual(['n_total 0']);
  });

  test('never has more series than it may: all further ones are one', async () => {
    const count = new Count({ name: 'n_total', help: 'h', labels: ['a'], maximumSeries: 3 });
    for (let index = 0; index < 1000; index += 1) count.add(`value-${index}`);
    expect(await printed(count)).toEqual([
      'n_total{a="value-0"} 1',
      'n_total{a="value-1"} 1',
      'n_total{a="value-2"} 1',
      'n_total{a="other"} 997',
    ]);
  });

  test('keeps its labels apart, and what is in them from the form of the page', async () => {
    const count = new Count({ name: 'n_total', help: 'h', labels: ['a', 'b'] });
    count.add('x"\n', 'y\\');
    expect(await printed(count)).toEqual(['n_total{a="x\\"\\n",b="y\\\\"} 1']);
  });
});

describe('durations', () => {
  test('are a histogram: each bucket holds what is at most as long', async () => {
    const durations = new Durations({ name: 'd_seconds', help: 'h', labels: ['k'], bounds: [0.1, 1] });
    for (const seconds of [0.05, 0.1, 0.5, 5]) durations.record(seconds, 'x');
    expect(await printed(durations)).toEqual([
      'd_seconds_bucket{k="x",le="0.1"} 2',
      'd_seconds_bucket{k="x",le="1"} 3',
      'd_seconds_bucket{k="x",le="+Inf"} 4',
      'd_seconds_sum{k="x"} 5.65',
      'd_seconds_count{k="x"} 4',
    ]);
  });
});

describe('a gauge', () => {
  test('is read when somebody asks, one number or one for each label', async () => {
    let value = 1;
    expect(await printed(new Gauge({ name: 'g', help: 'h' }, () => value))).toEqual(['g 1']);
    value = 2;
    const labelled = new Gauge({ name: 'g', help: 'h', labels: ['part'] }, async () => ({ a: value, b: Number.NaN }));
    expect(await printed(labelled)).toEqual(['g{part="a"} 2', 'g{part="b"} Nan']);
  });
});
