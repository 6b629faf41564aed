import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { promisify } from 'node:util';

const executable = ['/usr/bin/kcat', '/usr/local/bin/kcat', '/opt/homebrew/bin/kcat'].find((path) => existsSync(path));

/** A developer's machine may lack kcat; the build server must not pass without it. */
export const kafkaIsMissing = executable === undefined && process.env['CI'] === undefined;

const kcat = (): string => {
  if (executable === undefined) throw new Error('This needs the broker of kcat: apt-get install kcat');
  return executable;
};

/** How long a slow broker is awake each time. */
const MOMENT_MS = 100;

/** A record as a consumer reads it. */
export interface ConsumedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/**
 * A broker that speaks Kafka's protocol: the mock cluster of librdkafka, in a process of its own, which can be killed and frozen.
 * It keeps nothing over a restart and has another address then, so it is found through an address that stays.
 */
export class KafkaBroker {
  #process: ChildProcess | null = null;
  #address = '';
  #door: Server | null = null;
  #accepted = 0;
  readonly #lateMs: number;

  private constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  /** `lateMs`: how long after each request its answer comes, always. */
  static async start({ lateMs = 0 } = {}): Promise<KafkaBroker> {
    const broker = new KafkaBroker(lateMs);
    const door = createServer((socket) => {
      broker.#accepted += 1;
      const [host = '', port = '0'] = broker.#address.split(':');
      const inner = connect(Number(port), host);
      for (const [one, other] of [
        [socket, inner],
        [inner, socket],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.pipe(other);
      }
    });
    broker.#door = door;
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    await broker.run();
    return broker;
  }

  /** Connections to the address that stays, since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** The address that stays. */
  get address(): string {
    const address = this.#door?.address() as AddressInfo | undefined;
    if (address === undefined) throw new Error('The broker was not started.');
    return `127.0.0.1:${address.port}`;
  }

  /** Starts it, empty; standard input stays open, for at its end it ends. */
  async run(): Promise<void> {
    const mock = ['-X', 'test.mock.num.brokers=1', '-X', `test.mock.broker.rtt=${this.#lateMs}`];
    const options = ['-P', '-b', 'none', '-t', 'boot', ...mock, '-d', 'mock'];
    const child = spawn(kcat(), options, { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#process = child;
    this.#address = await new Promise<string>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        const [, found] = /bootstrap\.servers=([\d.]+:\d+)/.exec(chunk.toString()) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`kcat ended with ${code}`)));
    });
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** From now on it answers once in so many milliseconds only, what came in by then, until the returned function is called. */
  slow(everyMs: number): () => void {
    this.freeze();
    const round = setInterval(() => {
      this.thaw();
      setTimeout(() => this.freeze(), MOMENT_MS);
    }, everyMs);
    return () => {
      clearInterval(round);
      setTimeout(() => this.thaw(), MOMENT_MS);
    };
  }

  /** Everything that the topic holds, partition after partition. */
  async consume(topic: string): Promise<readonly ConsumedRecord[]> {
    const format = '%p\\t%o\\t%k\\t%h\\t%s\\n';
    const { stdout } = await promisify(execFile)(
      kcat(),
      ['-C', '-b', this.#address, '-t', topic, '-e', '-q', '-o', 'beginning', '-f', format],
      { maxBuffer: 256 * 1024 * 1024 },
    );
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const [partition = '', offset = '', key = '', headers = '', value = ''] = line.split('\t');
      const pairs = headers.split(',').map((pair) => pair.split('='));
      return {
        partition: Number(partition),
        offset: Number(offset),
        key,
        headers: Object.fromEntries(pairs.map(([name = '', text = '']) => [name, text])),
        value,
      };
    });
  }

  async close(): Promise<void> {
    this.thaw();
    await this.kill();
    this.#door?.close();
  }
}
