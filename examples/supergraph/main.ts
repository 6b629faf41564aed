import { parseArgs } from 'node:util';
import { guildSupergraph } from './compose.ts';
import { documentsSdl, documentsSubgraph } from './documents.ts';
import { hiveRuntime } from './gateways.ts';
import { listen, subgraphListener } from './serve.ts';

const { values: options, positionals: owners } = parseArgs({
  allowPositionals: true,
  options: {
    gatehouse: { type: 'string', default: 'http://localhost:4000/graphql' },
    'documents-port': { type: 'string', default: '4001' },
    port: { type: 'string', default: '4002' },
  },
});

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
  const { gatehouse, port, 'documents-port': documentsPort } = options;
  const rows = owners.map((ownerId, index) => ({ id: `d${index + 1}`, title: `Document ${index + 1}`, ownerId }));
  await listen(subgraphListener(documentsSubgraph(rows)), Number(documentsPort));
  const supergraph = guildSupergraph([
    { name: 'gatehouse', url: gatehouse, sdl: await sdlOf(gatehouse) },
    { name: 'documents', url: `http://127.0.0.1:${documentsPort}/graphql`, sdl: documentsSdl },
  ]);
  const runtime = hiveRuntime(supergraph);
  await listen((request, response) => void runtime(request, response), Number(port));
  // The runtime listens to signals for itself, which keeps Node from ending by them.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
  process.stdout.write(`The supergraph is at http://localhost:${port}/graphql\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
