import type { Command } from 'commander';
import type { UserView } from '../entities/user.queries.ts';
import { nameOf, systemOrigin } from '../services/caller.ts';
import { RefusedError, UsageError } from './exit-codes.ts';
import type { CommandServices, Host } from './host.ts';
import { writeResult } from './output-file.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

interface PersonOptions {
  readonly reason: string;
  readonly yes?: boolean;
}

const ORIGIN = systemOrigin('command line');

/** Opens the database and finds the person. Throws UsageError when nobody has such an id, address or name. */
const withPerson = (
  host: Host,
  command: Command,
  who: string,
  work: (services: CommandServices, user: UserView) => Promise<void>,
): Promise<void> =>
  withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const services = await session.openServices();
    const user = await services.personalData.find(who);
    if (user === null) throw new UsageError(`Nobody has the id, address, number or user name "${who}".`);
    await work(services, user);
  });

export const exportPerson = (
  host: Host,
  [who, path]: readonly [who: string, path: string],
  { reason }: PersonOptions,
  command: Command,
): Promise<void> =>
  withPerson(host, command, who, async ({ personalData }, user) => {
    await writeResult(host.terminal, path, {
      parts: personalData.lines(ORIGIN, user, reason),
      summary: (place) => `Wrote what is kept about ${user.id} to ${place}.`,
    });
  });

/** Asked where somebody sits who can answer; elsewhere the flag has to say it. */
const confirmErasure = async ({ terminal }: Host, user: UserView, isSure: boolean): Promise<void> => {
  if (isSure) return;
  if (!terminal.isInteractive) throw new RefusedError('Refused: erasing cannot be undone; say --yes.');
  const answer = await terminal.ask(`Erase ${nameOf(user) ?? user.id} (${user.id}) for good? Type "erase": `);
  if (answer.trim() !== 'erase') throw new RefusedError('Nothing was erased.');
};

export const erasePerson = (
  host: Host,
  who: string,
  { reason, yes = false }: PersonOptions,
  command: Command,
): Promise<void> =>
  withPerson(host, command, who, async ({ erasure }, user) => {
    await confirmErasure(host, user, yes);
    await erasure.eraseByServer(ORIGIN, { userId: user.id, reason });
    host.terminal.out(`Erased ${user.id}.`);
  });
