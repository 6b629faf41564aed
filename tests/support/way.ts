import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to a way: nothing, no byte goes on, each goes on late, or nobody is let in. */
type Harm = 'none' | 'frozen' | 'slow' | 'refusing';

/** How late each piece goes on over a slow way. */
const LATE_MS = 100;

/** A way to a server, by TCP, that a test can freeze, slow down, cut and close, as networks and machines do. */
export class Way {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #door: Server;
  #target: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 };
  #harm: Harm = 'none';

  private constructor() {
    this.#door = createServer((socket) => this.#enter(socket));
  }

  static async open(): Promise<Way> {
    const way = new Way();
    await new Promise<void>((resolve) => way.#door.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get port(): number {
    return (this.#door.address() as AddressInfo).port;
  }

  /** From now on it leads to the server of this address; gives the address by which it is reached over the way. */
  async leadTo(address: string): Promise<string> {
    const url = new URL(address);
    this.#target = { host: url.hostname, port: Number(url.port) };
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Nothing is closed and nothing goes on: a stopped process, or a network that swallows everything. What is sent waits. */
  freeze(): void {
    this.#harm = 'frozen';
    for (const socket of [...this.#pairs].flat()) socket.pause();
  }

  /** The same for the connections that there are; new ones go through. So a load balancer forgets those that rest, without a word. */
  forget(): void {
    for (const socket of [...this.#pairs].flat()) socket.pause();
  }

  slow(): void {
    this.#harm = 'slow';
  }

  /** Ends every connection, as a restart does; new ones are let in. */
  cut(): void {
    for (const socket of [...this.#pairs].flat()) socket.destroy();
  }

  /** Ends every connection and lets nobody in. */
  refuse(): void {
    this.#harm = 'refusing';
    this.cut();
  }

  heal(): void {
    this.#harm = 'none';
    for (const socket of [...this.#pairs].flat()) socket.resume();
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise((resolve) => this.#door.close(resolve));
  }

  #enter(outer: Socket): void {
    if (this.#harm === 'refusing') {
      outer.resetAndDestroy();
      return;
    }
    const inner = connect(this.#target.port, this.#target.host);
    const pair = [outer, inner] as const;
    this.#pairs.add(pair);
    this.#forward(outer, inner);
    this.#forward(inner, outer);
    for (const [one, other] of [pair, pair.toReversed()] as readonly (readonly [Socket, Socket])[]) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#harm === 'frozen') one.pause();
    }
  }

  #forward(from: Socket, to: Socket): void {
    from.on('data', (piece: Buffer) => {
      if (this.#harm !== 'slow') to.write(piece);
      else setTimeout(() => to.write(piece), LATE_MS);
    });
    from.on('end', () => to.end());
  }
}
