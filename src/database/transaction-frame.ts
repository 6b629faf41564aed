import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from '@mikro-orm/postgresql';

/** What runs in one transaction. */
export type Work<T> = (em: EntityManager) => Promise<T>;

/**
 * Another way of running the transactions of what is done inside: trying a change without keeping it, or carrying it out in the
 * transaction of its approval. `begin` opens a transaction of its own, with repetition after deadlocks.
 */
export interface TransactionFrame {
  transaction<T>(begin: <R>(work: Work<R>) => Promise<R>, work: Work<T>): Promise<T>;
}

const frames = new AsyncLocalStorage<TransactionFrame>();

/** Runs `work` with its transactions in the frame. Frames do not nest: the inner one counts. */
export const withinFrame = <T>(frame: TransactionFrame, work: () => Promise<T>): Promise<T> => frames.run(frame, work);

export const presentFrame = (): TransactionFrame | undefined => frames.getStore();

/** The transactions inside become a part of this one: all of it holds, or nothing. */
export const joining = (em: EntityManager): TransactionFrame => ({ transaction: (_begin, work) => work(em) });
