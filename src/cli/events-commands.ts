import type { Command } from 'commander';
import { parseZonedInstant } from '../clock.ts';
import type { OutboxStatus } from '../services/outbox-reader.ts';
import type { ReplayStart } from '../services/event-replay.ts';
import { systemOrigin } from '../services/caller.ts';
import { counted } from './counted.ts';
import { IncompleteError, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

const linesOf = ({ pending, lagSeconds, publishedPerMinute, relay, sinks }: OutboxStatus): readonly string[] => [
  `${counted(pending, 'event')} pending, the oldest ${Math.round(lagSeconds)} s old; ${publishedPerMinute} published within a minute.`,
  relay === null ? 'No replica publishes at present.' : `Replica ${relay} publishes.`,
  ...sinks.map((sink) => {
    const last = sink.lastPublishedAt === null ? 'never' : sink.lastPublishedAt.toISOString();
    const dead = sink.deadLetters === 0 ? '' : `, ${sink.deadLetters} given up`;
    const failing = sink.healthy ? '' : `, failing: ${sink.failure ?? 'no reason given'}`;
    return `${sink.name}: ${sink.pending} pending, last success ${last}${dead}${failing}`;
  }),
];

const status = async (host: Host, command: Command): Promise<void> => {
  await withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const { outboxReader } = await session.openServices();
    for (const line of linesOf(await outboxReader.status())) host.terminal.out(line);
  });
};

const ORIGIN = systemOrigin('command line');

/** `4711`, or a time as RFC 3339 writes it. */
const readStart = (text: string): ReplayStart => {
  if (/^[1-9]\d{0,17}$/.test(text)) return { sequence: text };
  const at = parseZonedInstant(text);
  if (at === null)
    throw new UsageError('--from takes a sequence such as 4711, or a time such as 2026-01-31T09:00:00Z.');
  return { at };
};

const whereTo = (sink: string): string =>
  sink === 'webhook'
    ? '; a running server brings them to webhooks that had no delivery of them. Others get theirs again by replayWebhookDeliveries.'
    : ', with the same ids; a running server brings them.';

const replay = async (host: Host, sink: string, from: string, command: Command): Promise<void> => {
  const start = readStart(from);
  await withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const { eventReplay } = await session.openServices();
    const count = await eventReplay.replay(ORIGIN, sink, start);
    if (count === null) throw new IncompleteError(`No relay has served a sink ${JSON.stringify(sink)} yet.`);
    host.terminal.out(`${counted(count, 'event goes', 'events go')} to ${sink} again${whereTo(sink)}`);
  });
};

/** Commands about the outbox. */
export const addEventsCommands = (host: Host, program: Command): void => {
  const command = program.command('events').helpCommand(false).description('events: how far they have come, once more');
  command
    .command('status')
    .description('pending events, their age, the relay and each sink')
    .action((_options: unknown, self: Command) => status(host, self));
  command
    .command('replay')
    .argument('<sink>', 'log, webhook, redis or kafka')
    .requiredOption('--from <place>', 'sequence of the first event, or a time, RFC 3339')
    .description('let a sink have events again, as long as they are kept (EVENT_RETENTION)')
    .action((sink: string, options: { from: string }, self: Command) => replay(host, sink, options.from, self));
};
