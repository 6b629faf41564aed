import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** graphql ships two builds; without one fixed file the suite would load both and fail with "another module or realm". */
const graphql = fileURLToPath(import.meta.resolve('graphql/index.js'));

const shared = {
  resolve: { alias: [{ find: /^graphql$/, replacement: graphql }] },
};

/** These replace modules (the argon2 libraries, to see how often they are called), so they share none with other files. */
const mocking = ['tests/unit/crypto/{argon2-loading,password-hasher}.test.ts'];

/**
 * What `npm test` leaves to `npm run test:all`, to stay within two minutes on two cores: areas that are whole in themselves, with
 * real servers of other kinds, attacks in parallel and every state of the flows.
 */
const areas = [
  'tests/api/{access,api-key,attacks,audit,cli,client,code,connection,deployment,device,document,events,explain,federation,impersonation,keys,limits,mail,mfa,observability,operations,organization,organization-reach,passkey,password,password-token,permission,plans,profile,providers,resources,sign-up,stats,subscription,webhook}/**/*.test.ts',
  'tests/api/user/{bulk-of-users,create-user-mail,create-user-repeated,last-administrator,resend-invite-mail}.test.ts',
  'tests/api/http/generated-requests.test.ts',
  'tests/contract/flows/**/*.test.ts',
  'tests/contract/{impersonation-matrix,permission-matrix-within}.test.ts',
  'tests/unit/messages/http-transports.test.ts',
  'packages/client/tests/**/*.test.ts',
];

const alone = {
  globalSetup: ['tests/support/global-setup.ts'],
  setupFiles: ['tests/support/setup.ts'],
  pool: 'forks' as const,
  // They wait for processes most of the time.
  maxWorkers: 2,
  // After the others: projects with another number of workers run in another group.
  sequence: { groupOrder: 1 },
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

const inProcess = {
  globalSetup: ['tests/support/global-setup.ts'],
  setupFiles: ['tests/support/setup.ts'],
  pool: 'forks' as const,
  // Modules are loaded once for each worker, not for each file: every file makes an app of its own anyway.
  isolate: false,
  maxWorkers: 3,
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'json-summary'] },
    projects: [
      {
        ...shared,
        test: {
          name: 'suite',
          include: ['tests/{unit,api,contract}/**/*.test.ts'],
          exclude: [...mocking, ...areas],
          ...inProcess,
        },
      },
      { ...shared, test: { name: 'areas', include: areas, ...inProcess } },
      // Every event in every state of every flow: minutes, for whoever changes a flow. Each row once is in the areas.
      { ...shared, test: { name: 'exhaustive', include: ['tests/slow/flows/**/*.test.ts'], ...inProcess } },
      {
        ...shared,
        test: {
          name: 'mocking',
          include: mocking,
          setupFiles: ['tests/support/setup.ts'],
          pool: 'forks',
        },
      },
      {
        ...shared,
        test: {
          name: 'slow',
          include: ['tests/slow/**/*.test.ts'],
          exclude: ['tests/slow/flows/**'],
          ...alone,
        },
      },
    ],
  },
});
