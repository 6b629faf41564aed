import { relative } from 'node:path';
import type { Command } from 'commander';
import { createMigration } from '../database/create-migration.ts';
import { RefusedError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { createDatabaseStep, downStep, prepareStep, seedStep, statusLines, upStep } from './migrate-steps.ts';
import { configOf, ensureSchema, refuseInProduction, type Session, withSession } from './session.ts';

const deploy = async (host: Host, command: Command): Promise<void> => {
  const config = configOf(host, command);
  await createDatabaseStep(host, config);
  await withSession(host, command, config, async (session) => {
    await prepareStep(session);
    await upStep(session);
    await seedStep(session);
  });
};

const reset = async (host: Host, isSure: boolean, command: Command): Promise<void> => {
  const config = configOf(host, command);
  refuseInProduction(config, 'reset');
  if (!isSure && !host.terminal.isInteractive) {
    throw new RefusedError('Refused: reset destroys all data; nobody is there to ask, so say --yes.');
  }
  await withSession(host, command, config, async (session) => {
    const [place] = await session.database.query<{ name: string }>(
      `select current_database() || '.' || current_schema() as name`,
    );
    if (!isSure) {
      const answer = await host.terminal.ask(`Destroy everything in ${place?.name ?? 'the database'}? Type yes: `);
      if (answer.trim() !== 'yes') throw new RefusedError('Nothing was changed.');
    }
    const dropped = await session.migrator.dropEverything();
    host.terminal.out(`Dropped ${dropped} tables of ${place?.name ?? 'the database'}.`);
    await upStep(session);
    await seedStep(session);
  });
};

/** The first group holds every table: undone by a slip, it takes all data with it. Who names a migration has said which. */
const confirmDown = async ({ host, migrator }: Session): Promise<void> => {
  const applied = (await migrator.status()).filter(({ state }) => state !== 'pending');
  const last = Math.max(...applied.map(({ group }) => group ?? 0));
  const due = applied.filter(({ group }) => group === last).map(({ name }) => name);
  if (due.length === 0) return;
  const which = due.length === 1 ? due.join() : `${due.length} migrations, ${due.at(0)} to ${due.at(-1)}`;
  const answer = await host.terminal.ask(`Undo ${which}, with the data in what they made? Type yes: `);
  if (answer.trim() !== 'yes') throw new RefusedError('Nothing was changed.');
};

const down = async (host: Host, name: string | undefined, isSure: boolean, command: Command): Promise<void> => {
  const config = configOf(host, command);
  refuseInProduction(config, 'migrate down');
  const asks = name === undefined && !isSure;
  if (asks && !host.terminal.isInteractive) {
    throw new RefusedError(
      'Refused: migrate down undoes the last group with its data; nobody is there to ask, so name a migration or say --yes.',
    );
  }
  await withSession(host, command, config, async (session) => {
    if (asks) await confirmDown(session);
    await downStep(session, name);
  });
};

const create = async (host: Host, what: string, isBlank: boolean): Promise<void> => {
  const file = await createMigration(what, { isBlank });
  host.terminal.out(
    file === null
      ? 'Entities and migrations agree, so there is nothing to write; --blank writes an empty migration.'
      : `Wrote ${relative(process.cwd(), file)}. Read it, complete its down(), and commit it with snapshot.json.`,
  );
};

const addHistoryCommands = (host: Host, migrate: Command): void => {
  migrate
    .command('init')
    .description('create the database, when the server lacks it, and the table that records migrations')
    .action(async (_options: unknown, command: Command) => {
      const config = configOf(host, command);
      await createDatabaseStep(host, config);
      await withSession(host, command, config, prepareStep);
    });
  migrate
    .command('up')
    .argument('[migration]', 'only this one: its name, time, or what stands behind the time')
    .description('apply what is due, all together or not at all; applied ones are skipped')
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      await withSession(host, command, configOf(host, command), (session) => upStep(session, name));
    });
  migrate
    .command('down')
    .argument('[migration]', 'only this one')
    .option('-y, --yes', 'do not ask')
    .description('undo the migrations that were last applied together; refused in production')
    .action((name: string | undefined, options: { yes?: boolean }, command: Command) =>
      down(host, name, options.yes === true, command),
    );
  migrate
    .command('status')
    .description('show which migrations are applied, when, and which are due; changes nothing')
    .action(async (_options: unknown, command: Command) => {
      await withSession(host, command, configOf(host, command), async ({ migrator }) => {
        for (const line of statusLines(await migrator.status())) host.terminal.out(line);
      });
    });
};

/** `migrate ...` and the commands that unite several of its steps. */
export const addMigrateCommands = (host: Host, program: Command): void => {
  const migrate = program
    .command('migrate')
    .helpCommand(false)
    .description('the schema of the database: apply, undo, look, write');
  addHistoryCommands(host, migrate);
  migrate
    .command('create')
    .argument('<what>', 'a few words for the file name, for example add-api-keys')
    .option('--blank', 'an empty migration, for changes that entities do not show')
    .description('write a migration from what the entities have and the migrations lack; needs no database')
    .action((what: string, options: { blank?: boolean }) => create(host, what, options.blank === true));
  const describeDeploy = 'init, up and seed in one: what a release runs before its servers start';
  migrate
    .command('deploy')
    .description(describeDeploy)
    .action((_options: unknown, command: Command) => deploy(host, command));
  program
    .command('deploy')
    .description(describeDeploy)
    .action((_options: unknown, command: Command) => deploy(host, command));
  program
    .command('seed')
    .description(
      'first accounts: development three people and a sample group, staging one administrator, production nobody',
    )
    .action(async (_options: unknown, command: Command) => {
      await withSession(host, command, configOf(host, command), async (session) => {
        await ensureSchema(session);
        await seedStep(session);
      });
    });
  program
    .command('reset')
    .option('-y, --yes', 'do not ask')
    .description('drop everything, then up and seed; refused in production')
    .action((options: { yes?: boolean }, command: Command) => reset(host, options.yes === true, command));
};
