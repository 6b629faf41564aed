import { AsyncLocalStorage } from 'node:async_hooks';

/** What every line of the audit log says more while a change is carried out: who approved it, or why nobody was asked. */
export type ChangeNotes = Readonly<Record<string, string>>;

const notes = new AsyncLocalStorage<ChangeNotes>();

/** Runs `work`; what it writes into the log carries the notes. */
export const withNotes = <T>(said: ChangeNotes, work: () => Promise<T>): Promise<T> => notes.run(said, work);

export const presentNotes = (): ChangeNotes | undefined => notes.getStore();
