import type { Logger } from 'pino';
import type { Services } from '../composition/services.ts';
import type { Config } from '../config/config.ts';
import type { EmbeddedPostgres } from '../database/embedded/embedded-postgres.ts';
import { accountLines } from '../services/seeded-accounts.ts';
import { VERSION } from '../version.ts';

interface Announcement {
  readonly config: Config;
  readonly services: Services;
  readonly logger: Logger;
  readonly embedded: EmbeddedPostgres | null;
}

/**
 * Says where the server is and what a person can do first. Secrets (the set-up link, generated passwords) go to standard
 * output once, never through the logger: logs are kept and shipped.
 */
export const announce = async ({ config, services, logger, embedded }: Announcement): Promise<void> => {
  const { baseUrl, playground } = config.server;
  logger.info({ version: VERSION, environment: config.environment, embedded: embedded !== null }, 'ready');
  const lines = [
    `Gatehouse ${VERSION} is ready at ${baseUrl}/graphql`,
    ...(playground ? [`Playground: ${baseUrl}/playground`] : []),
    ...(config.environment === 'development' && config.mail.transport === 'inbox'
      ? [`Mail is captured: ${baseUrl}/dev/mail`]
      : []),
    ...(embedded === null
      ? []
      : [`Data: ${config.database.dataDirectory} (embedded PostgreSQL, for development only)`]),
    ...(await developmentAccounts(config, services)),
    ...(await setupLines(config, services)),
  ];
  process.stdout.write(`\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`);
};

const setupLines = async ({ server }: Config, services: Services): Promise<readonly string[]> => {
  const issued = await services.setup.issueToken();
  if (issued === null) return [];
  return [
    '',
    'There is no administrator yet. Make the first one within 24 hours; this token works once:',
    `  setUpFirstAdmin token: ${issued.token.reveal()}`,
    ...(issued.link === null ? mutationLines(server.baseUrl) : [`  ${issued.link}`]),
  ];
};

/** What to send where no page can: the token and the password stay out of the history of the shell. */
const mutationLines = (baseUrl: string): readonly string[] => [
  `  Send it to ${baseUrl}/graphql, with an address, a name and a password of your own:`,
  '  mutation ($input: SetUpFirstAdminInput!) { setUpFirstAdmin(input: $input) { step errors { code field } } }',
  '  {"input": {"setupToken": "...", "email": "...", "displayName": "...", "password": "...", "delivery": "BODY"}}',
  '  or run on this machine: npm run cli -- create-admin',
];

const developmentAccounts = async (config: Config, services: Services): Promise<readonly string[]> => {
  if (config.environment !== 'development') return [];
  const { accounts, file } = await services.seed.seed();
  if (accounts.length === 0) return [];
  const kept = file === null ? 'are shown once' : `are also in ${file}`;
  return [
    '',
    `Ordinary users were made to try things with; their passwords ${kept}:`,
    ...accountLines(accounts).map((line) => `  ${line}`),
  ];
};
