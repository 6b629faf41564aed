import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A name server on loopback that knows the TXT records of its map and nothing else (RFC 1035 section 4). */
export interface DnsServer {
  /** As `Resolver.setServers` takes it. */
  readonly address: string;
  /** Pieces of a record by name: a text of more than 255 bytes has several. */
  readonly records: Map<string, readonly (readonly string[])[]>;
  /** Names that were asked for. */
  readonly asked: string[];
  /** While true no question is answered. */
  silent: boolean;
  close(): Promise<void>;
}

const HEADER_BYTES = 12;
const TXT = 16;
const NXDOMAIN = 3;

/** The name of the one question, and where the question ends. */
const questionOf = (packet: Buffer): { readonly name: string; readonly end: number } => {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  while (packet.readUInt8(at) !== 0) {
    const length = packet.readUInt8(at);
    labels.push(packet.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
};

const answerOf = (pieces: readonly string[]): Buffer => {
  const data = Buffer.concat(
    pieces.map((piece) => Buffer.concat([Buffer.from([Buffer.byteLength(piece)]), Buffer.from(piece)])),
  );
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(0xc00c, 0); // the name of the question
  head.writeUInt16BE(TXT, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(1, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
};

export const startDnsServer = async (): Promise<DnsServer> => {
  const socket = createSocket('udp4');
  const server = {
    address: '',
    records: new Map<string, readonly (readonly string[])[]>(),
    asked: [] as string[],
    silent: false,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (packet, from) => {
    const { name, end } = questionOf(packet);
    server.asked.push(name);
    if (server.silent) return;
    const found = server.records.get(name) ?? [];
    const head = Buffer.alloc(HEADER_BYTES);
    packet.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8580 | (found.length === 0 ? NXDOMAIN : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(found.length, 6);
    socket.send(Buffer.concat([head, packet.subarray(HEADER_BYTES, end), ...found.map(answerOf)]), from.port);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  server.address = `127.0.0.1:${socket.address().port}`;
  return server;
};
