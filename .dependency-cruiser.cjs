/**
 * The layers of ARCHITECTURE.md as rules over imports, types included: what a layer may know is what it can be tested without.
 * `npm run lint` fails on a violation (scripts/layers.mjs), and tests/contract/layers.test.ts proves that every rule still fires.
 */
const forbid = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: typeof from === 'string' ? { path: from } : from,
  to: typeof to === 'string' ? { path: to } : to,
});

const packages = (names) => `node_modules/(${names})/`;
const GRAPHQL = packages(
  'graphql|type-graphql|graphql-shield|graphql-middleware|graphql-scalars|@apollo|@as-integrations',
);
const HTTP = packages('fastify|@fastify|@as-integrations|@apollo/server');
const ORM = packages('@mikro-orm|pg|kysely');

/** Our own modules of these folders or files, `a|b/c`. */
const own = (names) => `^src/(${names})(/|\\.ts$)`;

/** What everything may import. */
const COMMON =
  'errors|ids|clock|principal|vocabulary|factors|crypto/secret|config/config|config/settings|log|telemetry|work-under-way';

/** What a permission is and whether it is held: pure functions. */
const ALGEBRA =
  'permissions/(catalogue|catalogue-types|effective-grants|grants|grant-input|constraints|constraint-input|may|registered-catalogue|seeded-groups)';

module.exports = {
  forbidden: [
    forbid(
      'no-cycles',
      'A cycle has no order in which it can be read, tested or loaded. Related entities refer to each other by nature.',
      { path: '^src/', pathNot: '^src/entities/' },
      { circular: true },
    ),
    forbid(
      'no-unknown-module',
      'An import that resolves to nothing would be passed over by every rule below.',
      {},
      { couldNotResolve: true },
    ),
    forbid(
      'root-modules-know-nothing',
      'What every layer imports must not bring a layer along.',
      '^src/(errors|ids|clock|principal|vocabulary|version)\\.ts$',
      {
        path: '^src/',
        pathNot:
          '^src/(ids|vocabulary|permissions/(catalogue|catalogue-types|effective-grants|grants|constraints))\\.ts$',
      },
    ),
    forbid('config-knows-no-layer', 'Settings are read before anything else exists.', '^src/config/', {
      path: '^src/',
      pathNot: '^src/(config/|crypto/secret\\.ts$)',
    }),
    forbid('crypto-is-pure', 'Cryptography is tested without database, settings or network.', '^src/crypto/', {
      path: '^src/',
      pathNot: '^src/(crypto/|errors\\.ts$|ids\\.ts$|clock\\.ts$|vocabulary\\.ts$)',
    }),
    forbid(
      'cache-knows-no-layer',
      'What may vanish at any time is below everything that goes on without it.',
      '^src/cache/',
      { path: '^src/', pathNot: own(`cache|${COMMON}|crypto|version`) },
    ),
    forbid(
      'providers-know-no-layer',
      'What other servers say is checked without database, GraphQL or requests of ours.',
      '^src/providers/',
      { path: '^src/', pathNot: own(`providers|${COMMON}|config|permissions/networks|cache`) },
    ),
    forbid(
      'telemetry-knows-no-layer',
      'Whatever is counted, timed and traced is told of it; what counts never asks back.',
      '^src/telemetry/',
      { path: '^src/', pathNot: own(COMMON) },
    ),
    forbid(
      'opentelemetry-in-one-file',
      'It is loaded where traces are sent, and nowhere else.',
      { path: '^src/', pathNot: '^src/telemetry/otlp-tracing\\.ts$' },
      packages('@opentelemetry'),
    ),
    forbid(
      'core-knows-no-graphql',
      'Services, tables, events, keys and settings serve every surface: command line, jobs and pages too.',
      '^src/(services|messages|webhooks|entities|crypto|events|loaders|database|config)/',
      `(${own('schema|resolvers|context|explain|permissions/tree|permissions/shield')}|${GRAPHQL})`,
    ),
    forbid(
      'core-knows-no-http',
      'Services answer callers, not requests.',
      '^src/(services|messages|webhooks|entities|crypto|events|loaders|database|permissions|config|explain)/',
      `(${own('http|auth|start|cli|app')}|${HTTP})`,
    ),
    forbid(
      'entities-know-no-service',
      'Tables and their own transitions stand below everything that moves them.',
      '^src/entities/',
      {
        path: '^src/',
        pathNot: own(`entities|${COMMON}|${ALGEBRA}|database/keyset|database/position|database/sql|database/prepared`),
      },
    ),
    forbid(
      'messages-know-no-service',
      'What sends messages takes them from the table; whoever causes one calls it, never the other way round.',
      '^src/messages/',
      { path: '^src/', pathNot: own(`messages|entities|${COMMON}|config/settings-mail|crypto|database|installation`) },
    ),
    forbid(
      'webhooks-know-no-service',
      'What posts events takes them from the table; it does not know why they are there.',
      '^src/webhooks/',
      {
        path: '^src/',
        pathNot: own(
          `webhooks|entities|${COMMON}|crypto|database|events/event-sink|events/event-message|providers/outbound|providers/provider-error`,
        ),
      },
    ),
    forbid(
      'events-know-entities-only',
      'A recorder that called services could change what it records.',
      '^src/events/',
      { path: '^src/', pathNot: own(`events|entities|${COMMON}|crypto|database/sql|database/prepared`) },
    ),
    forbid(
      'schema-holds-no-logic',
      'Object types and inputs say what clients see, nothing about how it is found.',
      '^src/schema/',
      {
        path: '^src/',
        pathNot: own(`schema|${COMMON}|permissions/catalogue|permissions/catalogue-types|permissions/constraints`),
      },
    ),
    forbid(
      'resolvers-stay-thin',
      'A resolver turns arguments into one service call; what is allowed is said in permissions/tree.ts.',
      '^src/resolvers/',
      own('http|auth|permissions|explain|database|events|cli|start|app'),
    ),
    forbid(
      'permissions-know-no-database',
      'A rule can fail for one reason, "no": it sees the principal and the arguments, never a row.',
      '^src/permissions/',
      `(${own('entities|services|loaders|database|events|orm')}|${ORM})`,
    ),
    forbid(
      'flows-are-data',
      'How things live is written down beside the code, not in it: tests compare the two.',
      '^src/flows/',
      { path: '^src/', pathNot: own('flows|vocabulary') },
    ),
    forbid(
      'loaders-read-only',
      'Relations are read under the predicates beside the entities; nothing here may change a row.',
      '^src/loaders/',
      {
        path: '^src/',
        pathNot: `(${own(`loaders|entities|${COMMON}`)}|^src/services/[a-z-]+-reader\\.ts$|^src/services/(caller|connection)\\.ts$)`,
      },
    ),
    forbid(
      'tree-only-from-the-composition',
      'The tree reaches the server by app.ts and schema.ts; nobody else may decide by it.',
      { path: '^src/', pathNot: '^src/(app|schema|cli/emit-[a-z-]+)\\.ts$|^src/explain/' },
      '^src/permissions/tree\\.ts$',
    ),
    forbid(
      'shield-in-one-file',
      'One adapter to the library: deny by default is enforced there.',
      { path: '^src/', pathNot: '^src/permissions/shield\\.ts$' },
      packages('graphql-shield|graphql-middleware'),
    ),
    forbid(
      'orm-in-its-layers',
      'Whoever holds an EntityManager can go around every guard.',
      { path: '^src/', pathNot: own('entities|services|messages|loaders|events|database|cli|app|orm') },
      ORM,
    ),
    forbid(
      'composition-at-the-top',
      'app.ts constructs everything, so nothing that it constructs may know it.',
      { path: '^src/', pathNot: own('app|main|serve|cli|start|composition') },
      '^src/(app|main|serve|composition/.*)\\.ts$',
    ),
    forbid(
      'source-knows-no-tests',
      'Tests, benchmarks and build scripts are not part of the product.',
      '^src/',
      '^(tests|bench|scripts|playground|generated/client)/',
    ),
    forbid(
      'no-development-package',
      'The image holds no devDependencies, and no package that package.json does not list.',
      { path: '^src/', pathNot: '^src/cli/emit-[a-z-]+\\.ts$' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
