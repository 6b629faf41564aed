import { performance } from 'node:perf_hooks';
import type { Log } from '../log.ts';
import { Count, Durations, type Figure } from './figures.ts';
import { presentFacts, type RequestFacts } from './request-scope.ts';
import { kindOfStatement, withoutValues } from './statement-text.ts';
import { openSpan } from './tracing.ts';

interface Timed {
  readonly text: string;
  readonly kind: string;
  readonly seconds: number;
  readonly facts: RequestFacts | null;
}

/** SQLSTATE, five characters, of which the first two name its class. */
const classOf = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code.slice(0, 2) : 'none';
};

/** Times every statement: figures, a log line for each slow one, and a span where the request is traced. */
export class StatementWatch {
  readonly #log: Log;
  readonly #slowMs: number;
  readonly #durations = new Durations({
    name: 'gatehouse_sql_duration_seconds',
    help: 'Time of SQL statements, from sending to the last row, by their first word.',
    labels: ['kind'],
  });
  readonly #slow = new Count({
    name: 'gatehouse_sql_slow_total',
    help: 'SQL statements that took longer than LOG_SLOW_STATEMENT_MS.',
  });
  readonly #failures = new Count({
    name: 'gatehouse_sql_errors_total',
    help: 'SQL statements that failed, by the class of their SQLSTATE; none = the connection.',
    labels: ['class'],
    maximumSeries: 60,
  });

  /** @param slowMs from how long on a statement is slow; 0 = none is. */
  constructor({ log, slowMs }: { readonly log: Log; readonly slowMs: number }) {
    this.#log = log;
    this.#slowMs = slowMs;
  }

  get figures(): readonly Figure[] {
    return [this.#durations, this.#slow, this.#failures];
  }

  /** Call it when a statement is sent, and what it gives when it has ended. */
  began(text: string): (error: unknown) => void {
    const started = performance.now();
    const facts = presentFacts();
    const kind = kindOfStatement(text);
    const span = openSpan(kind.toUpperCase(), 'client');
    span?.set({ 'db.system.name': 'postgresql', 'db.operation.name': kind, 'db.query.text': withoutValues(text) });
    return (error) => {
      const seconds = (performance.now() - started) / 1000;
      this.#durations.record(seconds, kind);
      if (this.#slowMs > 0 && seconds * 1000 >= this.#slowMs) this.#noteSlow({ text, kind, seconds, facts });
      if (error !== null && error !== undefined) {
        this.#failures.add(classOf(error));
        span?.fail(`SQLSTATE class ${classOf(error)}`);
      }
      span?.end();
    };
  }

  #noteSlow({ text, kind, seconds, facts }: Timed): void {
    this.#slow.add();
    this.#log('warn', 'slow statement', {
      statement: withoutValues(text),
      kind,
      durationMs: Math.round(seconds * 10_000) / 10,
      // The line is written wherever the answer of the database arrives, which is nobody's scope.
      requestId: facts?.requestId,
      traceId: facts?.traceId ?? undefined,
      operation: facts?.operation ?? undefined,
      principalId: facts?.principalId ?? undefined,
    });
  }
}
