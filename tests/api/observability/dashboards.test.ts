import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { auditActions } from '../../../src/events/audit-actions.ts';
import { useTestApp } from '../../support/test-app.ts';
import { getPath } from '../http/raw-requests.ts';

const deploy = join(import.meta.dirname, '../../../deploy');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly fieldConfig?: {
    readonly defaults: { readonly unit: string };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

interface Alerts {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly for: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string; readonly description: string };
    }[];
  }[];
}

const dashboard = JSON.parse(readFileSync(join(deploy, 'grafana/dashboard.json'), 'utf8')) as Dashboard;
const alerts = parseYaml(readFileSync(join(deploy, 'prometheus/alerts.yml'), 'utf8')) as Alerts;
const rules = alerts.groups.flatMap(({ rules: own }) => own);
const expressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...rules.map(({ expr }) => expr),
];

interface Read {
  /** Every metric with the labels that it is selected by. */
  readonly selected: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  readonly grouped: readonly string[];
  readonly errors: number;
}

/** Reads an expression with Prometheus' own grammar. */
const read = (expression: string): Read => {
  const selected: { metric: string; labels: string[] }[] = [];
  const grouped: string[] = [];
  let errors = 0;
  parser.parse(expression).iterate({
    enter: (node) => {
      const text = expression.slice(node.from, node.to);
      if (node.type.isError) errors += 1;
      if (node.name === 'VectorSelector') selected.push({ metric: /^[\w:]*/.exec(text)?.[0] ?? '', labels: [] });
      if (node.name === 'LabelName') {
        if (node.node.parent?.name === 'GroupingLabels') grouped.push(text);
        else selected.at(-1)?.labels.push(text);
      }
    },
  });
  return { selected, grouped, errors };
};

/** Served only where the settings name a Redis, or a replica of the database. */
const isOptional = (metric: string): boolean => /^gatehouse_(redis|database_replica)_/.test(metric);

/** Units of Grafana that fit what an expression gives: a quantile of times, a rate, a size, a time, a number. */
const unitsOf = (expression: string): readonly string[] => {
  if (expression.includes('histogram_quantile')) return ['s'];
  if (/rate\(process_cpu_seconds_total/.test(expression)) return ['short'];
  if (/rate\(nodejs_gc_duration|cache_requests_total/.test(expression)) return ['percentunit'];
  // one rate by another is a number
  if (expression.includes('rate(')) return /\) \/ sum\(/.test(expression) ? ['short'] : ['ops', 'reqps'];
  if (/_seconds\b/.test(expression)) return ['s'];
  return /_bytes\b/.test(expression) ? ['bytes'] : ['short', 'none'];
};

/** What Prometheus itself puts onto every series. */
const OWN_LABELS = new Set(['job', 'instance', 'le']);

describe('dashboard and alerts', () => {
  const app = useTestApp();

  /** Names of metrics, those of histograms with their endings, and the labels of each as far as they were used. */
  const served = async () => {
    const { member } = await app().cast();
    await member.run('{ viewer { user { id } } }');
    const text = await (await getPath(app(), '/metrics')).text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
    const names = types.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );
    return { text, names: new Set(names) };
  };

  test('are expressions of Prometheus', () => {
    expect(expressions.length).toBeGreaterThan(50);
    for (const expression of expressions) {
      const { errors, selected } = read(expression);
      expect({ expression, errors }).toEqual({ expression, errors: 0 });
      expect(selected.length).toBeGreaterThan(0);
    }
    expect(read('sum(rate(x[5m])').errors).toBeGreaterThan(0);
  });

  test('ask for metrics that exist, by labels that they have', async () => {
    const { text, names } = await served();
    for (const expression of expressions) {
      const { selected, grouped } = read(expression);
      for (const { metric, labels } of selected) {
        if (metric === 'up' || isOptional(metric)) continue;
        expect({ expression, metric, exists: names.has(metric) }).toMatchObject({ exists: true });
        const series = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
        const asked = series.length === 0 ? [] : [...labels, ...grouped].filter((label) => !OWN_LABELS.has(label));
        const unknown = asked.filter((label) => series[0]?.includes(`${label}="`) !== true);
        expect({ expression, unknown }).toEqual({ expression, unknown: [] });
      }
    }
  });

  test('show every figure that docs/metrics.md names, each of which is served', async () => {
    const { text } = await served();
    const page = readFileSync(join(deploy, '../docs/metrics.md'), 'utf8');
    const named = [...page.matchAll(/^\| `(gatehouse_\w+)`/gm)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(25);
    const shown = expressions.join('\n');
    expect(named.filter((name) => !shown.includes(name))).toEqual([]);
    expect(named.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual(named.filter(isOptional));
  });

  test('the dashboard is one that Grafana can import: ids once, panels side by side, variables declared', () => {
    expect(dashboard).toMatchObject({ title: 'Gatehouse', uid: 'gatehouse', schemaVersion: expect.any(Number) });
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = new Set<string>();
    for (const { gridPos, type, title, targets = [], description } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect({ title, taken: cells.has(`${x}/${y}`) }).toEqual({ title, taken: false });
          cells.add(`${x}/${y}`);
        }
      }
      if (type === 'row') continue;
      expect(targets.length).toBeGreaterThan(0);
      expect(description).toMatch(/\.$/);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { legendFormat } of targets) expect(legendFormat).not.toBe('');
    }
    const declared = new Set(dashboard.templating.list.map(({ name }) => name));
    const used = new Set([...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g)].map(([, name = '']) => name));
    expect([...used].filter((name) => !declared.has(name))).toEqual([]);
  });

  test('a figure has the unit of what it measures, and an axis of its own beside figures of another unit', () => {
    const figures = dashboard.panels.flatMap(({ title, fieldConfig, targets = [] }) =>
      targets.map(({ refId, expr }) => {
        const own = fieldConfig?.overrides.find(
          ({ matcher: { id, options } }) => id === 'byFrameRefID' && options === refId,
        )?.properties;
        const unit = own?.find(({ id }) => id === 'unit')?.value ?? fieldConfig?.defaults.unit;
        const isApart = own?.some(({ id, value }) => id === 'custom.axisPlacement' && value === 'right') ?? true;
        return { title, expr, unit, isApart, fits: unitsOf(expr).some((one) => one === unit) };
      }),
    );
    expect(figures.filter(({ fits, isApart }) => !fits || !isApart)).toEqual([]);
  });

  test('no panel hangs below a gap', () => {
    const bottoms = new Set([0, ...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h)]);
    expect(dashboard.panels.filter(({ gridPos }) => !bottoms.has(gridPos.y)).map(({ title }) => title)).toEqual([]);
  });

  test('each alert has a name of its own, says what is wrong, and what to look at', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, for: duration, labels, annotations } of rules) {
      expect(alert).toMatch(/^Gatehouse[A-Z]\w+$/);
      expect(duration).toMatch(/^\d+[smh]$/);
      expect(['warning', 'critical']).toContain(labels.severity);
      expect([annotations.summary, annotations.description]).toEqual([
        expect.stringMatching(/\.$/),
        expect.stringMatching(/[.]$/),
      ]);
    }
  });

  test('values that alerts ask for are values that there are', async () => {
    const { text } = await served();
    const all = rules.map(({ expr }) => expr).join('\n');
    for (const [, action = ''] of all.matchAll(/action="([^"]+)"/g))
      expect(Object.keys(auditActions)).toContain(action);
    for (const part of ['database', 'migrations']) expect(text).toContain(`gatehouse_part_up{part="${part}"}`);
    expect(text).toContain('gatehouse_sql_pool_connections{state="waiting"}');
  });

  test('that no replica is left at all raises the alert of one that is away', () => {
    // Where replicas are discovered, those that are gone leave no `up` of 0 behind.
    expect(rules.find(({ alert }) => alert === 'GatehouseAway')?.expr).toContain('absent(up{job="gatehouse"})');
  });

  test('what alerts wait to grow is there before it grows: `increase` does not see a series begin', async () => {
    const { text } = await served();
    const lines = text.split('\n');
    const grown = rules.flatMap(({ expr }) => [...expr.matchAll(/increase\((\w+)\{(\w+)(=~?)"([^"]+)"\}/g)]);
    expect(grown.length).toBeGreaterThan(3);
    for (const [expression, metric = '', label = '', operator = '', value = ''] of grown) {
      for (const one of operator === '=' ? [value] : value.split('|')) {
        const series = lines.filter((line) => line.startsWith(`${metric}{`) && line.includes(`${label}="${one}"`));
        expect({ expression, one, isThere: series.length > 0 }).toMatchObject({ isThere: true });
      }
    }
  });
});
