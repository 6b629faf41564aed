import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheCounters } from '../cache/cache-counters.ts';
import { MemoryKeyValue } from '../cache/memory-key-value.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { type ChangedDocumentRow, changedTrustedDocuments } from '../entities/trusted-document.queries.ts';

const INTERVAL_MS = 500;
/** What was read longer ago is read again before anything is said. */
const FRESH_MS = 900;
/** Nothing is asked any more when nobody ran a document by its id for so long. */
const IDLE_MS = 10_000;

/**
 * The documents that may be run. The hashes of all of them are held, so that an unknown one needs neither a statement nor memory, and of
 * their texts those that were used of late. While documents are run, one statement twice a second reads what changed: registering and
 * disabling hold within a second in every replica, and a request for a known document needs no statement.
 */
export class TrustedDocumentDirectory {
  readonly #database: Database;
  readonly #counters: CacheCounters;
  readonly #enabled = new Set<string>();
  readonly #texts: MemoryKeyValue;
  readonly #flights = new Map<string, Promise<string | null>>();
  /** What goes on after a request is no part of it. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #epoch = 0n;
  /** When the last reading began that succeeded, in milliseconds of the process. */
  #readAt = -Infinity;
  /** What was read before this is old. */
  #changedAt = -Infinity;
  #askedAt = -Infinity;
  #isAway = false;
  #reading: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: { database: Database; counters: CacheCounters; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#counters = parts.counters;
    this.#texts = new MemoryKeyValue({ clock: parts.clock, maximumBytes: parts.config.cache.memoryBytes });
  }

  /** Documents that may be run, as far as is known: the one thing here that grows with what is stored. */
  get size(): number {
    return this.#enabled.size;
  }

  /** Whether the document with this hash may be run. Throws when the database is away and none is known by it. */
  async isEnabled(hash: string): Promise<boolean> {
    await this.#reach(hash);
    return this.#enabled.has(hash);
  }

  /** The text of the document with this hash; null when none may be run. Throws when the database is away and it is not remembered. */
  async textOf(hash: string): Promise<string | null> {
    if (!(await this.isEnabled(hash))) return null;
    const known = await this.#texts.get(hash);
    this.#counters.count('documents', known === null ? 'miss' : 'hit');
    return known ?? this.#readText(hash);
  }

  /** Something was registered or disabled here: it holds from the next question on. */
  changed(): void {
    this.#changedAt = performance.now();
    this.#isAway = false;
  }

  /** Forgets the texts. */
  forget(): void {
    this.#texts.clear();
    this.changed();
  }

  /** Asks nothing any more by itself. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #reach(hash: string): Promise<void> {
    this.#askedAt = performance.now();
    this.#timer ??= this.#outside(() => setInterval(() => this.#tick(), INTERVAL_MS).unref());
    if (this.#isFresh) return;
    // The next round of the timer finds out whether the database is back; nobody waits for it who need not.
    if (this.#isAway && this.#enabled.has(hash)) return;
    try {
      await this.#read();
      // The reading that was joined may have begun before the change; the next one cannot have.
      if (!this.#isFresh) await this.#read();
    } catch (error) {
      if (!this.#enabled.has(hash)) throw error;
    }
  }

  get #isFresh(): boolean {
    return this.#readAt > this.#changedAt && performance.now() - this.#readAt < FRESH_MS;
  }

  #tick(): void {
    if (performance.now() - this.#askedAt > IDLE_MS) return this.stop();
    this.#read().catch(() => undefined); // told to whoever asks for a document that is not known
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readChanges().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readChanges(): Promise<void> {
    const startedAt = performance.now();
    try {
      const rows = await this.#database.query<ChangedDocumentRow>(changedTrustedDocuments, [this.#epoch.toString()]);
      for (const row of rows) this.#take(row);
      this.#readAt = startedAt;
      this.#isAway = false;
    } catch (error) {
      this.#isAway = true;
      throw error;
    }
  }

  #take({ hash, enabled, epoch }: ChangedDocumentRow): void {
    if (enabled) this.#enabled.add(hash);
    else this.#enabled.delete(hash);
    const changed = BigInt(epoch);
    if (changed > this.#epoch) this.#epoch = changed;
  }

  #readText(hash: string): Promise<string | null> {
    const flight =
      this.#flights.get(hash) ??
      this.#keepText(hash).finally(() => {
        this.#flights.delete(hash);
      });
    this.#flights.set(hash, flight);
    return flight;
  }

  /** A text never changes: it is kept until others need the room. */
  async #keepText(hash: string): Promise<string | null> {
    const [row] = await this.#database.query<{ text: string }>('select text from trusted_documents where hash = $1', [
      hash,
    ]);
    if (row === undefined) return null;
    await this.#texts.set(hash, row.text, Infinity);
    return row.text;
  }
}
