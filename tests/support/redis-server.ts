import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const find = (name: string): string | undefined =>
  ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
    .map((place) => join(place, name))
    .find((path) => existsSync(path));

/** A developer's machine may lack Redis; the build server must not pass without it. */
export const redisIsMissing = find('redis-server') === undefined && process.env['CI'] === undefined;

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
};

/** A real Redis on a port of its own, which can be killed, frozen, emptied and filled. It keeps nothing over a restart. */
export class RedisServer {
  readonly #directory: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
  }

  static async start(): Promise<RedisServer> {
    const made = new RedisServer(await mkdtemp(join(tmpdir(), 'gatehouse-redis-')), await freePort());
    await made.run();
    return made;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Starts it, empty. */
  async run(): Promise<void> {
    const executable = find('redis-server');
    if (executable === undefined) throw new Error('This needs Redis: apt-get install redis-server');
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn(executable, [...options, '--dir', this.#directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready to accept connections') && resolve());
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
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

  /** Runs one command of redis-cli and gives what it prints. */
  async command(...words: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(find('redis-cli') ?? 'redis-cli', ['-p', String(this.port), ...words]);
    return stdout.trim();
  }

  async close(): Promise<void> {
    this.thaw();
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
