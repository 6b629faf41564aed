import { Count, Durations, type Figure } from './figures.ts';
import { traced } from './tracing.ts';

/** The part of a line of the audit log that is counted. */
interface Counted {
  readonly action: string;
  readonly result?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Names of methods and reasons are words of closed sets; anything else is not worth a series. */
const wordOf = (value: unknown): string =>
  typeof value === 'string' && /^[A-Z][A-Z0-9_]*$/.test(value) ? value : 'none';

/** What services count while they work, in one place, so that every figure has one name and one meaning. */
export class Instruments {
  readonly happenings = new Count({
    name: 'gatehouse_audit_events_total',
    help: 'Lines written to the audit log, by action and result. What is written in a transaction that is repeated counts twice.',
    labels: ['action', 'result'],
    zeros: [['refresh-token.reused', 'FAILURE']],
  });
  readonly signIns = new Count({
    name: 'gatehouse_sign_ins_total',
    help: 'Sign-ins by method and outcome: SUCCESS, or the reason that the audit log has. The second step of one has no method.',
    labels: ['method', 'outcome'],
    maximumSeries: 200,
  });
  readonly sessionsEnded = new Count({
    name: 'gatehouse_sessions_ended_total',
    help: 'Sessions that ended before their time, by reason.',
    labels: ['reason'],
    maximumSeries: 50,
  });
  readonly authentications = new Count({
    name: 'gatehouse_authentications_total',
    help: 'Requests by what they presented: none, cookie, bearer (token or API key), and whether it was accepted.',
    labels: ['presented', 'outcome'],
    maximumSeries: 20,
  });
  readonly hashWait = new Durations({
    name: 'gatehouse_password_hash_wait_seconds',
    help: 'Time that password hashes waited for their turn.',
  });
  readonly hashTime = new Durations({
    name: 'gatehouse_password_hash_duration_seconds',
    help: 'Time that password hashes took to compute.',
  });
  readonly hashesRefused = new Count({
    name: 'gatehouse_password_hashes_refused_total',
    help: 'Password hashes that were refused because too many waited.',
  });
  readonly messages = new Count({
    name: 'gatehouse_messages_total',
    help: 'Tries to send mails and text messages, by channel and outcome: SENT, FAILED (given up), QUEUED (tried again later), NOT_CONFIGURED.',
    labels: ['channel', 'outcome'],
    zeros: [
      ['EMAIL', 'FAILED'],
      ['SMS', 'FAILED'],
    ],
    maximumSeries: 20,
  });
  readonly rateLimited = new Count({
    name: 'gatehouse_rate_limited_total',
    help: 'Requests refused by a limit, by the name of its budget.',
    labels: ['budget'],
    maximumSeries: 50,
  });
  readonly trustedDocuments = new Count({
    name: 'gatehouse_trusted_documents_total',
    help: 'Trusted documents by outcome: run, not_found (an id that is unknown or switched off), refused (a text that is none, where only they are run).',
    labels: ['outcome'],
  });

  get figures(): readonly Figure[] {
    return [
      this.happenings,
      this.signIns,
      this.sessionsEnded,
      this.authentications,
      this.hashWait,
      this.hashTime,
      this.hashesRefused,
      this.messages,
      this.rateLimited,
      this.trustedDocuments,
    ];
  }

  /** Something was written to the audit log. */
  happened({ action, result = 'SUCCESS', metadata = {} }: Counted): void {
    this.happenings.add(action, result);
    if (action === 'session.started') {
      const outcome = result === 'SUCCESS' ? result : wordOf(metadata['reason']);
      this.signIns.add(wordOf(metadata['method']), outcome);
    } else if (action === 'session.ended') this.sessionsEnded.add(wordOf(metadata['reason']));
  }

  /** Computes a password hash, timed and in a span. */
  hash<T>(job: () => Promise<T>): Promise<T> {
    return traced('password hash', { kind: 'internal' }, async () => {
      const started = performance.now();
      try {
        return await job();
      } finally {
        this.hashTime.record((performance.now() - started) / 1000);
      }
    });
  }
}
