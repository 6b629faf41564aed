import { guildSupergraph } from './compose.ts';
import { documentsSdl, documentsSubgraph } from './documents.ts';
import { hiveRuntime } from './gateways.ts';
import { listen, subgraphListener } from './serve.ts';

const GATEHOUSE = process.env['GATEHOUSE_URL'] ?? 'http://localhost:4000/graphql';
const DOCUMENTS_PORT = Number(process.env['DOCUMENTS_PORT'] ?? 4001);
const PORT = Number(process.env['PORT'] ?? 4002);

/** What routers compose; Gatehouse answers it to anybody. */
const sdlOf = async (url: string): Promise<string> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  const { data } = (await response.json()) as { readonly data?: { readonly _service: { readonly sdl: string } } };
  if (data === undefined) throw new Error(`${url} answers ${response.status} and no schema: is it Gatehouse?`);
  return data._service.sdl;
};

/** Serves the supergraph beside a running Gatehouse. Its arguments are ids of users; each of them owns a document. */
const main = async (): Promise<void> => {
  const owners = process.argv.slice(2);
  const rows = owners.map((ownerId, index) => ({ id: `d${index + 1}`, title: `Document ${index + 1}`, ownerId }));
  await listen(subgraphListener(documentsSubgraph(rows)), DOCUMENTS_PORT);
  const supergraph = guildSupergraph([
    { name: 'gatehouse', url: GATEHOUSE, sdl: await sdlOf(GATEHOUSE) },
    { name: 'documents', url: `http://127.0.0.1:${DOCUMENTS_PORT}/graphql`, sdl: documentsSdl },
  ]);
  const runtime = hiveRuntime(supergraph);
  await listen((request, response) => void runtime(request, response), PORT);
  process.stdout.write(`The supergraph is at http://localhost:${PORT}/graphql\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
