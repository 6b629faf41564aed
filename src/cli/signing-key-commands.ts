import { type Command, InvalidArgumentError } from 'commander';
import { systemOrigin } from '../services/caller.ts';
import { SigningAlgorithm } from '../vocabulary.ts';
import { IncompleteError } from './exit-codes.ts';
import type { CommandServices, Host } from './host.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

type SigningKeys = CommandServices['signingKeys'];
type SigningKeyRow = Awaited<ReturnType<SigningKeys['look']>>[number];

const ORIGIN = systemOrigin('command line');

const readAlgorithm = (text: string): SigningAlgorithm => {
  const found = Object.values(SigningAlgorithm).find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError('It is one of EdDSA, ES256, RS256.');
  return found;
};

const readSeconds = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds.');
  return Number(text);
};

const lineOf = (row: SigningKeyRow, isMounted: boolean): string => {
  const { kid, algorithm, status, notBefore, verifiesUntil } = row;
  const until = verifiesUntil === null ? '' : `, verifies until ${verifiesUntil.toISOString()}`;
  return `${kid} ${algorithm} ${status} from ${notBefore.toISOString()}${until}${isMounted ? ', mounted' : ''}`;
};

const withKeys = (host: Host, command: Command, work: (keys: SigningKeys) => Promise<void>): Promise<void> =>
  withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    const { signingKeys } = await session.openServices();
    await work(signingKeys);
  });

const list = (host: Host, command: Command): Promise<void> =>
  withKeys(host, command, async (keys) => {
    const rows = await keys.look();
    for (const row of rows) host.terminal.out(lineOf(row, keys.isMounted(row)));
    if (rows.length === 0) host.terminal.out('There is no signing key yet; the server makes one when it starts.');
  });

interface RotateOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly overlap?: number;
  readonly now?: boolean;
}

const rotate = (host: Host, { algorithm, overlap, now }: RotateOptions, command: Command): Promise<void> =>
  withKeys(host, command, async (keys) => {
    await keys.look();
    const { signingKey, retiringKey } = await keys.rotate(ORIGIN, {
      algorithm: algorithm ?? null,
      overlapSeconds: overlap ?? null,
      immediately: now === true,
    });
    for (const row of [signingKey, ...(retiringKey === null ? [] : [retiringKey])])
      host.terminal.out(lineOf(row, keys.isMounted(row)));
  });

const retire = (host: Host, kid: string, command: Command): Promise<void> =>
  withKeys(host, command, async (keys) => {
    const status = await keys.retire(ORIGIN, kid);
    if (status === null) throw new IncompleteError(`There is no signing key ${kid}; "keys list" names them.`);
    if (status === 'ACTIVE') {
      throw new IncompleteError('This is the key that signs: run "keys rotate --now" first, then retire it.');
    }
    host.terminal.out(`${kid} verifies no more; servers notice within half a minute.`);
  });

/** `keys list`, `keys rotate` and `keys retire`: the keys that sign access tokens. */
export const addSigningKeyCommands = (host: Host, keys: Command): void => {
  keys
    .command('list')
    .description('the keys that sign and verify access tokens')
    .action((_options: object, command: Command) => list(host, command));
  keys
    .command('rotate')
    .option('--algorithm <name>', 'EdDSA, ES256 or RS256; default: as the present one', readAlgorithm)
    .option(
      '--overlap <seconds>',
      'how long the old key verifies, a week at most; default: twice the life of a token',
      readSeconds,
    )
    .option('--now', 'sign with it at once, although verifiers may not know it yet: the present key has leaked')
    .description('make another key sign, as soon as verifiers had the time to learn of it')
    .action((options: RotateOptions, command: Command) => rotate(host, options, command));
  keys
    .command('retire')
    .argument('<kid>', 'id of the key')
    .description('take a leaked key that no longer signs out of use: tokens that it signed are refused')
    .action((kid: string, _options: object, command: Command) => retire(host, kid, command));
};
