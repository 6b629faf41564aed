import { ApolloServer, type BaseContext } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo from '@as-integrations/fastify';
import { fastify } from 'fastify';
import { Pool } from 'pg';
import { userColumns, type UserRow } from '../../src/entities/user.queries.ts';
import { viewerBySession } from './statements.ts';
import { FloorTokens, settings } from './tokens.ts';

/*
 * Lean Apollo: the same documents as Gatehouse gets, over the same statements, with nothing between resolver and row. All of
 * Apollo's costly plugins are off. Group definitions are in memory, as in Gatehouse.
 */
const typeDefs = `
type Permission { action: String! resource: String! }
type Group { id: ID! name: String! permissions: [Permission!]! }
type User { id: ID! email: String displayName: String! status: String! groups: [Group!] }
type Viewer { user: User! }
input UserOrder { field: String! direction: String! }
type UserConnection { nodes: [User!]! }
type Query { viewer: Viewer users(first: Int, orderBy: UserOrder): UserConnection }
`;

interface Group {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly { readonly action: string; readonly resource: string }[];
}

interface Context extends BaseContext {
  readonly sessionId: string;
}

interface ViewerRow {
  readonly id: string;
  readonly email: string;
  readonly display_name: string;
  readonly status: string;
  readonly groups: readonly string[];
}

const pool = new Pool({ connectionString: settings.databaseUrl, max: 10 });
const tokens = await FloorTokens.of(settings.key);
const definitions = new Map<string, Group>();

const loadDefinitions = async (): Promise<void> => {
  const { rows } = await pool.query<Group>(
    `select g.id, g.name, coalesce((select jsonb_agg(jsonb_build_object('action', p.action, 'resource', p.resource)
       order by p.position) from group_grants p where p.group_id = g.id), '[]') as permissions from groups g`,
  );
  for (const group of rows) definitions.set(group.id, group);
};

const readViewer = async (sessionId: string): Promise<ViewerRow | undefined> => {
  const { rows } = await pool.query<ViewerRow>(viewerBySession, [sessionId, new Date()]);
  return rows[0];
};

const viewer = async (_root: unknown, _args: unknown, { sessionId }: Context): Promise<object | null> => {
  const user = await readViewer(sessionId);
  if (user === undefined) return null;
  const { id, email, display_name: displayName, status } = user;
  return { user: { id, email, displayName, status, groups: user.groups.map((name) => ({ name })) } };
};

/** The statements of Gatehouse: who calls, the page, the memberships of the page. */
const users = async (_root: unknown, args: { first: number }, { sessionId }: Context): Promise<object | null> => {
  if ((await readViewer(sessionId)) === undefined) return null;
  const page = await pool.query<UserRow>(
    `select ${userColumns}, u.created_at::text as sort_key from users u order by u.created_at, u.id limit $1`,
    [args.first + 1],
  );
  const rows = page.rows.slice(0, args.first);
  const memberships = await pool.query<{ user_id: string; group_ids: string[] }>(
    `select user_id, array_agg(distinct group_id::text) as group_ids from memberships
     where user_id = any($1::uuid[]) group by user_id`,
    [rows.map((row) => row.user_id)],
  );
  const byUser = new Map(memberships.rows.map((row) => [row.user_id, row.group_ids]));
  return {
    nodes: rows.map((row) => ({
      id: row.user_id,
      email: row.email,
      displayName: row.display_name,
      status: row.status,
      groups: (byUser.get(row.user_id) ?? [])
        .map((id) => definitions.get(id))
        .filter((group) => group !== undefined)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    })),
  };
};

const apollo = new ApolloServer<Context>({
  typeDefs,
  resolvers: { Query: { viewer, users } },
  plugins: [
    ApolloServerPluginLandingPageDisabled(),
    ApolloServerPluginInlineTraceDisabled(),
    ApolloServerPluginCacheControlDisabled(),
    ApolloServerPluginUsageReportingDisabled(),
    ApolloServerPluginSchemaReportingDisabled(),
  ],
});

await loadDefinitions();
await apollo.start();
const app = fastify();
app.get('/readyz', async () => {
  await pool.query('select 1');
  return { status: 'OK' };
});
await app.register(fastifyApollo(apollo), {
  path: '/graphql',
  context: async (request) => ({
    sessionId: await tokens.sessionOf(request.headers.authorization, request.headers['x-remember'] !== undefined),
  }),
});
process.once('SIGTERM', () => {
  void app.close().then(() => pool.end());
});
await app.listen({ host: '127.0.0.1', port: settings.port });
